"""What a killed fine-tuning goes on from: only what is as it was written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from distilgliner.finetune.checkpoints import (
    CHECKPOINTS,
    RUN_FILE,
    DamagedProgressError,
    find_checkpoints,
    seal_checkpoint,
)
from distilgliner.finetune.curve import Curve


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run with two checkpoints, of which the first is the best."""
    (tmp_path / RUN_FILE).write_text('{"seed": 1}')
    for update in (10, 20):
        path = tmp_path / CHECKPOINTS / f"checkpoint-{update}"
        path.mkdir(parents=True)
        (path / "model.safetensors").write_bytes(bytes(range(99)))
        state = {"global_step": update, "best_global_step": 10}
        (path / "trainer_state.json").write_text(json.dumps(state))
        seal_checkpoint(path)
    return tmp_path / CHECKPOINTS


def test_whole_ones_are_found(folder: Path) -> None:
    assert list(find_checkpoints(folder, with_best=True)) == [10, 20]
    assert find_checkpoints(folder / "none", with_best=True) == {}


def test_one_that_a_kill_has_cut_is_removed(folder: Path) -> None:
    (folder / "checkpoint-20" / "checksums.json").unlink()
    assert list(find_checkpoints(folder, with_best=True)) == [10]
    assert not (folder / "checkpoint-20").exists()


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "weights": lambda folder: _flip(folder / "checkpoint-10" / "model.safetensors"),
    "state": lambda folder: _flip(folder / "checkpoint-20" / "trainer_state.json"),
    "checksums": lambda folder: _flip(folder / "checkpoint-20" / "checksums.json"),
    "nulls": lambda folder: (folder / "checkpoint-20" / "checksums.json").write_text("null"),
    "gone": lambda folder: (folder / "checkpoint-10" / "model.safetensors").unlink(),
    "another run": lambda folder: (folder.parent / RUN_FILE).write_text('{"seed": 2}'),
    "no best": lambda folder: (folder / "checkpoint-10").rename(folder / "elsewhere"),
}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_what_is_damaged_is_told(folder: Path, damage: str) -> None:
    DAMAGES[damage](folder)
    with pytest.raises(DamagedProgressError, match="checkpoint"):
        find_checkpoints(folder, with_best=True)


def test_the_last_one_alone_is_enough_without_a_best(folder: Path) -> None:
    DAMAGES["no best"](folder)
    assert list(find_checkpoints(folder, with_best=False)) == [20]


@pytest.mark.parametrize("content", ["[]", "null", "{", '{"points": []}', "[" * 100_000])
def test_a_damaged_curve_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "curve.json").write_text(content)
    with pytest.raises(DamagedProgressError, match=r"curve\.json"):
        Curve(tmp_path / "curve.json")
