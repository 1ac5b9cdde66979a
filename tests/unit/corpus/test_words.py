"""Words: GLiNER's, but whole, whatever the normal form of the text."""

from __future__ import annotations

import json
import re
import time
import unicodedata
from pathlib import Path

import pytest

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.labels import check_labels, normalize_label
from distilgliner.corpus.read import read_documents
from distilgliner.corpus.split import text_key
from distilgliner.corpus.words import (
    build_extending_class,
    cut_pieces,
    cut_words,
    is_extending,
    split_words,
)

GLINER = re.compile(r"\w+(?:[-_]\w+)*|\S")


def words_of(text: str) -> list[str]:
    return cut_words(text, split_words(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Renée d'Août-Brûlé", ["Renée", "d", "'", "Août-Brûlé"]),
        ("नीता दिल्ली गई।", ["नीता", "दिल्ली", "गई", "।"]),
        ("سَمِيرٌ في دُبَيّ", ["سَمِيرٌ", "في", "دُبَيّ"]),
        ("דָּוִד, שרה", ["דָּוִד", ",", "שרה"]),
        ("می\u200cروم", ["می\u200cروم"]),
        ("Ober\u00adhausen", ["Oberhausen"]),
        ("I ❤\ufe0f 👩🏽\u200d🚀!", ["I", "❤", "👩🏽\u200d🚀", "!"]),
        ("a\u0302\u0300b_c\u0323-d", ["ầb_c\u0323-d"]),
        ("\u0301 x", ["\u0301", "x"]),
        ("a \u0301b", ["a", "\u0301", "b"]),
        ("1\u20e3 2", ["1\u20e3", "2"]),
        ("한국어, 서울", ["한국어", ",", "서울"]),
    ],
)
def test_marks_stay_with_their_letters_in_every_form(text: str, words: list[str]) -> None:
    for form in ("NFC", "NFD"):
        given = unicodedata.normalize(form, text)
        assert words_of(given) == [unicodedata.normalize("NFC", word) for word in words], form


@pytest.mark.parametrize(
    "text",
    [
        "Zoë O’Neill-Łukasz met snake_case 3-4 times — “so what?” … in 東京, Αθήνα und Köln!",
        "a--b -c- d_ _e \u200b x\ufeffy\x85z 𝒜lan 😀😀 🇩🇪 ½ Ⅷ ٣",
        "",
        " \t\n",
    ],
)
def test_composed_text_without_marks_has_the_words_of_gliner(text: str) -> None:
    assert split_words(text) == [match.span() for match in GLINER.finditer(text)]
    assert words_of(text) == cut_flat(text) == GLINER.findall(text)


def cut_flat(text: str) -> list[str]:
    return [piece for pieces in cut_pieces(text, split_words(text)) for piece in pieces]


@pytest.mark.parametrize(
    "text", ["हिन्दी में", "مُحَمَّد", "x\u0302-b", "❤\ufe0f", "می\u200cروم", "So\u00adfa"]
)
def test_a_teacher_reads_the_words_of_gliner_in_normal_form_c(text: str) -> None:
    for form in ("NFC", "NFD"):
        given = unicodedata.normalize(form, text)
        assert cut_flat(given) == GLINER.findall(unicodedata.normalize("NFC", text))


def test_every_character_with_a_decomposition() -> None:
    """Canonically equal texts have equal words; all planes, a syllable of Korean in fifty."""
    codes = [*range(0xA000), *range(0xAC00, 0xD7A4, 50), *range(0xF900, 0xFB50)]
    codes += [*range(0x11000, 0x11A00), *range(0x1D100, 0x1D200), *range(0x2F800, 0x2FA20)]
    changed = 0
    for code in codes:
        composed, decomposed = (unicodedata.normalize(f, chr(code)) for f in ("NFC", "NFD"))
        if composed != decomposed or composed != chr(code):
            changed += 1
            for before, behind in (("a", "b"), ("-", ""), ("", "-b")):
                forms = {
                    tuple(words_of(before + character + behind))
                    for character in (chr(code), composed, decomposed)
                }
                assert len(forms) == 1, (hex(code), forms)
    assert changed > 2000


def test_the_class_of_extending_characters_is_complete() -> None:
    pattern = re.compile(f"[{build_extending_class()}]")
    for code in (*range(0x20000), *range(0xE0000, 0xE0200)):
        character = chr(code)
        if unicodedata.category(character)[0] == "M":
            assert pattern.match(character), hex(code)
            assert len(split_words(f"a{character}b")) == 1, hex(code)
        assert bool(pattern.match(character)) == is_extending(character), hex(code)


def test_a_giant_word_of_marks_takes_no_time() -> None:
    text = "e\u0301" * 200_000
    started = time.perf_counter()
    assert split_words(text) == [(0, 400_000)]
    assert words_of(text) == ["é" * 200_000]
    assert time.perf_counter() - started < 2


def test_labels_are_the_same_in_every_form() -> None:
    composed, decomposed = (unicodedata.normalize(form, " café  bar") for form in ("NFC", "NFD"))
    assert normalize_label(decomposed) == normalize_label(composed) == "café bar"
    assert check_labels([decomposed]) == ("café bar",)


def test_half_a_character_is_a_word() -> None:
    assert split_words("a \ud800 é\u0301") == [(0, 1), (2, 3), (4, 6)]
    assert Document("é\u0301 \ud800", (Entity(0, 2, "x"),)).words() == [(0, 2), (3, 4)]


def test_the_form_makes_no_other_text() -> None:
    keys = {text_key(unicodedata.normalize(form, "Zoë  in KÖLN")) for form in ("NFC", "NFD")}
    assert keys == {"zoë in köln"}


def test_named_entities_are_found_in_any_form_and_as_whole_words(tmp_path: Path) -> None:
    text = unicodedata.normalize("NFD", "José met Jose in Köln.")
    record = {"input": text, "output": {"entities": {"person": ["Jose"], "city": ["Köln"]}}}
    (tmp_path / "g.jsonl").write_text(json.dumps(record), encoding="utf-8")
    found = next(read_documents(tmp_path / "g.jsonl"))
    assert [(text[e.char_start : e.char_end], e.label) for e in found.entities or ()] == [
        ("Jose", "person"),
        (unicodedata.normalize("NFD", "Köln"), "city"),
    ]
    assert found.entities is not None
    assert found.entities[0].char_start > 4
