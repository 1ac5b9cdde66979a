"""A trained student → the folder that people use: ONNX, in 8 bits where that is as good."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distilgliner.corpus.document import Document
from distilgliner.evaluate.cost import run_cost
from distilgliner.runtime.export import run_export
from distilgliner.runtime.loss import MAX_LOSS
from distilgliner.student.folder_files import CONFIG_FILE

_PARTIAL = ".export-"
"""How the name of an export that is not finished begins."""
_SPEED_TEXTS = 200
_SPEED_SECONDS = 2.0


@dataclass(frozen=True)
class Deployed:
    """The exported student: F1 (0 to 1) on held-out text, bytes, words per second on one core."""

    quantize: str
    f1: float
    f1_unquantized: float
    f1_int8: float
    disk_bytes: int
    words_per_second: float


def deploy_student(
    trained: Path, folder: Path, held_out: Sequence[Document], *, quiet: bool = False
) -> Deployed:
    """Export a trained student into `folder`, replacing one of the same run, and measure it there.

    8 bits are taken where they cost less than 0.3 strict F1 on the held-out text.
    """
    for killed in folder.glob(f"{_PARTIAL}*"):  # the folder is this run's alone
        shutil.rmtree(killed, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=_PARTIAL) as parent:
        exported = Path(parent) / "student"
        manifest = _export(trained, exported, held_out)
        # config.json is last, for it makes the folder a student.
        names = sorted(path.name for path in exported.iterdir())
        for name in sorted(names, key=CONFIG_FILE.__eq__):
            (exported / name).replace(folder / name)
    quantize, f1 = manifest["quantize"], manifest["dev_f1"]
    texts = [document.text for document in held_out[:_SPEED_TEXTS]]
    cost = run_cost(
        {"student": folder},
        texts,
        None,
        rounds=1,
        threads=[1],
        budget_seconds=_SPEED_SECONDS,
        quiet=quiet,
    )["student"]
    return Deployed(
        quantize=quantize,
        f1=f1[quantize],
        f1_unquantized=f1["none"],
        f1_int8=f1["int8"],
        disk_bytes=sum((folder / name).stat().st_size for name in names),
        words_per_second=cost["words_per_second"]["1"],
    )


def _export(trained: Path, exported: Path, held_out: Sequence[Document]) -> dict[str, Any]:
    manifest = run_export(trained, exported, quantize="int8", dev=held_out, force=True)
    f1 = manifest["dev_f1"]
    if f1["none"] - f1["int8"] < MAX_LOSS:
        return manifest
    for path in exported.iterdir():
        path.unlink()
    return {**run_export(trained, exported), "dev_f1": f1}
