"""Which temperature and floor make the teacher's distribution fit people best, on dev.

    python benchmarks/ablation/target_temperature.py [--teacher bundled] [--documents 300]

Prints, for each corpus, the mean −log p of the human tag per word under the semi-Markov marginals,
for temperatures T (rows) and span floors (columns): what chose the defaults of `target` in
`distill/config.py`. Lower is better; no student is trained.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.places import CORPORA, DATA
from distilgliner.annotate.run import run_annotation
from distilgliner.annotate.teacher import load_teacher
from distilgliner.compare.config import read_compare_config
from distilgliner.corpus.labelled import read_labelled_documents
from distilgliner.distill.config import TargetConfig
from distilgliner.distill.targets.gold_pairs import pair_with_gold
from distilgliner.distill.targets.teacher_calibration import compute_tag_loss

HERE = Path(__file__).parent
NAMES = ("wnut17", "bc5cdr", "crossner_politics")
TEMPERATURES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3)
FLOORS = (0.01, 0.05, 0.1, 0.2)


def main() -> None:
    """Annotate some dev documents of each corpus, and try every pair of settings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--teacher", default="bundled")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--documents", type=int, default=300)
    arguments = parser.parse_args()
    teacher = load_teacher(arguments.teacher)
    for name in NAMES:
        config = read_compare_config(CORPORA / f"{name}.yaml")
        source = f"{arguments.data / name / 'dev.jsonl'}[:{arguments.documents}]"
        gold = read_labelled_documents([source], config.labels, config.ignore_labels)
        with tempfile.TemporaryDirectory() as folder:
            store = run_annotation(
                gold, teacher=teacher, labels=config.labels, output=Path(folder) / "store"
            )
            pairs = pair_with_gold(list(store), gold, store.labels, roles=True)
        print(f"{name}\n  T   " + "".join(f"{floor:>8g}" for floor in FLOORS))
        for temperature in TEMPERATURES:
            losses = [
                compute_tag_loss(
                    pairs,
                    len(config.labels),
                    TargetConfig(span_temperature=temperature, span_floor=floor),
                    roles=True,
                )
                for floor in FLOORS
            ]
            print(f"{temperature:>5g} " + "".join(f"{loss:8.4f}" for loss in losses), flush=True)


if __name__ == "__main__":
    main()
