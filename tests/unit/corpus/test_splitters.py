"""GLiNER's other splitters, as students have them."""

from __future__ import annotations

import sys
import unicodedata
from types import ModuleType

import pytest

from distilgliner.corpus import splitters
from distilgliner.corpus.splitters import (
    Token,
    check_teacher_splitter,
    find_known_splitter,
    find_splitter,
    split_with,
)
from distilgliner.corpus.words import cut_words, split_words
from distilgliner.errors import UserError


def cut_pairs(text: str) -> list[Token]:
    """Two characters a word."""
    return [(text[i : i + 2], i, min(i + 2, len(text))) for i in range(0, len(text), 2)]


def test_the_default_is_the_function_itself() -> None:
    assert find_splitter("whitespace") is find_known_splitter("whitespace") is split_words


def test_white_space_is_no_word() -> None:
    assert split_with(cut_pairs, "ab  c d ")[0] == [(0, 2), (4, 5), (6, 7)]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_splitter_sees_normal_form_c_and_offsets_are_of_the_text(form: str) -> None:
    text = unicodedata.normalize(form, "éàüö한국")
    words, pieces = split_with(cut_pairs, text)
    assert pieces == [["éà"], ["üö"], ["한국"]]
    assert cut_words(text, words) == ["éà", "üö", "한국"]
    assert words[-1][1] == len(text)


def test_a_border_before_a_mark_joins_two_words() -> None:
    words, pieces = split_with(cut_pairs, "ax\u0302b")  # x with a circumflex is no character
    assert (words, pieces) == ([(0, 4)], [["ax", "\u0302b"]])


def test_tokens_that_are_not_in_the_text_are_left_out() -> None:
    assert split_with(lambda _: [("q", -1, 0), ("b", 1, 2), ("a", 0, 1)], "ab")[0] == [(1, 2)]


@pytest.mark.parametrize("name", ["universal", "stanza", "hanlp", "camel", "mine"])
def test_what_students_cannot_do_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=f"Students cannot split words with '{name}', only with"):
        find_splitter(name)
    assert find_known_splitter(name) is None


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitters, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"'jieba', which .* with: pip install jieba3$"):
        find_splitter("jieba")
    with pytest.raises(UserError, match=r"'janome', .*: pip install janome$"):
        find_splitter("janome")
    # GLiNER looks for one package and imports another.
    with pytest.raises(UserError, match=r"pip install jieba jieba3$"):
        check_teacher_splitter("jieba")
    check_teacher_splitter("whitespace")


def test_spacy_splits_as_in_gliner() -> None:
    pytest.importorskip("spacy")
    tokenizer = pytest.importorskip("gliner.data_processing.tokenizer")
    theirs = tokenizer.WordsSplitter("spacy")
    for text in ("Don't go to the U.S.A., Zoë!  “No”", "", "Nov. 3rd\n\nx"):
        wanted = [(start, end) for token, start, end in theirs(text) if token.strip()]
        assert find_splitter("spacy")(text) == wanted


def test_a_package_of_chinese_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for the package: the real one is not installed here."""

    class Tagger:
        def cut_text(self, text: str) -> list[str]:
            return [text[:2], text[2:4], text[4:]]

    module = ModuleType("jieba3")
    module.jieba3 = Tagger  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "jieba3", module)
    monkeypatch.setattr(splitters, "find_spec", lambda _: True)
    splitters._build.cache_clear()
    assert find_splitter("jieba")("李雷南京。") == [(0, 2), (2, 4), (4, 5)]
    splitters._build.cache_clear()
