"""Exporting a student: its folder → a folder with an ONNX graph instead of torch weights."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load_file

from distilgliner import __version__
from distilgliner.errors import UserError, missing_extra
from distilgliner.files import write_atomically, write_json
from distilgliner.folders import check_content, lock_folder
from distilgliner.student.description import (
    CARD_FILE,
    CONFIG_FILE,
    GRAPH_FILE,
    MANIFEST_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    damaged,
    read_description,
    write_description,
)


def run_export(model: str | Path, output: str | Path) -> dict[str, Any]:
    """Write the student of the folder `model` as ONNX into `output`; returns the manifest.

    The graph is checked by `onnx.checker`. An open student is exported once for any labels.
    Raises `UserError` for a folder that is no trained student, or an output that is not empty or
    cannot be made.
    """
    source, folder = Path(model), Path(output)
    description = read_description(source)
    if not (source / WEIGHTS_FILE).is_file():
        raise UserError(
            f"{source} has no {WEIGHTS_FILE}; give a folder that 'distilgliner distill' wrote."
        )
    try:
        from distilgliner.runtime.graph import IR_VERSION, OPSET, build_graph
    except ModuleNotFoundError as error:
        if error.name != "onnx":
            raise
        raise missing_extra("onnx", "export") from None
    try:
        weights = load_file(source / WEIGHTS_FILE)
        graph = build_graph(description.config, weights)
    except (SafetensorError, KeyError, ValueError) as error:
        raise damaged(source, error) from error
    # Only now: what was wrong must not leave a folder behind.
    with lock_folder(folder):
        check_content(folder)
        write_atomically(folder / GRAPH_FILE, graph.SerializeToString(deterministic=True))
        write_description(description, folder)
        manifest = {
            "distilgliner": __version__,
            "opset": OPSET,
            "ir_version": IR_VERSION,
            "parameters": _count_parameters(weights),
            "blake2b": {
                name: _hash(folder / name)
                for name in (CONFIG_FILE, GRAPH_FILE, TOKENIZER_FILE, CARD_FILE)
                if (folder / name).is_file()
            },
        }
        write_json(folder / MANIFEST_FILE, manifest)
    return manifest


def _count_parameters(weights: dict[str, Any]) -> dict[str, int]:
    embedding = sum(value.size for name, value in weights.items() if "embedding" in name)
    total = sum(value.size for value in weights.values())
    return {"total": total, "embedding": embedding, "other": total - embedding}


def _hash(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
