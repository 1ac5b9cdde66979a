"""Keep the quickstart's numbers, of a machine that does nothing else.

    python benchmarks/quality/quickstart.py [--output runs/quickstart]

Goes on from what `make quickstart` has done there. `benchmarks/quality/results/quickstart.json`
gets the results; its example sentences are ours.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.places import RUNS
from distilgliner.bundled import bundled_corpus
from distilgliner.compare.quickstart import build_quickstart_config
from distilgliner.compare.report.verdict import build_verdict
from distilgliner.compare.results import write_results
from distilgliner.compare.run import run_comparison

HERE = Path(__file__).parent


def main() -> None:
    """Run, or read what has run, and copy the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=RUNS / "quickstart")
    results = run_comparison(build_quickstart_config(), parser.parse_args().output)
    # Where the package lies is this machine's business.
    config = json.dumps(results.config).replace(
        str(bundled_corpus("train").parent), "bundled/corpus"
    )
    public = results.model_copy(update={"config": json.loads(config)})
    write_results(public, HERE / "results" / "quickstart.json")
    print(build_verdict(results))


if __name__ == "__main__":
    main()
