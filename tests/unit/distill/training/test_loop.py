"""The training loop: what remains of a run, and of one that was interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distilgliner.distill.config import TrainingConfig
from distilgliner.distill.objective.stages import build_schedule
from distilgliner.distill.training.examples import Example
from distilgliner.distill.training.loop import train
from distilgliner.errors import UserError
from distilgliner.student.folder import Student
from tiny_store import build_tiny_student

WORDS = ["Ada", "met", "Bob"]
TAGS = np.array([4, 0, 4])


@pytest.fixture
def student(tmp_path: Path) -> Student:
    return build_tiny_student(tmp_path)


def run(
    student: Student,
    folder: Path,
    f1: list[float],
    examples: list[Example] | None = None,
    **settings: Any,
) -> Any:
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
    examples = examples or [Example(WORDS, gold=TAGS), Example(["Ada"], gold=np.array([4]))]
    schedule = build_schedule(config, len(examples))
    progress = train(
        student, examples, config, schedule, terms=config.terms, measure=measure, folder=folder
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


STAGES = [
    {"terms": ["states"], "epochs": 2},
    {"terms": ["gold", "soft"], "epochs": 2, "thaw": True, "learning_rate": 0.5},
]
STATES = np.random.default_rng(0).normal(size=(1, 3, 4)).astype(np.float16)
STAGED: dict[str, Any] = {
    "stages": STAGES,
    "terms": {"states": {"weight": 1.0}},
    "epochs": 4,
}


def build_staged_examples() -> list[Example]:
    return [Example(WORDS, gold=TAGS, states=STATES), Example(["Ada"], gold=np.array([4]))]


def test_an_epoch_that_teaches_no_tag_is_never_the_best(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path / "v")
    f1 = [0.9, 0.8, 0.1, 0.2]
    progress, states = run(student, tmp_path / "run", f1, build_staged_examples(), **STAGED)
    assert (progress.best_epoch, progress.best_f1, progress.epoch) == (4, 0.2, 4)
    assert is_state(student, states[3])


def test_patience_ends_only_the_last_stage(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path / "v")
    f1 = [0.0, 0.0, 0.3, 0.2]
    progress, _ = run(student, tmp_path / "run", f1, build_staged_examples(), patience=1, **STAGED)
    assert (progress.best_epoch, progress.epoch) == (3, 4)


def test_the_head_waits_for_tags_and_is_thawed_first(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path / "v")
    start = {n: t.clone() for n, t in student.model.state_dict().items()}
    stages = [{"terms": ["states"], "epochs": 1}, {"terms": ["gold"], "epochs": 3, "thaw": True}]
    settings = {**STAGED, "stages": stages, "average_decay": 0.0}
    f1 = [0.1, 0.2, 0.3, 0.4]
    _, states = run(student, tmp_path / "run", f1, build_staged_examples(), **settings)

    def changed(before: Any, after: Any, part: str) -> bool:
        return any(
            not torch.equal(before[name], after[name]) for name in after if name.startswith(part)
        )

    moves = [
        [changed(before, after, part) for part in ("head", "encoder", "embedder.affix")]
        for before, after in zip([start, *states], states, strict=False)
    ]
    # The states reach the encoder and the words; then the head alone, with the encoder, with all.
    assert moves == [
        [False, True, True],
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_a_staged_run_that_was_interrupted_ends_the_same(tmp_path: Path) -> None:
    f1 = [0.1, 0.2, 0.3, 0.4]
    whole = build_tiny_student(tmp_path / "v", input_dropout=0.4)
    run(whole, tmp_path / "whole", f1, build_staged_examples(), **STAGED)
    part = build_tiny_student(tmp_path / "v", input_dropout=0.4)
    with pytest.raises(StopIteration):  # measuring the second epoch fails
        run(part, tmp_path / "part", f1[:1], build_staged_examples(), **STAGED)
    again = build_tiny_student(tmp_path / "v", input_dropout=0.4)
    progress, _ = run(again, tmp_path / "part", f1[1:], build_staged_examples(), **STAGED)
    assert progress.epoch == 4
    assert is_state(again, whole.model.state_dict())
