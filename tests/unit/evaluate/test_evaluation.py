"""`run_evaluation`: labels, order, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fake_predictors import FakePredictor, FakeStudent

from distilgliner.corpus.document import Document, Entity
from distilgliner.errors import UserError
from distilgliner.evaluate.run import run_evaluation

KNOWN = {"Ada": "person", "Bath": "place", "Expo": "event"}
ADA = Document("Ada lives in Bath", (Entity(0, 3, "person"), Entity(13, 17, "place")))
BOB = Document("Bob saw Expo", (Entity(0, 3, "person"),))
PLAIN = Document("Nothing here", ())


def test_quality_counts_and_order() -> None:
    model = FakePredictor(KNOWN)
    found = run_evaluation(model, [ADA, BOB, ADA, PLAIN])
    assert found.labels == ("person", "place")
    assert model.calls == [([ADA.text, BOB.text, ADA.text, PLAIN.text], ["person", "place"], 0.5)]
    assert found.counts.tolist() == [[2, 2, 2], [0, 0, 1], [2, 2, 2], [0, 0, 0]]
    assert found.predictions[2] == ADA.entities
    assert found.quality.spans.micro.recall == 4 / 5
    assert (found.documents, found.words) == (4, 13)
    assert found.quality.words.accuracy == 12 / 13


def test_dictionary_for_json() -> None:
    found = run_evaluation(FakePredictor(KNOWN), [ADA], threshold=0.3).to_dict()
    assert found["micro"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 2}
    assert set(found["word"]) == {"accuracy", "recall", "precision", "f1"}
    assert found["threshold"] == 0.3
    assert "agreement" not in found
    assert json.loads(json.dumps(found)) == found


class Scoring(FakePredictor):
    """Finds Ada with 0.9, Bath with 0.4, and Expo with 0.2, where that exceeds the threshold."""

    scores = {"Ada": 0.9, "Bath": 0.4, "Expo": 0.2}  # noqa: RUF012

    def batch_predict_entities(self, texts: Any, labels: Any, threshold: float = 0.5) -> Any:
        found = super().batch_predict_entities(texts, labels, threshold)
        scored = [[{**e, "score": self.scores[e["text"]]} for e in row] for row in found]
        return [[e for e in row if e["score"] > threshold] for row in scored]


@pytest.mark.parametrize("is_student", [False, True])
def test_scores_are_judged_below_the_threshold_too(is_student: bool) -> None:
    model = Scoring(KNOWN)
    if is_student:
        model.labels = ["event", "person", "place"]  # type: ignore[attr-defined]
    documents = [ADA, BOB]
    found = run_evaluation(model, documents, labels=["event", "person", "place"], calibration=True)
    assert found.counts.tolist() == [[1, 1, 2], [0, 0, 1]]
    calibration = found.quality.calibration
    assert calibration is not None
    # Ada and Bath are right (0.9, 0.4), Expo is wrong (0.2).
    assert calibration.ece == pytest.approx((0.1 + 0.6 + 0.2) / 3)
    assert calibration.entities == 3
    assert found.to_dict()["calibration"]["bins"][0]["high"] == 0.2
    assert json.loads(json.dumps(found.to_dict())) == found.to_dict()
    # Of a checkpoint, what scores above 0.5 is known from the same pass.
    assert [threshold for _, _, threshold in model.calls] == ([0.5, 0.1] if is_student else [0.1])
    plain = run_evaluation(model, documents, labels=["event", "person", "place"])
    assert plain.counts.tolist() == found.counts.tolist()
    assert plain.quality.calibration is None
    assert "calibration" not in plain.to_dict()


def test_a_threshold_below_the_floor_of_scores() -> None:
    class Doubtful(Scoring):
        scores = {"Ada": 0.9, "Bath": 0.07, "Expo": 0.02}  # noqa: RUF012

    model = Doubtful(KNOWN)
    found = run_evaluation(model, [ADA, BOB], threshold=0.05, calibration=True)
    assert [threshold for _, _, threshold in model.calls] == [0.05]
    assert found.counts.tolist() == [[2, 2, 2], [0, 0, 1]]
    calibration = found.quality.calibration
    assert calibration is not None
    assert (calibration.floor, calibration.entities) == (0.1, 1)


def test_more_documents_than_one_step() -> None:
    model = FakePredictor(KNOWN)
    found = run_evaluation(model, [ADA] * 600)
    assert len(model.calls) == 3
    assert found.quality.spans.micro.support == 1200


def test_labels_of_a_closed_student_are_its_own() -> None:
    model = FakeStudent(KNOWN, ["place", "person", "event"])
    found = run_evaluation(model, [ADA, BOB])
    assert found.labels == ("place", "person", "event")
    assert found.quality.spans.per_label["event"].support == 0


def test_labels_of_an_open_student_are_those_of_the_documents() -> None:
    model = FakeStudent(KNOWN, ["event"], is_open=True)
    assert run_evaluation(model, [ADA]).labels == ("person", "place")


def test_ignored_labels_are_left_out_on_both_sides() -> None:
    model = FakeStudent(KNOWN, ["event", "person", "place"])
    found = run_evaluation(model, [ADA, BOB], ignore_labels=["place", "event"])
    assert found.labels == ("person",)
    assert found.counts.tolist() == [[1, 1, 1], [0, 0, 1]]


def test_a_model_that_says_more_than_it_was_asked() -> None:
    class Talkative(FakePredictor):
        def batch_predict_entities(self, texts: Any, labels: Any, threshold: float = 0.5) -> Any:
            return super().batch_predict_entities(texts, list(KNOWN.values()), threshold)

    found = run_evaluation(Talkative(KNOWN), [ADA], labels=["person"], ignore_labels=["place"])
    assert found.counts.tolist() == [[1, 1, 1]]


@pytest.mark.parametrize(
    ("documents", "options", "message"),
    [
        ([], {}, "no document to evaluate"),
        ([ADA, Document("Bath")], {}, r"dev\.jsonl, document 2 \('Bath'\) has no human labels"),
        ([ADA], {"labels": ["person"]}, r"dev\.jsonl, document 1: unknown label 'place'"),
        ([ADA], {"labels": ["person", "person"]}, "named twice"),
        ([ADA], {"labels": ["a"], "ignore_labels": ["a"]}, "both asked for and ignored"),
        ([PLAIN], {}, "no entity to tell the labels from; pass --labels"),
    ],
)
def test_what_is_refused(documents: Any, options: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        run_evaluation(FakePredictor(KNOWN), documents, source="dev.jsonl", **options)


def test_a_closed_student_refuses_other_labels() -> None:
    model = FakeStudent(KNOWN, ["person"])
    with pytest.raises(UserError, match="does not know the label 'mood'; it knows: person"):
        run_evaluation(model, [ADA], labels=["person", "mood"])
    with pytest.raises(UserError, match=r"unknown label 'place' .* --ignore-labels 'place'"):
        run_evaluation(model, [ADA])


def test_a_folder_is_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened = []

    def load(model: Any) -> FakePredictor:
        opened.append(model)
        return FakePredictor(KNOWN)

    monkeypatch.setattr("distilgliner.evaluate.run.load_predictor", load)
    assert run_evaluation(tmp_path, [ADA]).quality.spans.micro.f1 == 1
    assert opened == [tmp_path]
