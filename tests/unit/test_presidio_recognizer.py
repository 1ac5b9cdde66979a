"""A student as a recognizer of Presidio's analyzer."""

from __future__ import annotations

from typing import Any

import pytest

from distilgliner import DistilGLiNER, UserError

pytest.importorskip("presidio_analyzer")

from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine

from distilgliner.presidio_recognizer import DistilGLiNERRecognizer, map_labels

TEXT = "Maria Silva took ibuprofen in Geneva."


def build_analyzer(*recognizers: Any, language: str = "en") -> AnalyzerEngine:
    engine = NoOpNlpEngine(models=[{"lang_code": language, "model_name": "none"}])
    registry = RecognizerRegistry(list(recognizers), supported_languages=[language])
    return AnalyzerEngine(registry, engine, supported_languages=[language])


def list_results(results: Any) -> list[tuple[str, int, int]]:
    return sorted((result.entity_type, result.start, result.end) for result in results)


def test_the_analyzer_finds_what_the_student_finds() -> None:
    recognizer = DistilGLiNERRecognizer()
    entities = DistilGLiNER.from_pretrained("general").predict_entities(TEXT)

    results = build_analyzer(recognizer).analyze(TEXT, language="en", return_decision_process=True)

    assert list_results(results) == [("LOCATION", 30, 36), ("PERSON", 0, 11)]
    expected = {(entity["start"], entity["end"]): entity["score"] for entity in entities}
    for result in results:
        assert result.score == pytest.approx(expected[result.start, result.end], abs=1e-6)
        assert result.recognition_metadata["recognizer_name"] == "DistilGLiNERRecognizer"
        assert result.analysis_explanation.original_score == result.score


def test_rules_and_the_student_answer_together() -> None:
    rule = PatternRecognizer("BADGE", patterns=[Pattern("badge", r"\bB-\d{4}\b", 0.9)])
    analyzer = build_analyzer(rule, DistilGLiNERRecognizer())
    text = "Maria Silva has badge B-1234."

    assert set(analyzer.get_supported_entities()) > {"BADGE", "PERSON", "DATE_TIME", "LOCATION"}
    assert list_results(analyzer.analyze(text, language="en", entities=["BADGE", "PERSON"])) == [
        ("BADGE", 22, 28),
        ("PERSON", 0, 11),
    ]


def test_only_what_is_asked_for_is_found() -> None:
    recognizer = DistilGLiNERRecognizer()

    assert list_results(recognizer.analyze(TEXT, ["PERSON"])) == [("PERSON", 0, 11)]
    assert recognizer.analyze(TEXT, ["IBAN_CODE"]) == []
    assert recognizer.analyze("", ["PERSON"]) == []
    assert list_results(recognizer.analyze(TEXT, [])) == list_results(
        recognizer.analyze(TEXT, recognizer.get_supported_entities())
    )


def test_several_labels_may_have_one_name() -> None:
    mapping = {" person ": "NAME", "location": "NAME"}

    recognizer = DistilGLiNERRecognizer(
        entity_mapping=mapping, supported_language="pt", name="names", threshold=0.3
    )

    assert recognizer.get_supported_entities() == ["NAME"]
    results = build_analyzer(recognizer, language="pt").analyze(TEXT, language="pt")
    assert list_results(results) == [("NAME", 0, 11), ("NAME", 30, 36)]
    assert {result.recognition_metadata["recognizer_name"] for result in results} == {"names"}


def test_a_long_text_needs_no_chunks() -> None:
    text = f"{'Nothing is here. ' * 400}{TEXT}"

    results = DistilGLiNERRecognizer(entity_mapping={"person": "PERSON"}).analyze(text, ["PERSON"])

    assert [text[result.start : result.end] for result in results] == ["Maria Silva"]


def test_labels_get_the_names_that_presidio_has() -> None:
    labels = ["person", "date", "email address", "date of birth"]

    assert list(map_labels(labels).values()) == [
        "PERSON", "DATE_TIME", "EMAIL_ADDRESS", "DATE_OF_BIRTH",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"entity_mapping": {"plant": "PLANT"}}, "does not know the label 'plant'"),
        ({"entity_mapping": {}}, "No labels were given"),
        ({"threshold": 1.5}, "not between 0 and 1"),
        ({"model": "/nowhere/at/all"}, "/nowhere/at/all"),
    ],
)
def test_a_wrong_setting_is_told_at_once(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        DistilGLiNERRecognizer(**options)
