"""The students side by side on the bundled corpus: soft targets, three seeds.

    python benchmarks/students/students.py [--output runs/quickstart]

Goes on from the quickstart's own comparison where that is there. What it shows: whether roles make
the open student better than the reference study's decoder, and what being open costs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.places import RUNS
from distilgliner.compare.quickstart import build_quickstart_config
from distilgliner.compare.results import write_results
from distilgliner.compare.run import run_comparison

HERE = Path(__file__).parent
STUDENTS = ("bilstm-crf", "bilstm-tagger", "bilstm-span", "bilstm-tower", "bilstm-tower-reference")


def main() -> None:
    """Train what is not there yet, and keep the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=RUNS / "quickstart")
    arguments = parser.parse_args()
    config = build_quickstart_config().model_copy(
        update={
            "name": "students",
            "students": STUDENTS,
            "arms": ("soft",),
            "seeds": (0, 1, 2),
            "cost_rounds": 0,
        }
    )
    results = run_comparison(config, arguments.output)
    public = results.model_copy(update={"examples": [], "config": {"students": STUDENTS}})
    write_results(public, HERE / "results" / "students.json")
    for run in results.runs:
        print(run.student, run.seed, f"{100 * run.quality.micro.f1:.1f}")


if __name__ == "__main__":
    main()
