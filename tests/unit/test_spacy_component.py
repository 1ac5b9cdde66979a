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
        ({"labels": "person"}, r"must be a list of names, as \['person'\]"),
        ({"labels": {"person": "PER"}}, "must be a list of names"),
        ({"labels": [1]}, "1 among the labels is not a name"),
        ({"labels": []}, "No labels were given"),
        ({"threshold": "0.5"}, "The threshold '0.5' is not between"),
        ({"threshold": True}, "The threshold True is not between"),
        ({"names": ["PER"]}, "does not give each label a name"),
        ({"names": {"person": 1}}, "does not give each label a name"),
        ({"spans_key": 5}, "spans_key=5 is not a name"),
        ({"spans_key": ""}, "spans_key='' is not a name"),
        ({"overwrite": "false"}, "overwrite='false' is not true or false"),
        ({"overwrite": 0}, "overwrite=0 is not true or false"),
        ({"threads": "2"}, "threads='2' is not a whole number"),
        ({"threads": -1}, "threads=-1 is not a whole number"),
        ({"threads": True}, "threads=True is not a whole number"),
        ({"model": 7}, "model=7 is not a student's folder"),
        ({"model": "./missing", "overwrite": "no"}, "overwrite='no' is not true or false"),
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


def test_unknown_settings_are_refused_by_spacy() -> None:
    with pytest.raises(ValueError, match="treshold"):
        build_pipeline(treshold=0.3)


def test_documents_that_fail_go_to_the_error_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    nlp = build_pipeline()
    component = nlp.get_pipe("distilgliner")
    find, failed = component._find, []

    def fail(texts: list[str]) -> Any:
        if any("Cairo" in text for text in texts):
            raise ValueError("no Cairo")
        return find(texts)

    monkeypatch.setattr(component, "_find", fail)
    with pytest.raises(ValueError, match="no Cairo"):
        list(nlp.pipe([TEXT, *OTHERS]))

    nlp.set_error_handler(
        lambda name, pipe, docs, error: failed.append((name, pipe, docs[0].text, str(error)))
    )
    found = list(nlp.pipe([TEXT, *OTHERS, TEXT]))

    assert [doc.text for doc in found] == [TEXT, *OTHERS[:3], TEXT]
    assert list_entities(found[0]) == list_entities(found[-1]) != []
    assert failed == [("distilgliner", component, OTHERS[3], "no Cairo")]
    nlp(OTHERS[3])
    assert len(failed) == 2


def test_spacy_scores_its_entities() -> None:
    nlp = build_pipeline(names={"person": "PERSON"})
    examples = [
        spacy.training.Example.from_dict(nlp.make_doc(TEXT), {"entities": gold})
        for gold in ([(0, 11, "PERSON"), (30, 36, "location")], [(0, 11, "PERSON"), (17, 26, "X")])
    ]

    scores = nlp.evaluate(examples)

    assert (scores["ents_p"], scores["ents_r"], scores["ents_f"]) == (0.75, 0.75, 0.75)
    assert scores["ents_per_type"]["PERSON"]["f"] == 1.0
    weights = nlp.get_factory_meta("distilgliner").default_score_weights
    assert weights["ents_f"] == 1.0
    assert set(weights) <= set(scores)


def test_contexts_stay_with_their_texts() -> None:
    nlp = build_pipeline()
    pairs = [(text, number) for number, text in enumerate([TEXT, *OTHERS])]

    found = list(nlp.pipe(pairs, as_tuples=True, batch_size=2))

    assert [(doc.text, number) for doc, number in found] == pairs
    assert list_entities(found[0][0]) == list_entities(nlp(TEXT))
    with pytest.raises(UserError, match="batch_size=0 is not a whole number"):
        list(nlp.get_pipe("distilgliner").pipe([nlp.make_doc(TEXT)], batch_size=0))


def test_a_component_of_another_pipeline() -> None:
    source = build_pipeline()
    nlp = spacy.blank("en")
    component = nlp.add_pipe("distilgliner", name="names", source=source)

    assert component.name == "names"
    assert list_entities(nlp(TEXT)) == list_entities(source(TEXT))
