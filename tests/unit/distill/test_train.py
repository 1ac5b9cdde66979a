"""The training loop's parts: how long, how fast, which loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distilgliner.distill.batches import build_batch
from distilgliner.distill.config import TrainingConfig
from distilgliner.distill.examples import Example
from distilgliner.distill.losses import cross_entropy, soft_cross_entropy
from distilgliner.distill.train import Schedule, build_schedule, compute_loss, train
from distilgliner.distill.train import _warm_up_and_decay as warm_up_and_decay
from distilgliner.errors import UserError
from distilgliner.student.features import build_label_words
from distilgliner.student.folder import Student
from tiny_store import LABELS, build_tiny_student

WORDS = ["Ada", "met", "Bob"]
TAGS = np.array([4, 0, 4])
SOFT = np.full((3, 9), 1 / 9, dtype=np.float32)


@pytest.mark.parametrize(
    ("settings", "documents", "expected"),
    [
        ({"epochs": 3, "batch_documents": 4}, 8, Schedule(2, 3)),
        ({"epochs": 3, "batch_documents": 4}, 9, Schedule(3, 3)),
        ({"epochs": 3, "batch_documents": 4}, 0, Schedule(1, 3)),
        ({"epochs": 3, "batch_documents": 4, "min_updates": 5}, 8, Schedule(2, 3)),
        ({"epochs": 3, "batch_documents": 4, "min_updates": 9}, 8, Schedule(2, 5)),
    ],
)
def test_schedule(settings: dict[str, Any], documents: int, expected: Schedule) -> None:
    config = TrainingConfig.model_validate({"min_updates": 0, **settings})
    schedule = build_schedule(config, documents)
    assert schedule == expected
    assert schedule.updates == expected.updates_per_epoch * expected.epochs


def test_learning_rate_rises_and_falls() -> None:
    rates = [warm_up_and_decay(update, 10, 0.2) for update in range(11)]
    assert rates == pytest.approx([0.5, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8, 0])
    assert warm_up_and_decay(0, 1, 0.0) == 1


@pytest.fixture
def student(tmp_path: Path) -> Student:
    return build_tiny_student(tmp_path)


def loss_of(student: Student, examples: list[Example], gold_weight: float) -> torch.Tensor:
    batch = build_batch(examples, student.featurizer, 9)
    names = build_label_words(LABELS, student.featurizer)
    return compute_loss(student, batch, names, gold_weight, 1.0)


def test_loss_is_the_weighted_sum(student: Student) -> None:
    example = Example(WORDS, TAGS, SOFT)
    batch = build_batch([example], student.featurizer, 9)
    logits = student.model(batch.words, [])
    gold = cross_entropy(logits, batch.tags, batch.tags_mask).item()
    soft = soft_cross_entropy(logits, batch.soft, batch.soft_mask).item()
    assert abs(gold - soft) > 0.1
    for weight in (0.0, 0.3, 1.0):
        expected = weight * gold + (1 - weight) * soft
        assert loss_of(student, [example], weight).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("example", [Example(WORDS, TAGS, None), Example(WORDS, None, SOFT)])
def test_a_batch_may_lack_a_kind_of_target(
    student: Student, example: Example, weight: float
) -> None:
    loss = loss_of(student, [example], weight)
    loss.backward()
    batch = build_batch([example], student.featurizer, 9)
    logits = student.model(batch.words, [])
    gold = cross_entropy(logits, batch.tags, batch.tags_mask).item()
    soft = soft_cross_entropy(logits, batch.soft, batch.soft_mask).item()
    assert loss.item() == pytest.approx(gold if example.tags is not None else soft, rel=1e-5)


def test_every_word_counts_the_same(student: Student) -> None:
    parts = [Example(WORDS, TAGS, None), Example(WORDS * 2, None, np.tile(SOFT, (2, 1)))]
    alone = [loss_of(student, [part], 0.8).item() for part in parts]
    together = loss_of(student, parts, 0.8).item()
    assert together == pytest.approx((alone[0] + 2 * alone[1]) / 3, rel=1e-5)


def run(student: Student, folder: Path, f1: list[float], **settings: Any) -> Any:
    """Train on two documents; the measured dev F1 is what the list says."""
    folder.mkdir(exist_ok=True)
    values = iter(f1)
    states = []

    def measure(current: Student) -> dict[str, Any]:
        assert not current.model.training
        states.append({n: t.clone() for n, t in current.model.state_dict().items()})
        return {"dev_f1": next(values)}

    config = TrainingConfig.model_validate(
        {"batch_documents": 2, "epochs": len(f1), "min_updates": 0, "patience": 99, **settings}
    )
    examples = [Example(WORDS, TAGS, None), Example(["Ada"], np.array([4]), None)]
    schedule = build_schedule(config, len(examples))
    progress = train(
        student, examples, config, schedule, gold_weight=1.0, measure=measure, folder=folder
    )
    return progress, states


def is_state(student: Student, state: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(state[n], t) for n, t in student.model.state_dict().items())


@pytest.mark.parametrize("average_decay", [0.0, 0.9])
def test_the_best_epoch_remains(student: Student, tmp_path: Path, average_decay: float) -> None:
    f1 = [0.1, 0.4, 0.2, 0.4]
    progress, states = run(student, tmp_path / "run", f1, average_decay=average_decay)
    assert (progress.best_epoch, progress.best_f1) == (2, 0.4)
    assert (progress.epoch, progress.update) == (4, 4)
    assert [row["dev_f1"] for row in progress.curve] == f1
    assert progress.curve[0]["objective"] > 0
    assert is_state(student, states[1])
    assert not is_state(student, states[3])
    assert not student.model.training


def test_patience(student: Student, tmp_path: Path) -> None:
    f1 = [0.1, 0.3, 0.2, 0.3, 0.9]
    progress, _ = run(student, tmp_path / "run", f1, patience=2)
    assert (progress.epoch, progress.best_epoch) == (4, 2)


@pytest.mark.parametrize("average_decay", [0.0, 0.9])
def test_an_interrupted_run_ends_the_same(tmp_path: Path, average_decay: float) -> None:
    f1 = [0.1, 0.2, 0.3, 0.4]
    whole = build_tiny_student(tmp_path / "v", input_dropout=0.4)
    run(whole, tmp_path / "whole", f1, average_decay=average_decay)

    part = build_tiny_student(tmp_path / "v", input_dropout=0.4)
    with pytest.raises(StopIteration):  # measuring the third epoch fails
        run(part, tmp_path / "part", f1[:2], average_decay=average_decay, epochs=4)
    again = build_tiny_student(tmp_path / "v", input_dropout=0.4)
    progress, states = run(again, tmp_path / "part", f1[2:], average_decay=average_decay, epochs=4)
    assert len(states) == 2
    assert (progress.epoch, len(progress.curve)) == (4, 4)
    assert is_state(again, whole.model.state_dict())


@pytest.mark.parametrize("epochs", [1, 3])
def test_training_that_diverges_is_an_error(student: Student, tmp_path: Path, epochs: int) -> None:
    """Also when the only update left finite weights, with which nothing can be computed."""
    message = (
        r"diverged in epoch 1: .*learning_rate lower than 1e\+38 .*, and give another --output"
    )
    with pytest.raises(UserError, match=message):
        run(student, tmp_path / "run", [0.0] * epochs, learning_rate=1e38)


def test_subword_vectors_stay_unless_trained(tmp_path: Path) -> None:
    for trained in (False, True):
        student = build_tiny_student(tmp_path / "v")
        before = student.model.embedder.subword_embedding.weight.detach().clone()
        affixes = student.model.embedder.affix_embedding.weight.detach().clone()
        run(student, tmp_path / f"run-{trained}", [0.1, 0.2], train_subwords=trained)
        after = student.model.embedder.subword_embedding.weight
        assert torch.equal(before, after) != trained
        assert not torch.equal(affixes, student.model.embedder.affix_embedding.weight)
        assert not after[0].any()  # padding
