"""A student as a recognizer of Presidio's analyzer."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from distilgliner import DistilGLiNER, UserError

pytest.importorskip("presidio_analyzer")

from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.chunkers import CharacterBasedTextChunker
from presidio_analyzer.nlp_engine import NoOpNlpEngine
from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

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
        ({"entity_mapping": ["person"]}, "does not give each label a name"),
        ({"entity_mapping": {"person": None}}, "does not give each label a name"),
        ({"entity_mapping": {"person": "P"}, "supported_entities": ["P"]}, "leave supported_ent"),
        ({"supported_entities": ["PERSON", "BADGE"]}, "has no entities BADGE, only CHEMICAL, "),
        ({"supported_entities": []}, "has no entities of no name"),
        ({"supported_entities": "PERSON"}, r"must be a list of names, as \['PERSON'\]"),
        ({"treshold": 0.3}, "has no option 'treshold'; did you mean 'threshold'"),
        ({"chunk_size": 100}, "DistilGLiNERRecognizer has no option 'chunk_size'"),
        ({"flat_ner": False}, "cannot do flat_ner=False"),
        ({"map_location": "cuda"}, "cannot do map_location='cuda'"),
        ({"model": "a/b", "model_name": "c/d"}, "differ; give one of them"),
        ({"threads": -2}, "threads=-2 is not a whole number"),
        ({"text_chunker": 250}, "is no chunker of Presidio's"),
    ],
)
def test_a_wrong_setting_is_told_at_once(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        DistilGLiNERRecognizer(**options)


def test_settings_of_every_recognizer() -> None:
    recognizer = DistilGLiNERRecognizer(
        supported_entities=["PERSON", "DATE_TIME"],
        version="2.1",
        context=["passenger"],
        score_thresholds={"PERSON": 0.6},
        country_code="pt",
        model_name="general",
        flat_ner=True,
        multi_label=False,
        map_location="cpu",
        load_onnx_model=True,
    )

    assert recognizer.get_supported_entities() == ["DATE_TIME", "PERSON"]
    assert recognizer.get_version() == "2.1"
    assert recognizer.context == ["passenger"]
    assert recognizer.country_code() == "pt"
    assert recognizer.score_thresholds == {"PERSON": 0.6}
    assert list_results(recognizer.analyze(TEXT, [])) == [("PERSON", 0, 11)]
    assert DistilGLiNERRecognizer(supported_entity="PERSON").supported_entities == ["PERSON"]


def test_a_chunker_cuts_the_texts() -> None:
    class Watched(CharacterBasedTextChunker):
        longest = 0

        def predict_with_chunking(self, text: str, predict_func: Any) -> Any:
            def predict(part: str) -> Any:
                self.longest = max(self.longest, len(part))
                return predict_func(part)

            return super().predict_with_chunking(text, predict)

    chunker = Watched(chunk_size=100, chunk_overlap=40)
    text = f"{'Nothing is here. ' * 30}{TEXT}"

    results = DistilGLiNERRecognizer(text_chunker=chunker).analyze(text, ["PERSON"])

    assert 0 < chunker.longest <= 150
    assert "Maria Silva" in [text[result.start : result.end] for result in results]


YAML = """
supported_languages: [en]
global_regex_flags: 26
recognizers:
  - name: names
    class_name: {kind}
    type: predefined
    model: general
    threshold: {threshold}
    entity_mapping: {{person: NAME, location: PLACE}}
    version: "3.0"
"""


class OwnRecognizer(DistilGLiNERRecognizer):
    """What a user may make of it."""


@pytest.mark.parametrize("kind", ["DistilGLiNERRecognizer", "OwnRecognizer"])
def test_settings_of_a_yaml_file_arrive(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "recognizers.yaml"
    path.write_text(YAML.format(kind=kind, threshold=0.25))

    registry = RecognizerRegistryProvider(conf_file=path).create_recognizer_registry()

    (recognizer,) = registry.recognizers
    assert type(recognizer).__name__ == kind
    assert (recognizer.name, recognizer.threshold, recognizer.version) == ("names", 0.25, "3.0")
    assert recognizer.entity_mapping == {"person": "NAME", "location": "PLACE"}
    assert list_results(recognizer.analyze(TEXT, [])) == [("NAME", 0, 11), ("PLACE", 30, 36)]


def test_wrong_settings_of_a_yaml_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "recognizers.yaml"
    for content, message in (
        (YAML.format(kind="DistilGLiNERRecognizer", threshold=3), "not between 0 and 1"),
        (YAML.format(kind="DistilGLiNERRecognizer", threshold=0.5) + "    chunks: 4\n", "'chunks'"),
    ):
        path.write_text(content)
        with pytest.raises(UserError, match=message):
            RecognizerRegistryProvider(conf_file=path).create_recognizer_registry()


def test_it_can_be_printed_moved_and_copied() -> None:
    recognizer = DistilGLiNERRecognizer(supported_entities=["PERSON"])
    assert "PERSON; of <DistilGLiNER 'general'" in repr(recognizer)
    assert recognizer.eval().to("cpu") is recognizer
    with pytest.raises(UserError, match="cannot be moved to cuda"):
        recognizer.to("cuda")
    with pytest.raises(UserError, match=r"a list of names, as \['PERSON'\], not a string"):
        recognizer.analyze("Ada", "PERSON")
    found = recognizer.analyze("Lena Koch", ["PERSON"])
    assert found
    assert pickle.loads(pickle.dumps(recognizer)).analyze("Lena Koch", ["PERSON"]) == found
