"""The state of a run: what is written goes on as if nothing had happened."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from distilgliner.distill.training.checkpoint import (
    CHECKPOINT_FILE,
    RUN_FILE,
    DamagedCheckpointError,
    Progress,
    read_checkpoint,
    write_checkpoint,
)
from distilgliner.errors import UserError


def build() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
    first, second = model
    groups = [
        {"params": first.parameters(), "weight_decay": 0.1},
        {"params": second.parameters(), "weight_decay": 0.0},
    ]
    return model, torch.optim.AdamW(groups, lr=0.05, fused=True)


def step(model: torch.nn.Module, optimizer: torch.optim.Optimizer, times: int) -> None:
    inputs = torch.arange(6.0).reshape(2, 3)
    for _ in range(times):
        optimizer.zero_grad()
        model(inputs).pow(2).sum().backward()
        optimizer.step()


def test_training_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    model, optimizer = build()
    step(model, optimizer, 3)
    curve = [{"epoch": 1, "dev_f1": 0.25, "test": {"f1": 0.5}}]
    progress = Progress(epoch=1, update=3, best_epoch=1, best_f1=0.25, seconds=1.5, curve=curve)
    best = {name: tensor * 2 for name, tensor in model.state_dict().items()}
    write_checkpoint(tmp_path, progress, optimizer, {"last": model.state_dict(), "best": best})
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT_FILE]
    step(model, optimizer, 4)

    other, other_optimizer = build()
    restored = read_checkpoint(tmp_path, other_optimizer)
    assert restored is not None
    assert restored[0] == progress
    weights = restored[1]
    assert weights.keys() == {"last", "best"}
    assert all(torch.equal(weights["best"][name], tensor) for name, tensor in best.items())
    other.load_state_dict(weights["last"])
    step(other, other_optimizer, 4)
    for name, tensor in model.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor), name


def test_no_checkpoint(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path, build()[1]) is None


def test_a_later_one_replaces_the_earlier(tmp_path: Path) -> None:
    model, optimizer = build()
    step(model, optimizer, 1)
    for epoch in (1, 2):
        write_checkpoint(tmp_path, Progress(epoch=epoch), optimizer, {"last": model.state_dict()})
    restored = read_checkpoint(tmp_path, build()[1])
    assert restored is not None
    assert restored[0].epoch == 2


@pytest.mark.parametrize("size", [0, 5, 200, -10])
def test_damage(tmp_path: Path, size: int) -> None:
    model, optimizer = build()
    step(model, optimizer, 1)
    write_checkpoint(tmp_path, Progress(), optimizer, {"last": model.state_dict()})
    path = tmp_path / CHECKPOINT_FILE
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UserError, match=r"checkpoint\.safetensors is damaged .*remove it"):
        read_checkpoint(tmp_path, optimizer)


def test_another_file_of_that_name(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"last/x": torch.zeros(1)}, tmp_path / CHECKPOINT_FILE)
    with pytest.raises(UserError, match="is damaged"):
        read_checkpoint(tmp_path, build()[1])


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    model, optimizer = build()
    step(model, optimizer, 1)
    write_checkpoint(tmp_path, Progress(epoch=1), optimizer, {"last": model.state_dict()})
    path = tmp_path / CHECKPOINT_FILE
    content = path.read_bytes()
    rng = random.Random(0)
    for _ in range(60):
        flipped = bytearray(content)
        bit = rng.randrange(8 * len(content))
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(flipped))
        with pytest.raises(DamagedCheckpointError, match="is damaged"):
            read_checkpoint(tmp_path, build()[1])
    path.write_bytes(content)
    assert read_checkpoint(tmp_path, build()[1]) is not None


def test_a_checkpoint_of_another_run(tmp_path: Path) -> None:
    (tmp_path / RUN_FILE).write_text('{"seed": 1}')
    model, optimizer = build()
    write_checkpoint(tmp_path, Progress(epoch=1), optimizer, {"last": model.state_dict()})
    (tmp_path / RUN_FILE).write_text('{"seed": 2}')
    with pytest.raises(DamagedCheckpointError, match="or is of another run"):
        read_checkpoint(tmp_path, optimizer)
