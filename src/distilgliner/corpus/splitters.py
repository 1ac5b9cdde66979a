"""GLiNER's other word splitters, for languages that the default one cannot cut, without GLiNER.

A student must split a text as its teacher did. So the splitter's name goes from the checkpoint
(`words_splitter_type`) into the store, the student's folder and the predictor, and here is what
stands behind the names that need no more than a small package. GLiNER's own code is in its
`data_processing/tokenizer.py`; each function here gives the same words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.util import find_spec

from distilgliner.corpus.words import (
    WORD_SPLITTER,
    Offsets,
    build_extending_class,
    is_extending,
    split_words,
)
from distilgliner.errors import UserError

Token = tuple[str, int, int]
"""A word, where it begins and where it ends, as GLiNER's splitters give them."""
Tokenize = Callable[[str], Iterable[Token]]

_PACKAGES = {
    "jieba": {"jieba3": "jieba3"},
    "janome": {"janome": "janome"},
    "mecab": {"mecab": "python-mecab-ko"},
    "spacy": {"spacy": "spacy"},
    "hindi": {"indicnlp": "indic-nlp-library"},
}
"""Module → package of each splitter that students have."""
_MORE_OF_GLINER = {
    "jieba": {"jieba": "jieba"},  # it looks for this one and then uses jieba3
    "universal": {"langdetect": "langdetect"},
    "hanlp": {"hanlp": "hanlp"},
    "camel": {"camel_tools": "camel-tools"},
    "stanza": {"stanza": "stanza", "langdetect": "langdetect"},
}
_LEADING, _VOWELS = r"\u1100-\u115f\ua960-\ua97c", r"\u1160-\u11a7\ud7b0-\ud7c6"
_TRAILING = r"\u11a8-\u11ff\ud7cb-\ud7fb"
"""Jamo, the letters that Korean syllables are made of."""


def find_splitter(name: str) -> Callable[[str], Offsets]:
    """The splitter of this name: text → words as `(char_start, char_end)`.

    Raises `UserError` when students have none of this name, or its package is not installed.
    """
    if name == WORD_SPLITTER:
        return split_words
    check_student_splitter(name)
    return _build(name)


def find_known_splitter(name: str) -> Callable[[str], Offsets] | None:
    """As `find_splitter`, but None where there is none to be had without GLiNER."""
    return None if name != WORD_SPLITTER and name not in _PACKAGES else find_splitter(name)


def check_student_splitter(name: str) -> None:
    """Raise `UserError` unless a student can split its texts by the splitter of this name."""
    if name == WORD_SPLITTER:
        return
    if name not in _PACKAGES:
        raise UserError(
            f"Students cannot split words with {name!r}, only with "
            f"{', '.join([WORD_SPLITTER, *_PACKAGES])}; name one of these as words_splitter_type "
            "in the teacher's gliner_config.json, then fine-tune it and annotate with it."
        )
    _check_packages(name, _PACKAGES[name])


def check_teacher_splitter(name: str) -> None:
    """Raise `UserError` when a package is missing that GLiNER needs for this splitter."""
    _check_packages(name, {**_MORE_OF_GLINER.get(name, {}), **_PACKAGES.get(name, {})})


def _check_packages(name: str, packages: dict[str, str]) -> None:
    missing = [package for module, package in packages.items() if find_spec(module) is None]
    if missing:
        raise UserError(
            f"This model splits words with {name!r}, which is not installed; install it with: "
            f"pip install {' '.join(missing)}"
        )


@cache
def _build(name: str) -> Callable[[str], Offsets]:
    tokenize = _BUILDERS[name]()

    def split(text: str) -> Offsets:
        return split_with(tokenize, text)[0]

    return split


def split_with(tokenize: Tokenize, text: str) -> tuple[Offsets, list[list[str]]]:
    """The words of a text by one of GLiNER's splitters, and the pieces of each.

    The splitter sees the text in normal form C; words are offsets of the text as given. Pieces are
    the splitter's own words but white space; of those that begin inside a character with its marks
    the word is joined to the one before.
    """
    normal = unicodedata.normalize("NFC", text)
    firsts, lasts = (None, None) if normal == text else _map_places(text, normal)
    words: Offsets = []
    pieces: list[list[str]] = []
    covered = 0
    for piece, start, end in tokenize(normal):
        start += len(piece) - len(piece.lstrip())
        end -= len(piece) - len(piece.rstrip())
        if not covered <= start < end <= len(normal):  # white space, or not found in the text
            continue
        follows = covered == start and is_extending(normal[start])
        covered = end
        first = start if firsts is None else firsts[start]
        last = end if lasts is None else lasts[end]
        if words and (follows or first < words[-1][1]):
            words[-1] = (words[-1][0], last)
            pieces[-1].append(piece)
        else:
            words.append((first, last))
            pieces.append([piece])
    return words, pieces


def _map_places(text: str, normal: str) -> tuple[list[int], list[int]]:
    """For each place in the normal form, and its end, the place in the text.

    A place inside what normalises as one stands for its start in the first list, and for its end in
    the second.
    """
    firsts, lasts = [0], [0]
    for match in _build_clusters().finditer(text):
        size = len(unicodedata.normalize("NFC", match[0]))
        firsts += [match.start()] * (size - 1) + [match.end()]
        lasts += [match.end()] * size
    if len(firsts) != len(normal) + 1:  # not known to happen; such a text is one word
        return [0] * len(normal) + [len(text)], [0] + [len(text)] * len(normal)
    return firsts, lasts


@cache
def _build_clusters() -> re.Pattern[str]:
    """A character with all that may compose with it: jamo of one syllable, marks."""
    syllable = rf"(?:[{_LEADING}]+|[\uac00-\ud7a3])[{_VOWELS}]*[{_TRAILING}]*"
    return re.compile(rf"(?:{syllable}|.)[{build_extending_class()}]*", re.DOTALL)


def _locate(text: str, tokens: Iterable[str]) -> Iterator[Token]:
    """Tokens with their places, each looked for behind the one before."""
    done = 0
    for token in tokens:
        start = text.find(token, done)
        if start >= 0:
            done = start + len(token)
            yield token, start, done


def _build_jieba() -> Tokenize:
    import jieba3

    tagger = jieba3.jieba3()
    return lambda text: _locate(text, tagger.cut_text(text))


def _build_janome() -> Tokenize:
    from janome.tokenizer import Tokenizer

    tokenizer = Tokenizer()
    return lambda text: _locate(text, tokenizer.tokenize(text, wakati=True))


def _build_mecab() -> Tokenize:
    import mecab

    tagger = mecab.MeCab()
    return lambda text: _locate(text, tagger.morphs(text))


def _build_spacy() -> Tokenize:
    import spacy

    nlp = spacy.blank("en")
    return lambda text: ((t.text, t.idx, t.idx + len(t.text)) for t in nlp.make_doc(text))


def _build_hindi() -> Tokenize:
    from indicnlp.tokenize import indic_tokenize

    return lambda text: _locate(text, indic_tokenize.trivial_tokenize(text, lang="hi"))


_BUILDERS: dict[str, Callable[[], Tokenize]] = {
    "jieba": _build_jieba,
    "janome": _build_janome,
    "mecab": _build_mecab,
    "spacy": _build_spacy,
    "hindi": _build_hindi,
}
