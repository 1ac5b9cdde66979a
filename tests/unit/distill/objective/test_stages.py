"""The plan of a run: stages, their learning rates, and what is thawed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from distilgliner.distill.config import StageConfig, TrainingConfig
from distilgliner.distill.objective.stages import (
    Schedule,
    build_schedule,
    set_trainable,
    warm_up_and_decay,
)
from tiny_store import build_tiny_student


@pytest.mark.parametrize(
    ("settings", "documents", "expected"),
    [
        ({"epochs": 3, "batch_documents": 4}, 8, (2, 3)),
        ({"epochs": 3, "batch_documents": 4}, 9, (3, 3)),
        ({"epochs": 3, "batch_documents": 4}, 0, (1, 3)),
        ({"epochs": 3, "batch_documents": 4, "min_updates": 5}, 8, (2, 3)),
        ({"epochs": 3, "batch_documents": 4, "min_updates": 9}, 8, (2, 5)),
        ({"batch_documents": 4}, 8, (2, 400)),
        ({"batch_documents": 4}, 8000, (2000, 10)),
    ],
)
def test_one_stage(settings: dict[str, Any], documents: int, expected: tuple[int, int]) -> None:
    config = TrainingConfig.model_validate({"min_updates": 0, **settings})
    schedule = build_schedule(config, documents)
    assert (schedule.updates_per_epoch, schedule.epochs) == expected
    assert schedule.updates == expected[0] * expected[1]
    assert [stage.epochs for stage in schedule.stages] == [expected[1]]


STAGES = (
    StageConfig(terms=("states",), epochs=1),
    StageConfig(terms=("soft",), epochs=2, learning_rate=0.5, thaw=True),
)


def test_where_an_update_stands() -> None:
    schedule = Schedule(10, STAGES)
    assert (schedule.epochs, schedule.updates) == (3, 30)
    places = [schedule.locate(update) for update in (0, 9, 10, 29, 30)]
    assert [place.stage for place in places] == [0, 0, 1, 1, 1]
    assert [place.progress for place in places] == [0, 1, 0, 1, 1]
    assert [schedule.teaches_tags(epoch) for epoch in range(3)] == [False, True, True]
    assert [schedule.is_last(epoch) for epoch in range(3)] == [False, True, True]


def test_every_stage_warms_up_and_decays() -> None:
    schedule = Schedule(10, STAGES, warmup_fraction=0.2)
    rates = [schedule.compute_rate(update) for update in range(30)]
    assert rates[:4] == pytest.approx([0.5, 1, 1, 7 / 8])
    # Twice as long and half as fast: 4 updates of warm-up, then from 1/2 down.
    assert rates[10:16] == pytest.approx([0.125, 0.25, 0.375, 0.5, 0.5, 15 / 32])
    assert rates[29] == pytest.approx(1 / 32)


def test_learning_rate_rises_and_falls() -> None:
    rates = [warm_up_and_decay(update, 10, 0.2) for update in range(11)]
    assert rates == pytest.approx([0.5, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8, 0])
    assert warm_up_and_decay(0, 1, 0.0) == 1


def test_parts_thaw_from_the_top(tmp_path: Path) -> None:
    model = build_tiny_student(tmp_path).model
    frozen = {"embedder.subword_embedding.weight"}

    def find_trained(stage: StageConfig, progress: float) -> set[str]:
        set_trainable(model, stage, progress, frozen)
        names = {name for name, p in model.named_parameters() if p.requires_grad}
        assert not names & frozen
        return {name.partition(".")[0] for name in names}

    assert find_trained(STAGES[1], 0.0) == {"head"}
    assert find_trained(STAGES[1], 0.34) == {"head", "encoder"}
    assert find_trained(STAGES[1], 0.67) == {"head", "encoder", "embedder"}
    assert find_trained(STAGES[0], 0.0) == {"head", "encoder", "embedder"}
