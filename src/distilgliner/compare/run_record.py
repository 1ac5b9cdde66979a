"""Whether a folder holds this very comparison: the same settings, texts and human labels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distilgliner.annotate.checkpoint import Checkpoint
from distilgliner.compare.config import SOURCES, CompareConfig
from distilgliner.compare.data import ComparisonData
from distilgliner.distill.training.initial import read_initial
from distilgliner.errors import UserError
from distilgliner.files import read_json, write_json
from distilgliner.folders import REMEDY, check_content

CONFIG_FILE = "compare.json"
# What changes no run: which of them are made, how many at once, where texts were annotated
# before, and what is only shown.
_FREE = {
    "arms",
    "students",
    "seeds",
    "workers",
    "examples",
    "cost_rounds",
    "cost_seconds",
    "name",
    "annotations",
}
# Known by their content, wherever they lie.
_BY_CONTENT = {"teacher", "more_teachers", "initial", "labels_of", *SOURCES}


def record_comparison(
    output: Path, config: CompareConfig, data: ComparisonData, teachers: Sequence[Checkpoint]
) -> None:
    """Write compare.json, or check that the folder holds this very comparison.

    Arms, students and seeds may differ: every run is on its own, so that some can be added later.
    Files may have moved.
    Raises `UserError` for another comparison, or for anything else in the folder.
    """
    path = output / CONFIG_FILE
    check_content(output, CONFIG_FILE, "comparison")
    wanted: dict[str, Any] = json.loads(config.model_dump_json(exclude=_FREE | _BY_CONTENT))
    wanted["teacher"], *others = (teacher.weight_hash for teacher in teachers)
    wanted["more_teachers"] = others or None  # None as in folders of earlier versions
    wanted["initial"] = config.initial and read_initial(config.initial).fingerprint
    if path.is_file():
        found = read_json(path, REMEDY, keys=["data"])
        differing = [key for key in wanted if found.get(key) != wanted[key]]
        if differing:
            raise UserError(
                f"{output} holds a comparison with another {', '.join(differing)}; "
                "give another --output folder or remove this one."
            )
    check_same_data(output, data)
    write_json(path, {**wanted, "data": data.compute_fingerprints()})


def check_same_data(output: Path, data: ComparisonData) -> None:
    """Raise `UserError` if texts or human labels are others than when the comparison began."""
    path = output / CONFIG_FILE
    if not path.is_file():
        return
    found = read_json(path, REMEDY, keys=["data"])["data"]
    wanted = data.compute_fingerprints()
    changed = [part for part in wanted if found.get(part) != wanted[part]]
    if changed:
        raise UserError(
            f"The text or the labels of {', '.join(changed)} are others than when {output} was "
            "begun; give another --output folder, or the same files."
        )
