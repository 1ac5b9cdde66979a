"""Parameters and bytes of a model's folder."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from distilgliner.bundled import bundled_teacher
from distilgliner.errors import UserError
from distilgliner.evaluate.footprint import compute_disk_bytes, count_parameters


def write_header(path: Path, tensors: dict[str, Any]) -> None:
    header = json.dumps(tensors).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)


def test_parameters_come_from_the_headers(tmp_path: Path) -> None:
    write_header(
        tmp_path / "model-1.safetensors",
        {
            "__metadata__": {"format": "pt"},
            "word_embedding.weight": {"dtype": "F16", "shape": [10, 4], "data_offsets": [0, 80]},
            "positions": {"dtype": "I64", "shape": [99], "data_offsets": [80, 872]},
        },
    )
    write_header(
        tmp_path / "model-2.safetensors",
        {"lstm.weight": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}},
    )
    assert count_parameters(tmp_path) == {"total": 41, "embedding": 40, "other": 1}


def test_the_bundled_teacher() -> None:
    found = count_parameters(bundled_teacher())
    assert found["total"] == found["embedding"] + found["other"]
    assert 28_000_000 < found["total"] < 30_000_000


def test_a_pytorch_checkpoint(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    weights = {"embeddings.w": torch.zeros(3, 2), "x": torch.zeros(5), "ids": torch.arange(9)}
    torch.save(weights, tmp_path / "pytorch_model.bin")
    assert count_parameters(tmp_path) == {"total": 11, "embedding": 6, "other": 5}


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff" * 20, struct.pack("<Q", 3) + b"{]}"])
def test_damaged_weights(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(UserError, match=r"model\.safetensors is no safetensors file"):
        count_parameters(tmp_path)


def test_no_weights(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no weights"):
        count_parameters(tmp_path)


def test_disk_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / ".hidden").write_bytes(b"1")
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "last").write_bytes(b"1")
    assert compute_disk_bytes(tmp_path) == 5
