"""Teachers are fitted to the gold of their own texts, in what they and people both know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.config import TargetConfig
from distilgliner.distill.sources.partial import mark_partial
from distilgliner.distill.sources.transfer import StoredTeacher, TransferDocument
from distilgliner.distill.targets.gold_pairs import pair_with_gold
from distilgliner.distill.targets.teacher_calibration import calibrate_teachers
from several_stores import annotate_for
from tiny_store import LABELS

ADA = Document("Ada saw Rome", (Entity(0, 3, "person"), Entity(8, 12, "city")))
BOB = Document("Bob sleeps", (Entity(0, 3, "person"),))
PERSON, CITY = 4, 8  # Single of each label


def test_pairs_keep_what_teacher_and_people_both_know() -> None:
    annotation = annotate_for(ADA, doubt=-1.0)
    ((document, tags),) = pair_with_gold([annotation], [ADA], LABELS, roles=True)
    assert document is annotation
    assert list(tags) == [PERSON, 0, CITY]
    ((document, tags),) = pair_with_gold([annotation], [ADA], LABELS, roles=True, asked=["city"])
    assert document.spans.label_index.tolist() == [1]
    assert list(tags) == [0, 0, CITY]
    partial = mark_partial([ADA], ["person"], ["city"])
    ((document, tags),) = pair_with_gold([annotation], partial, LABELS, roles=True)
    assert document.spans.label_index.tolist() == [0, 0]
    assert list(tags) == [PERSON, 0, 0]
    assert not pair_with_gold([annotation], partial, LABELS, roles=True, asked=["city"])


@pytest.mark.parametrize("roles", [True, False])
def test_each_is_fitted_to_the_gold_of_its_own_texts(roles: bool) -> None:
    teachers = [StoredTeacher(name, name, LABELS, TargetConfig()) for name in ("one", "other")]
    transfer = [
        TransferDocument((annotate_for(ADA, doubt=-3.0),), (0,)),
        TransferDocument((annotate_for(BOB, doubt=-3.0),), (1,)),
    ]
    one, other = calibrate_teachers(teachers, transfer, [ADA], LABELS, roles=roles)
    assert one.target != TargetConfig()  # surer than it was: all that it says is true
    assert other == teachers[1]
    assert (one.gold_f1, other.gold_f1) == (1, None)


def test_decisions_are_measured_on_what_teacher_and_people_both_know() -> None:
    teacher = StoredTeacher("one", "one", LABELS, TargetConfig())
    transfer = [TransferDocument((annotate_for(each, doubt=-3.0),)) for each in (ADA, BOB)]
    wrong = Document(BOB.text, (Entity(0, 3, "city"),))
    partial = mark_partial([ADA], ["city"], ["person"])
    for gold, f1 in (([ADA, BOB], 1.0), ([ADA, wrong], 2 / 3), ([*partial, wrong], 0.5)):
        [fitted] = calibrate_teachers([teacher], transfer, gold, LABELS, roles=True)
        assert fitted.gold_f1 == pytest.approx(f1)
    asked = replace(teacher, labels=("person",))
    [fitted] = calibrate_teachers([asked], transfer, partial, LABELS, roles=True)
    assert fitted.gold_f1 is None
