"""A student in a spaCy pipeline."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from distilgliner import DistilGLiNER, UserError

spacy = pytest.importorskip("spacy")

TEXT = "Maria Silva took ibuprofen in Geneva."
OTHERS = ["", "   ", "Nothing is here.", "Dr. Ahmed Hassan lives in Cairo with Anna Smith."]


def build_pipeline(**config: Any) -> Any:
    nlp = spacy.blank("en")
    nlp.add_pipe("distilgliner", config=config)
    return nlp


def list_entities(doc: Any) -> list[tuple[int, int, str]]:
    return [(span.start_char, span.end_char, span.label_) for span in doc.ents]


def test_it_finds_what_the_student_finds() -> None:
    student = DistilGLiNER.from_pretrained("general")
    nlp = build_pipeline()

    for doc in nlp.pipe([TEXT, *OTHERS], batch_size=2):
        expected = student.predict_entities(doc.text)
        assert list_entities(doc) == [(e["start"], e["end"], e["label"]) for e in expected]
        scores = doc.spans["distilgliner"].attrs["scores"]
        assert scores == pytest.approx([entity["score"] for entity in expected], abs=1e-4)

    assert list_entities(nlp(TEXT)) == [(0, 11, "person"), (30, 36, "location")]


def test_labels_threshold_and_names_are_chosen() -> None:
    nlp = build_pipeline(
        labels=["person", "location"], threshold=0.3, names={"person": "PER"}, spans_key="found"
    )

    assert nlp.pipe_labels["distilgliner"] == ["PER", "location"]
    assert list_entities(nlp(TEXT)) == [(0, 11, "PER"), (30, 36, "location")]
    assert len(nlp(TEXT).spans["found"]) == 2


@pytest.mark.parametrize(("overwrite", "label"), [(False, "CITY"), (True, "location")])
def test_entities_of_earlier_components_stay_unless_told_otherwise(
    overwrite: bool, label: str
) -> None:
    nlp = build_pipeline(overwrite=overwrite)
    ruler = nlp.add_pipe("entity_ruler", before="distilgliner")
    ruler.add_patterns([{"label": "CITY", "pattern": "Geneva"}, {"label": "X", "pattern": "took"}])

    found = list_entities(nlp(TEXT))

    assert (30, 36, label) in found
    assert (12, 16, "X") in found
    assert (0, 11, "person") in found


def test_an_entity_within_a_token_takes_the_whole_token() -> None:
    nlp = build_pipeline()
    words = ["Maria", "Silva/took", "a", "train", "to", "Cairo/Geneva", "."]
    doc = spacy.tokens.Doc(nlp.vocab, words, [True, True, True, True, True, False, False])
    found = DistilGLiNER.from_pretrained("general").predict_entities(doc.text)
    assert [entity["text"] for entity in found] == ["Maria Silva", "Cairo", "Geneva"]

    nlp.get_pipe("distilgliner")(doc)

    # The two places lie within one token: one of them is left.
    assert [(e.text, e.label_) for e in doc.ents] == [
        ("Maria Silva/took", "person"), ("Cairo/Geneva", "location"),
    ]  # fmt: skip
    assert len(doc.spans["distilgliner"]) == 3


def test_a_pipeline_is_written_with_its_student(tmp_path: Path) -> None:
    student = tmp_path / "student"
    DistilGLiNER.from_pretrained("general").save_pretrained(student)
    nlp = build_pipeline(model=str(student))
    expected = list_entities(nlp(TEXT))
    nlp.to_disk(tmp_path / "pipeline")
    packed = nlp.to_bytes()
    pickled = pickle.dumps(nlp.get_pipe("distilgliner"))
    student.rename(tmp_path / "elsewhere")

    read = spacy.load(tmp_path / "pipeline")
    unpacked = spacy.blank("en").from_config(nlp.config).from_bytes(packed)
    unpickled = pickle.loads(pickled)
    unpacked.to_disk(tmp_path / "again")

    assert list_entities(read(TEXT)) == expected
    assert list_entities(unpacked(TEXT)) == expected
    assert list_entities(unpickled(spacy.blank("en")(TEXT))) == expected
    assert list_entities(spacy.load(tmp_path / "again")(TEXT)) == expected


def test_worker_processes_find_the_same() -> None:
    nlp = build_pipeline()
    texts = [TEXT, *OTHERS] * 2

    found = [list_entities(doc) for doc in nlp.pipe(texts, n_process=2, batch_size=3)]

    assert found == [list_entities(nlp(text)) for text in texts]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"labels": ["plant"]}, "does not know the label 'plant'"),
        ({"threshold": 1.0}, "not between 0 and 1"),
        ({"names": {"persn": "PER"}}, "names has 'persn'"),
    ],
)
def test_a_wrong_setting_is_told_at_once(config: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        build_pipeline(**config)


def test_a_missing_student_is_told_with_the_first_text(tmp_path: Path) -> None:
    nlp = build_pipeline(model=str(tmp_path / "none"))

    assert not hasattr(nlp.get_pipe("distilgliner"), "model")  # spaCy would look at it too early
    with pytest.raises(UserError, match="none"):
        nlp(TEXT)
