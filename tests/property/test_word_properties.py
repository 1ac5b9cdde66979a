"""Words of any text in any normal form: complete, in order, whole, and the same."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from distilgliner import DistilGLiNER
from distilgliner.annotate.pieces import build_split_text
from distilgliner.annotate.spans import build_span_scores
from distilgliner.corpus.words import cut_pieces, cut_words, is_extending, split_words

GLINER = re.compile(r"\w+(?:[-_]\w+)*|\S")
PARTS = [
    *("Zoë", "García", "Łódź", "Dvořák", "Nguyễn", "Ada", "lives", "in", "x", "B2", "ﬁn", "Å", "½"),
    *(
        "नीता",
        "दिल्ली",
        "सुनील",
        "مُحَمَّد",
        "بيروت",
        "שָׁלוֹם",
        "می\u200cروم",
        "กรุงเทพ",
        "각하",
        "東京",
        "が",
    ),
    *(
        "👩🏽\u200d🚀",
        "❤\ufe0f",
        "1\ufe0f\u20e3",
        "🇩🇪",
        "≠",
        "-",
        "_",
        ".",
        "'",
        "\u00ad",
        "\u200d",
        "\u2060",
    ),
    *("\u0301", "\u0323", "\u0338", "\u093f", "\u20e3", "\u1100", "\u1161", "\u11a8"),
    *(" ", "  ", "\r\n", "\t", "\u00a0", "\u3000", "\u2028", "\x1c", "\u200b", "\ufeff"),
]
TEXTS = st.lists(
    st.one_of(st.sampled_from(PARTS), st.characters(exclude_categories=["Cs"])), max_size=12
).map("".join)
FORMS = st.sampled_from(["NFC", "NFD", "NFKC", "NFKD", None])


def change_form(text: str, form: str | None) -> str:
    return text if form is None else unicodedata.normalize(form, text)  # type: ignore[arg-type]


@given(TEXTS, FORMS)
@settings(max_examples=120, deadline=None)
def test_words_cover_a_text_and_cut_no_character(text: str, form: str | None) -> None:
    text = change_form(text, form)
    words = split_words(text)
    done = 0
    for start, end in words:
        assert done <= start < end <= len(text)
        assert not text[done:start].strip()
        assert not any(character.isspace() for character in text[start:end])
        done = end
    assert not text[done:].strip()
    for place in {place for word in words for place in word} - {len(text), 0}:
        assert not is_extending(text[place]) or text[place - 1].isspace()


@given(TEXTS, FORMS, FORMS)
@settings(max_examples=120, deadline=None)
def test_the_form_of_a_text_changes_no_word(text: str, one: str | None, other: str | None) -> None:
    # NFKC and NFKD are other texts; what is asked here is that their own forms agree.
    text = change_form(text, one)
    other = {"NFKC": "NFC", "NFKD": "NFD"}.get(other or "", other)
    changed = change_form(text, other)
    assert cut_words(changed, split_words(changed)) == cut_words(text, split_words(text))


@given(TEXTS)
@settings(max_examples=120, deadline=None)
def test_pieces_are_the_words_of_gliner(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    for form in (composed, text):
        pieces = cut_pieces(form, split_words(form))
        assert [piece for word in pieces for piece in word] == GLINER.findall(composed)
    if not any(map(is_extending, composed)):
        assert split_words(composed) == [match.span() for match in GLINER.finditer(composed)]


@given(TEXTS, st.data(), st.booleans())
@settings(max_examples=80, deadline=None)
def test_spans_of_pieces_become_spans_of_words(
    text: str, data: st.DataObject, is_token_model: bool
) -> None:
    words = split_words(text)
    split = build_split_text(text, words, cut_pieces(text, words))
    count = len(split.pieces)
    if not count:
        return
    owner = [word for word, pieces in enumerate(cut_pieces(text, words)) for _ in pieces]
    spans = data.draw(
        st.dictionaries(
            st.tuples(st.integers(0, count - 1), st.integers(1, 4), st.integers(0, 1)).filter(
                lambda span: span[0] + span[1] <= count
            ),
            st.floats(-3, 3, width=32),
            max_size=12,
        )
    )
    columns = np.array([(s, s + size, label) for s, size, label in spans], dtype=np.int64)
    columns = columns.reshape(-1, 3)
    logits = np.array(list(spans.values()), dtype=np.float32)
    joined = split.join_spans(build_span_scores(*columns.T, logits), is_token_model=is_token_model)
    best: dict[tuple[int, int, int], float] = {}
    for (start, end, label), logit in zip(columns.tolist(), logits.tolist(), strict=True):
        key = (owner[start], owner[end - 1] + 1, label)
        best[key] = max(logit, best.get(key, -9.0))
    found = zip(
        joined.word_start.tolist(),
        joined.word_end.tolist(),
        joined.label_index.tolist(),
        joined.logit.tolist(),
        strict=True,
    )
    assert {(start, end, label): logit for start, end, label, logit in found} == best
    assert len(joined) == len(best)


NAMES = st.sampled_from(
    ["José García", "Zoë Müller", "Łukasz Dvořák", "Nguyễn Ánh", "Ada Lovelace", "Åsa Öberg"]
)
CITIES = st.sampled_from(["Bogotá", "Köln", "Łódź", "Córdoba", "Brașov", "London"])
GENERAL: list[DistilGLiNER] = []


@given(NAMES, CITIES, st.sampled_from(["", "मुंबई ", "👩🏽\u200d🚀 ", "\r\n", "\u00a0"]))
@settings(max_examples=25, deadline=None)
def test_a_student_finds_the_same_in_every_form(name: str, city: str, more: str) -> None:
    if not GENERAL:
        GENERAL.append(DistilGLiNER.from_pretrained("general"))
    text = f"Last year {name} moved from Paris {more}to {city}, they say."
    found = []
    for form in ("NFC", "NFD"):
        given_text = change_form(text, form)
        entities = GENERAL[0].predict_entities(given_text, ["person", "location"])
        for entity in entities:
            assert given_text[entity["start"] : entity["end"]] == entity["text"]
        found.append(
            [
                (change_form(entity["text"], "NFC"), entity["label"], entity["score"])
                for entity in entities
            ]
        )
    assert found[0] == found[1]
