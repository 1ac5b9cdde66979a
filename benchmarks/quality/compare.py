"""Run a committed comparison on a public corpus and keep its numbers.

    python benchmarks/quality/compare.py wnut17 [--data ../shared/data] [--output runs/wnut17]

The settings are those of `benchmarks/quality/study.yaml`, which are the same for all corpora, and
of `benchmarks/common/corpora/NAME.yaml`, which names files below the data folder: JSONL with
`tokens` and `spans`. The whole report goes to the output folder;
`benchmarks/quality/results/NAME.json` gets the results without the example sentences, which are not
ours to publish.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.places import CORPORA, DATA, RUNS
from distilgliner.commands.options import merge_settings
from distilgliner.compare.config import build_compare_config
from distilgliner.compare.report.verdict import build_verdict
from distilgliner.compare.results import write_results
from distilgliner.compare.run import run_comparison

HERE = Path(__file__).parent


def main() -> None:
    """Parse, run, and copy the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="of a YAML file in benchmarks/common/corpora")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--output", type=Path, help="default: runs/NAME")
    arguments = parser.parse_args()
    path = CORPORA / f"{arguments.name}.yaml"
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    study = yaml.safe_load((HERE / "study.yaml").read_text(encoding="utf-8"))
    raw = merge_settings(raw, study)
    config = build_compare_config(raw, base=arguments.data, where=str(path))
    results = run_comparison(config, arguments.output or RUNS / arguments.name)
    # Paths are this machine's; the YAML file says the same without them.
    public = results.model_copy(update={"examples": [], "config": raw})
    write_results(public, HERE / "results" / f"{arguments.name}.json")
    print(build_verdict(results))


if __name__ == "__main__":
    main()
