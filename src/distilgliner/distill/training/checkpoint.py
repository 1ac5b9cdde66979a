"""The state of a run between two epochs, in one safetensors file that is replaced atomically."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
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
RUN_FILE = "run.json"
"""What the run of the folder is; a checkpoint belongs to one."""


class DamagedCheckpointError(UserError):
    """A checkpoint that is not as it was written, or is of another run."""


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
    state = json.dumps(asdict(progress))
    metadata = {"progress": state, "checksum": _compute_checksum(folder, state, tensors)}
    # Not save_file: what a kill leaves of its temporary file nobody would recognise.
    write_atomically(folder / CHECKPOINT_FILE, save(tensors, metadata=metadata))


def _compute_checksum(folder: Path, progress: str, tensors: Mapping[str, Tensor]) -> str:
    """32 hex digits of all that a checkpoint holds, and of the run that it belongs to."""
    digest = hashlib.blake2b(progress.encode(), digest_size=16)
    run = folder / RUN_FILE
    digest.update(run.read_bytes() if run.is_file() else b"")
    for name, tensor in sorted(tensors.items()):
        digest.update(repr((name, tensor.dtype, tuple(tensor.shape))).encode())
        digest.update(tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def read_checkpoint(
    folder: Path, optimizer: torch.optim.Optimizer
) -> tuple[Progress, dict[str, dict[str, Tensor]]] | None:
    """Restore what `write_checkpoint` stored, the optimiser in place; None when there is none.

    Raises `DamagedCheckpointError` when it is not as it was written.
    """
    path = folder / CHECKPOINT_FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata()
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 — no mapping
        if metadata["checksum"] != _compute_checksum(folder, metadata["progress"], tensors):
            raise ValueError("it has changed since it was written, or is of another run")
        progress = Progress(**json.loads(metadata["progress"]))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DamagedCheckpointError(
            f"{path} is damaged ({error}); remove it to start the run anew."
        ) from None
    weights: dict[str, dict[str, Tensor]] = {}
    moments: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        group, name = key.split("/", 1)
        if group == "optimizer":
            index, name = name.split("/")
            moments.setdefault(int(index), {})[name] = tensor
        else:
            weights.setdefault(group, {})[name] = tensor
    state = optimizer.state_dict()
    state["state"] = moments
    optimizer.load_state_dict(state)
    return progress, weights
