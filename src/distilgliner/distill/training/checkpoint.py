"""The state of a run between two epochs, in one safetensors file that is replaced atomically."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from distilgliner.errors import UserError
from distilgliner.files import write_atomically

CHECKPOINT_FILE = "checkpoint.safetensors"


@dataclass
class Progress:
    """Where a run stands."""

    epoch: int = 0
    update: int = 0
    best_epoch: int = 0
    best_f1: float = -1.0
    seconds: float = 0.0
    curve: list[dict[str, Any]] = field(default_factory=list)


def write_checkpoint(
    folder: Path,
    progress: Progress,
    optimizer: torch.optim.Optimizer,
    weights: dict[str, dict[str, Tensor]],
) -> None:
    """Store progress, the optimiser's moments and named sets of weights ("last", "best")."""
    tensors = {
        f"{group}/{name}": tensor.contiguous()
        for group, state in weights.items()
        for name, tensor in state.items()
    }
    for index, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            tensors[f"optimizer/{index}/{name}"] = torch.as_tensor(value)
    metadata = {"progress": json.dumps(asdict(progress))}
    # Not save_file: what a kill leaves of its temporary file nobody would recognise.
    write_atomically(folder / CHECKPOINT_FILE, save(tensors, metadata=metadata))


def read_checkpoint(
    folder: Path, optimizer: torch.optim.Optimizer
) -> tuple[Progress, dict[str, dict[str, Tensor]]] | None:
    """Restore what `write_checkpoint` stored, the optimiser in place; None when there is none."""
    path = folder / CHECKPOINT_FILE
    if not path.is_file():
        return None
    weights: dict[str, dict[str, Tensor]] = {}
    moments: dict[int, dict[str, Tensor]] = {}
    try:
        with safe_open(path, framework="pt") as file:
            progress = Progress(**json.loads(file.metadata()["progress"]))
            for key in file.keys():  # noqa: SIM118 — no mapping
                group, name = key.split("/", 1)
                if group == "optimizer":
                    index, name = name.split("/")
                    moments.setdefault(int(index), {})[name] = file.get_tensor(key)
                else:
                    weights.setdefault(group, {})[name] = file.get_tensor(key)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged ({error}); remove it to start the run anew.") from None
    state = optimizer.state_dict()
    state["state"] = moments
    optimizer.load_state_dict(state)
    return progress, weights
