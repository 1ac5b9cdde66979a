"""Exporting a student: its folder → a folder with an ONNX graph instead of torch weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from distilgliner.corpus.borders import measure_borders
from distilgliner.corpus.document import Document
from distilgliner.corpus.labels import check_labels, list_labels
from distilgliner.corpus.splitters import find_splitter
from distilgliner.corpus.texts import list_documents
from distilgliner.errors import UserError, missing_extra
from distilgliner.files import write_atomically
from distilgliner.folders import fill_folder, lock_folder
from distilgliner.hub import locate_trained_student
from distilgliner.runtime.compile import compile_labels
from distilgliner.runtime.loss import check_loss, measure_graphs
from distilgliner.student.description import Description, read_description, write_description
from distilgliner.student.folder_files import (
    CARD_FILE,
    CONFIG_FILE,
    GRAPH_FILE,
    MANIFEST_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    FolderFiles,
    damaged,
    write_manifest,
)
from distilgliner.version import __version__

Quantize = Literal["none", "int8"]
QUANTIZE: tuple[Quantize, ...] = ("none", "int8")
_FILES = (GRAPH_FILE, TOKENIZER_FILE, CARD_FILE, MANIFEST_FILE, CONFIG_FILE)
"""The last one makes the folder a student's."""


def run_export(
    model: str | Path,
    output: str | Path,
    *,
    quantize: Quantize = "none",
    labels: Sequence[str] | None = None,
    dev: Iterable[Document] | None = None,
    ignore_labels: Sequence[str] = (),
    force: bool = False,
) -> dict[str, Any]:
    """Write the student of the folder `model` as ONNX into `output`; returns the manifest.

    quantize: "int8" stores a weight in 8 bits and computes the LSTM with them.
    labels: compile an open student for these; None exports it for any labels.
    dev: labelled documents on which int8 must cost less than 0.3 strict F1; the manifest says what
    it costs. `ignore_labels` of them do not count.
    force: take int8 whatever it costs, and without `dev` too.

    The graph is checked by `onnx.checker`. What a run that was cut off has left is completed, and a
    folder that holds this very export stays as it is. Raises `UserError` for a folder that is no
    trained student, an output that holds anything else or cannot be made, and for int8 that costs
    too much.
    """
    source, folder = locate_trained_student(model), Path(output)
    if quantize == "int8" and dev is None and not force:
        raise UserError(
            "What int8 costs must be measured: pass --dev with labelled text, or --force."
        )
    ignore_labels = list_labels(ignore_labels, "ignore_labels")
    dev = None if dev is None else list_documents(dev, "dev")
    description, weights = _read_trained(source)
    if labels is not None:
        description, weights = compile_labels(description, weights, check_labels(labels))
    graphs = _build_graphs(source, description, weights, quantize)
    f1, borders = None, None
    if quantize == "int8" and dev is not None:
        f1 = measure_graphs(description, graphs, dev, ignore_labels)
        splitter = find_splitter(description.featurizer.word_splitter)
        borders = measure_borders(dev, splitter, "dev").to_dict()
        if not force:
            check_loss(f1)
    # Only now: what was wrong must not leave a folder behind.
    with lock_folder(folder), fill_folder(folder, _FILES) as staging:
        write_atomically(staging / GRAPH_FILE, graphs[quantize])
        write_description(description, staging)
        names = (CONFIG_FILE, GRAPH_FILE, TOKENIZER_FILE)
        about = _describe(weights, quantize, f1)
        if borders is not None:
            about["dev_borders"] = borders
        return write_manifest(staging, names, about)


def _read_trained(source: Path) -> tuple[Description, dict[str, Any]]:
    files = FolderFiles(source)
    description = read_description(files)
    if not files.has(WEIGHTS_FILE):
        raise UserError(
            f"{source} has no {WEIGHTS_FILE}; give a folder that 'distilgliner distill' wrote."
        )
    try:
        weights = load(files.read_checked(WEIGHTS_FILE))
        wrong = [name for name in sorted(weights) if not np.isfinite(weights[name]).all()]
    except (SafetensorError, TypeError, ValueError) as error:
        raise damaged(source, f"{WEIGHTS_FILE}: {error}") from None
    if wrong:
        raise damaged(source, f"{WEIGHTS_FILE}: {wrong[0]} has weights that are no numbers")
    return description, weights


def _build_graphs(
    source: Path, description: Description, weights: dict[str, Any], quantize: Quantize
) -> dict[str, bytes]:
    """The graph without quantization, and the one in 8 bits where that is wanted."""
    try:
        from distilgliner.runtime.graph import build_graph
    except ModuleNotFoundError as error:
        if error.name != "onnx":
            raise
        raise missing_extra("onnx", "export") from None
    wanted = QUANTIZE if quantize == "int8" else QUANTIZE[:1]
    try:
        return {
            name: build_graph(description.config, weights, int8=name == "int8").SerializeToString(
                deterministic=True
            )
            for name in wanted
        }
    except (KeyError, ValueError) as error:
        raise damaged(source, error) from None


def _describe(
    weights: dict[str, Any], quantize: Quantize, f1: dict[str, float] | None
) -> dict[str, Any]:
    from distilgliner.runtime.graph import IR_VERSION, OPSET

    return {
        "distilgliner": __version__,
        "opset": OPSET,
        "ir_version": IR_VERSION,
        "quantize": quantize,
        "dev_f1": f1,
        "parameters": _count_parameters(weights),
    }


def _count_parameters(weights: dict[str, Any]) -> dict[str, int]:
    embedding = sum(value.size for name, value in weights.items() if "embedding" in name)
    total = sum(value.size for value in weights.values())
    return {"total": total, "embedding": embedding, "other": total - embedding}
