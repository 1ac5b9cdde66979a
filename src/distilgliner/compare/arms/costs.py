"""What the teacher and the students of a comparison cost, measured side by side."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distilgliner.compare.arms.arm import ArmJob
from distilgliner.compare.config import CompareConfig
from distilgliner.compare.results import TEACHER
from distilgliner.corpus.document import Document
from distilgliner.evaluate.cost import run_cost
from distilgliner.files import read_json, write_json
from distilgliner.runtime.export import run_export
from distilgliner.student.folder_files import MANIFEST_FILE

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
    costs: dict[str, Any] = read_json(path, _REMEDY, keys=()) if path.is_file() else {}
    known = {name: costs[name] for name in names if name in costs}
    if len(known) == len(names) or not config.cost_rounds:
        return known
    models: dict[str, str | Path] = {TEACHER: teacher}
    for student in config.students:  # the arms of a student cost the same: any will do
        folder = output / EXPORTED / student
        if not (folder / MANIFEST_FILE).is_file():
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
    write_json(path, costs)
    return costs
