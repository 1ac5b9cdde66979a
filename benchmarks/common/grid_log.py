"""What is measured: in the folders of this machine's runs and, if wanted, in committed results."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from distilgliner.files import read_json, write_json

MEASURED_FILE = "measured.json"

Measured = dict[str, Any]
"""One run: its row's name, seed, dev_f1, test_f1, parameters, seconds, and the CPU it ran on."""


class RunLog:
    """The measured runs of one grid of recipes, by the fingerprints of what was run.

    folder: of this machine's runs, one folder a fingerprint. known: runs measured elsewhere.
    """

    def __init__(self, folder: Path, known: Mapping[str, Measured]) -> None:
        self.folder = folder
        self._known = known

    def find(self, fingerprint: str) -> Measured | None:
        """What a run has measured; None if it has not been."""
        path = self.folder / fingerprint / MEASURED_FILE
        if path.is_file():
            found: Measured = read_json(path, "remove it")
            return found
        return self._known.get(fingerprint)

    def find_all(self, fingerprints: Iterable[str]) -> dict[str, Measured]:
        """Those of the runs that are measured."""
        found = {fingerprint: self.find(fingerprint) for fingerprint in fingerprints}
        return {fingerprint: run for fingerprint, run in found.items() if run is not None}

    def add(self, fingerprint: str, measured: Measured) -> None:
        """Keep what a run has measured."""
        write_json(self.folder / fingerprint / MEASURED_FILE, measured)


def summarize(runs: Sequence[Measured]) -> dict[str, Any]:
    """Means over the seeds; spread is the standard deviation, None of one seed."""
    summary: dict[str, Any] = {"seeds": len(runs)}
    for key in ("dev_f1", "test_f1"):
        values = [run[key] for run in runs]
        summary[key] = statistics.fmean(values)
        summary[f"{key}_spread"] = statistics.stdev(values) if len(values) > 1 else None
    summary["parameters"] = runs[0]["parameters"]
    summary["seconds"] = statistics.median(run["seconds"] for run in runs)
    return summary


def describe_measuring(result: Mapping[str, Any], runs: Iterable[Measured]) -> str:
    """When and where: "Measured on DATE, CPU, CORES cores", all CPUs if there are several."""
    machine = result["machine"]
    cpus = sorted({run["cpu"] for run in runs} or {machine["cpu"]})
    return f"Measured until {result['date']}, {' and '.join(cpus)}, {machine['cores']} cores"
