"""What the teacher and the students of a comparison cost, measured side by side."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from distilgliner.checksums import find_change
from distilgliner.compare.arms.arm import ArmJob
from distilgliner.compare.config import CompareConfig
from distilgliner.compare.results import TEACHER, Cost
from distilgliner.corpus.document import Document
from distilgliner.errors import UserError
from distilgliner.evaluate.cost import run_cost
from distilgliner.files import read_json
from distilgliner.finish import read_finish, write_finish
from distilgliner.progress import notify
from distilgliner.runtime.export import run_export
from distilgliner.student.folder_files import (
    CONFIG_FILE,
    GRAPH_FILE,
    MANIFEST_FILE,
    TOKENIZER_FILE,
)

COSTS_FILE = "costs.json"
EXPORTED = "exported"
_REMEDY = "remove it to measure again"


def measure_costs(
    config: CompareConfig,
    output: Path,
    jobs: Sequence[ArmJob],
    test: Sequence[Document],
    teacher: str | Path,
    *,
    quiet: bool,
) -> dict[str, Any]:
    """The cost of the teacher and of each student as it is deployed, measured once and kept.

    When a student is added all are measured again: only one round of measuring compares them.
    """
    path = output / COSTS_FILE
    names = (TEACHER, *config.students)
    costs = _read_costs(path, names) if path.exists() else {}
    known = {name: costs[name] for name in names if name in costs}
    if len(known) == len(names) or not config.cost_rounds:
        return known
    models: dict[str, str | Path] = {TEACHER: teacher}
    for student in config.students:  # the arms of a student cost the same: any will do
        folder = output / EXPORTED / student
        if not _is_exported(folder):
            shutil.rmtree(folder, ignore_errors=True)
            run_export(next(job.folder for job in jobs if job.student == student), folder)
        models[student] = folder
    costs = run_cost(
        models,
        [document.text for document in test],
        config.labels,
        prompts=config.prompts,
        rounds=config.cost_rounds,
        budget_seconds=config.cost_seconds,
        quiet=quiet,
    )
    write_finish(path, costs, ())
    return costs


def _read_costs(path: Path, names: Sequence[str]) -> dict[str, Any]:
    """What was measured; nothing when it is damaged, so that it is measured again."""
    try:
        costs = read_finish(path, _REMEDY, ())
        for name in names:
            if name in costs:
                Cost.model_validate(costs[name])
    except (UserError, ValidationError):
        notify(f"{path} is damaged; the costs are measured again.")
        return {}
    return costs


def _is_exported(folder: Path) -> bool:
    """Whether a student was exported, and is there as it was written."""
    if not (folder / MANIFEST_FILE).is_file():
        return False
    try:
        hashes = read_json(folder / MANIFEST_FILE, _REMEDY, keys=("blake2b",))["blake2b"]
    except UserError:
        return False
    needed = {GRAPH_FILE, CONFIG_FILE, TOKENIZER_FILE}
    if not isinstance(hashes, dict) or not needed <= hashes.keys():
        return False
    return find_change(folder, hashes) is None
