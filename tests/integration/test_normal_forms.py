"""The same names in NFC and NFD: the same entities, none of which ends inside a letter."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest

from distilgliner import DistilGLiNER
from distilgliner.corpus.words import is_extending
from distilgliner.models import Predictor

if TYPE_CHECKING:
    from distilgliner.annotate.teacher import Teacher

LABELS = ["person", "location"]
NAMES = [
    "Zoé Lemaître",
    "Jürgen Böhm",
    "Inés Muñoz",
    "Žofie Dvořáčková",
    "Nguyễn Thị Ánh",
    "Åse Bø",
]
CITIES = ["Münster", "Mérida", "Łomża", "Västerås", "Huế"]
LATIN = [
    f"On Friday {name} took the train from Paris to {city}." for name in NAMES for city in CITIES
]
OTHERS = [
    "Yesterday नीता शर्मा and José met in दिल्ली near London.",
    "In بَيْرُوت the singer فَيْرُوز sang for María.",
    "דָּוִד כֹּהֵן came from יְרוּשָׁלַיִם to Kraków.",
    "Ober\u00adhausen and Dort\u00admund welcomed Frau Schä\u00adfer 👩🏽\u200d🚀 ❤\ufe0f.",
]


@pytest.fixture(scope="module", params=["general", "bundled"])
def model(request: pytest.FixtureRequest) -> Predictor:
    if request.param == "general":
        return DistilGLiNER.from_pretrained("general")
    teacher: Predictor = request.getfixturevalue("bundled_teacher")
    return teacher


def find(model: Predictor, texts: list[str], form: str) -> list[list[tuple[str, str, float]]]:
    """The entities of texts in a normal form, each in NFC; they end at whole letters."""
    given = [unicodedata.normalize(form, text) for text in texts]
    found = model.batch_predict_entities(given, LABELS, threshold=0.3)
    for text, entities in zip(given, found, strict=True):
        for entity in entities:
            start, end = entity["start"], entity["end"]
            assert text[start:end] == entity["text"]
            assert not is_extending(text[start])
            assert end == len(text) or not (is_extending(text[end]) or text[end].isalnum())
    return [
        [(unicodedata.normalize("NFC", e["text"]), e["label"], e["score"]) for e in entities]
        for entities in found
    ]


@pytest.mark.parametrize("texts", [LATIN, OTHERS])
def test_the_form_changes_no_entity(model: Predictor, texts: list[str]) -> None:
    composed, decomposed = (find(model, texts, form) for form in ("NFC", "NFD"))
    for before, after in zip(composed, decomposed, strict=True):
        assert [entity[:2] for entity in after] == [entity[:2] for entity in before]
        assert [score for *_, score in after] == pytest.approx([score for *_, score in before])
    assert sum(map(len, composed)) >= len(texts)


def test_names_are_found_whole(model: Predictor) -> None:
    found = find(model, LATIN, "NFD")
    whole = sum(
        (name, "person") in {entity[:2] for entity in entities}
        for name, entities in zip([n for n in NAMES for _ in CITIES], found, strict=True)
    )
    assert whole >= 0.4 * len(LATIN)  # of names cut at their marks it would be none


def test_a_teacher_is_handed_the_words_of_gliner(bundled_teacher: Teacher) -> None:
    splitter = bundled_teacher.model.data_processor.words_splitter
    for text in [*LATIN, *OTHERS]:
        composed = unicodedata.normalize("NFC", text)
        theirs = [token for token, _, _ in splitter(composed)]
        assert bundled_teacher.split(composed).pieces == theirs
        assert bundled_teacher.split(unicodedata.normalize("NFD", text)).pieces == theirs
