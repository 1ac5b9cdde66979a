"""Text to keep: which documents, and what the teacher said of them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from distilgliner.corpus.document import Document, Entity
from distilgliner.errors import UserError
from distilgliner.finetune.rehearsal import Rehearsal, choose_kept_text, measure_kept, rehearse

TEXTS = [Document(f"Ada has {number} dogs.") for number in range(40)]
LABELS = ("animal", "person")


class FakeModel:
    def eval(self) -> None: ...


class FakeTeacher:
    """Finds Ada wherever she is, when it is asked for people."""

    def __init__(self) -> None:
        self.model = FakeModel()
        self.asked: list[str] = []

    def batch_predict_entities(
        self, texts: list[str], labels: Any, threshold: float = 0.5
    ) -> list[list[dict[str, Any]]]:
        self.asked += texts
        found = [{"start": 0, "end": 3, "label": "person", "score": 0.9}]
        return [found if "person" in labels and text.startswith("Ada") else [] for text in texts]


def test_the_order_of_the_text_has_no_say() -> None:
    shuffled = random.Random(3).sample(TEXTS, len(TEXTS))

    kept, labels = choose_kept_text(TEXTS, ["person", " animal"], most=15, seed=1)
    again, same = choose_kept_text(shuffled + TEXTS, ["animal", "person"], most=15, seed=1)
    other, _ = choose_kept_text(TEXTS, LABELS, most=15, seed=2)

    assert kept == again
    assert labels == same == LABELS
    assert len({document.text for document in kept}) == 15
    assert {document.text for document in other} != {document.text for document in kept}


def test_all_of_little_text() -> None:
    kept, _ = choose_kept_text(TEXTS, LABELS, most=1000, seed=0)
    assert sorted(d.text for d in kept) == sorted(d.text for d in TEXTS)


def test_labels_of_the_text_do_not_count() -> None:
    labelled = [Document(d.text, (Entity(0, 3, "queen"),)) for d in TEXTS]
    kept, _ = choose_kept_text(labelled, LABELS, most=20, seed=0)
    assert {document.entities for document in kept} == {None}


def test_nothing_to_keep() -> None:
    assert choose_kept_text([], [], most=10, seed=0) == ([], ())


@pytest.mark.parametrize(
    ("documents", "labels", "message"),
    [
        (TEXTS, (), "give both --keep and --keep-labels"),
        ([], LABELS, "give both --keep and --keep-labels"),
        (TEXTS[:9] * 3, LABELS, "has 9 different documents; give 10 at least"),
        (TEXTS, ("person", "person"), "'person' is named twice"),
    ],
)
def test_what_cannot_be_kept(
    documents: list[Document], labels: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        choose_kept_text(documents, labels, most=100, seed=0)


@pytest.mark.parametrize(("count", "held"), [(10, 1), (40, 4), (4000, 300)])
def test_a_tenth_is_held_out(count: int, held: int) -> None:
    texts = [Document(f"Ada has {number} dogs.") for number in range(count)]
    teacher: Any = FakeTeacher()

    rehearsal = rehearse(teacher, texts, LABELS, quiet=True)

    assert teacher.asked == [document.text for document in texts]
    assert [d.text for d in rehearsal.held_out + rehearsal.train] == teacher.asked
    assert len(rehearsal.held_out) == held
    assert {d.entities for d in rehearsal.train} == {(Entity(0, 3, "person"),)}


def test_a_teacher_that_finds_nothing() -> None:
    teacher: Any = FakeTeacher()
    with pytest.raises(UserError, match="finds no animal or tree in the text to keep"):
        rehearse(teacher, TEXTS, ("animal", "tree"), quiet=True)


def test_how_much_it_still_says() -> None:
    teacher: Any = FakeTeacher()
    said = (Entity(0, 3, "person"),)
    others = (Entity(0, 3, "animal"),)
    held_out = [Document(d.text, said if n < 3 else others) for n, d in enumerate(TEXTS[:4])]

    kept = measure_kept(teacher, Rehearsal(LABELS, TEXTS[4:], held_out))

    # it finds four people; three of them were people before, and one was an animal
    assert kept == {"labels": list(LABELS), "documents": 36, "held_out": 4, "f1": 0.75}


def test_where_it_said_nothing_nobody_asks() -> None:
    teacher: Any = FakeTeacher()
    held_out = [Document(document.text, ()) for document in TEXTS[:4]]
    assert measure_kept(teacher, Rehearsal(LABELS, TEXTS[4:], held_out))["f1"] is None
    assert teacher.asked == []
