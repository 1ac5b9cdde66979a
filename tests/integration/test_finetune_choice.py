"""Which weights a fine-tuning ends with, and that a stop on the way changes nothing.

What dev says is written by hand here: the tiny teacher learns too fast to ever lose.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from distilgliner.finetune import train
from distilgliner.finetune.checkpoints import CHECKPOINTS
from distilgliner.finetune.config import FinetuneConfig
from distilgliner.finetune.run import run_finetuning
from distilgliner.finetune.trainer import StrictF1Trainer
from tiny_store import build_documents
from tiny_teachers import save_tiny_teacher

CONFIG = FinetuneConfig(
    epochs=8, patience=3, batch_documents=8, learning_rate=1e-3, head_learning_rate=1e-3,
    interpolation=(),
)  # fmt: skip
PER_EPOCH = 4
GOLD, DEV = build_documents(8 * PER_EPOCH), build_documents(4, seed=5)
F1 = [0.1, 0.5, 0.4, 0.45, 0.3, 0.9, 0.9, 0.9, 0.9]
"""By epoch: the fourth is the third without a gain, so that nobody sees the 0.9."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_teacher("uni-encoder span", tmp_path_factory.mktemp("tiny") / "teacher")


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Decides what dev says: by epoch, and of mixtures one after the other."""
    add = train.Curve.add

    def script(by_epoch: list[float], mixtures: list[float], stop_at: int | None = None) -> None:
        def add_scripted(curve: train.Curve, update: int, _: Any, loss: float | None) -> float:
            epoch = update // PER_EPOCH
            f1 = add(curve, update, {"dev": by_epoch[epoch]}, loss)
            if epoch == stop_at:  # measured, and the checkpoint not yet written
                raise KeyboardInterrupt
            return f1

        left: Iterator[float] = iter(mixtures)

        def measure_mixtures(*arguments: Any) -> Any:
            return original(*arguments[:4], lambda: {"dev": next(left)})

        monkeypatch.setattr(train.Curve, "add", add_scripted)
        monkeypatch.setattr(train, "measure_mixtures", measure_mixtures)

    original = train.measure_mixtures
    return script


def finetune(teacher: Path, output: Path, **changes: Any) -> dict[str, Any]:
    config = CONFIG.model_copy(update=changes)
    return run_finetuning(
        GOLD, teacher=teacher, output=output, config=config, dev=DEV, quiet=True, threads=1
    )


def read_weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def test_the_best_epoch_is_kept(tiny: Path, tmp_path: Path, say: Callable[..., None]) -> None:
    say(F1, [])

    result = finetune(tiny, tmp_path / "long")
    finetune(tiny, tmp_path / "one", epochs=8, patience=1)

    assert [point["f1"] for point in result["curve"]] == F1[:5]
    chosen = {key: result[key] for key in ("f1", "share", "best_update", "updates", "mixtures")}
    assert chosen == {
        "f1": 0.5, "share": 1.0, "best_update": PER_EPOCH, "updates": 4 * PER_EPOCH, "mixtures": [],
    }  # fmt: skip
    long, one = read_weights(tmp_path / "long"), read_weights(tmp_path / "one")
    assert all(torch.equal(long[name], one[name]) for name in long)


@pytest.mark.parametrize(
    ("mixtures", "share", "f1"),
    [
        ([0.3, 0.6, 0.601], 0.5, 0.6),  # of equals the nearer to how it came
        ([0.3, 0.6, 0.61], 0.75, 0.61),
        ([0.3, 0.499, 0.2], 0.5, 0.499),  # as good as all of it
        ([0.3, 0.4, 0.2], 1.0, 0.5),
    ],
)
def test_dev_chooses_between_mixtures(
    tiny: Path, tmp_path: Path, say: Callable[..., None],
    mixtures: list[float], share: float, f1: float,
) -> None:  # fmt: skip
    say(F1, mixtures)
    finetune(tiny, tmp_path / "learned")

    result = finetune(tiny, tmp_path / "mixed", interpolation=(0.25, 0.5, 0.75))

    assert (result["share"], result["f1"], result["best_update"]) == (share, f1, PER_EPOCH)
    assert [(each["share"], each["f1"]) for each in result["mixtures"]] == list(
        zip((0.25, 0.5, 0.75), mixtures, strict=True)
    )
    start, learned, mixed = map(read_weights, (tiny, tmp_path / "learned", tmp_path / "mixed"))
    for name in start:
        assert torch.equal(mixed[name], torch.lerp(start[name], learned[name], share)), name
    text = (tmp_path / "mixed" / "README.md").read_text()
    assert ("50% of what it had learned" in text) is (share == 0.5)


def test_a_teacher_that_only_loses_may_still_gain_from_a_little(
    tiny: Path, tmp_path: Path, say: Callable[..., None]
) -> None:
    say([0.6, 0.5, 0.4, 0.3, 0.2], [0.7])
    result = finetune(tiny, tmp_path / "a little", interpolation=(0.25,))
    assert (result["share"], result["f1"], result["best_update"]) == (0.25, 0.7, PER_EPOCH)

    say([0.6, 0.5, 0.4, 0.3, 0.2], [0.6])
    result = finetune(tiny, tmp_path / "nothing", interpolation=(0.25,))
    assert (result["share"], result["f1"], result["best_update"]) == (0.0, 0.6, 0)
    start, kept = read_weights(tiny), read_weights(tmp_path / "nothing")
    assert all(torch.equal(start[name], kept[name]) for name in start)


@pytest.mark.parametrize("stop_at", [0, 3, 4])
def test_a_stop_in_training_changes_nothing(
    tiny: Path, tmp_path: Path, say: Callable[..., None], stop_at: int
) -> None:
    say(F1, [])
    finetune(tiny, tmp_path / "whole")
    say(F1, [], stop_at=stop_at)
    with pytest.raises(KeyboardInterrupt):
        finetune(tiny, tmp_path / "stopped")

    say(F1, [])
    finetune(tiny, tmp_path / "stopped")

    check_same(tmp_path / "whole", tmp_path / "stopped")


def test_a_stop_behind_training_changes_nothing(
    tiny: Path, tmp_path: Path, say: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = {"interpolation": (0.5,)}
    say(F1, [0.6])
    finetune(tiny, tmp_path / "whole", **shares)
    say(F1, [])  # nothing is said of the mixture: an error in the middle of the choice
    with pytest.raises(StopIteration):
        finetune(tiny, tmp_path / "stopped", **shares)
    assert (tmp_path / "stopped" / CHECKPOINTS).is_dir()

    say(F1, [0.6])
    monkeypatch.setattr(StrictF1Trainer, "train", None)  # it has ended: nothing is trained
    finetune(tiny, tmp_path / "stopped", **shares)

    check_same(tmp_path / "whole", tmp_path / "stopped")


def check_same(one: Path, other: Path) -> None:
    weights = "model.safetensors"
    assert (one / weights).read_bytes() == (other / weights).read_bytes()
    results = [json.loads((folder / "finetune.json").read_text()) for folder in (one, other)]
    for result in results:
        del result["seconds"]
    assert results[0] == results[1]
