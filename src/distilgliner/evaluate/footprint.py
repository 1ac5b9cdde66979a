"""How big a model is on disk: its bytes, and its parameters from the headers of the weights."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from distilgliner.errors import UserError
from distilgliner.files import read_json
from distilgliner.student.folder_files import GRAPH_FILE, MANIFEST_FILE

# Integers of 32 and 64 bits and truth values are positions and masks, not parameters.
_WEIGHT_TYPES = frozenset({"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "I8", "U8"})
_HEADER_LIMIT = 100_000_000  # bytes, as in the safetensors library


def compute_disk_bytes(folder: Path) -> int:
    """The bytes of all files in the model's folder, hidden ones and subfolders left out.

    Subfolders hold checkpoints to train on from, which a model does not need.
    """
    return sum(
        path.stat().st_size
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".")
    )


def count_parameters(folder: Path) -> dict[str, int]:
    """`total`, `embedding` (tensors whose name contains "embedding") and `other`.

    Only the headers of `*.safetensors` are read; for a checkpoint that has none, its
    `pytorch_model.bin` is opened with torch (weights only); an exported student says it in its
    manifest. Raises `UserError` without weights.
    """
    if (folder / GRAPH_FILE).is_file():
        remedy = "export the student again"
        counts = read_json(folder / MANIFEST_FILE, remedy, keys=["parameters"])["parameters"]
        if not isinstance(counts, dict) or not all(type(n) is int for n in counts.values()):
            raise UserError(f"{folder / MANIFEST_FILE} says no number of parameters; {remedy}.")
        return counts
    total = embedding = 0
    for name, size in _tensors(folder):
        total += size
        embedding += size if "embedding" in name else 0
    return {"total": total, "embedding": embedding, "other": total - embedding}


def _tensors(folder: Path) -> Iterator[tuple[str, int]]:
    """Name and number of elements of each weight."""
    files = sorted(folder.glob("*.safetensors"))
    pickled = folder / "pytorch_model.bin"
    if not files and not pickled.is_file():
        raise UserError(f"{folder} holds no weights (*.safetensors); give a model's folder.")
    for file in files:
        for name, tensor in _read_header(file).items():
            if name != "__metadata__" and tensor["dtype"] in _WEIGHT_TYPES:
                yield name, math.prod(tensor["shape"])
    if not files:
        import torch

        weights = torch.load(pickled, map_location="cpu", weights_only=True, mmap=True)
        for name, tensor in weights.items():
            if tensor.is_floating_point():
                yield name, tensor.numel()


def _read_header(path: Path) -> dict[str, Any]:
    """The JSON at the start of a safetensors file, behind its length in 8 bytes."""
    try:
        with path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > _HEADER_LIMIT:
                raise ValueError("header too long")
            header = json.loads(stream.read(length))
    except (OSError, ValueError, struct.error) as error:
        raise UserError(f"{path} is no safetensors file ({error}); save the model again.") from None
    return header
