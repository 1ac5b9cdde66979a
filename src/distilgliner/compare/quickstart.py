"""The embedded default: the bundled teacher and corpus through the whole way."""

from __future__ import annotations

import shutil
from pathlib import Path

from distilgliner.bundled import bundled_corpus
from distilgliner.compare.arms.arm import ArmJob
from distilgliner.compare.config import CompareConfig, build_compare_config
from distilgliner.compare.results import Results
from distilgliner.compare.run import run_comparison
from distilgliner.distill.run import read_result
from distilgliner.runtime.export import run_export

LABELS = ("person", "organization", "location", "date", "product", "event")
EXAMPLES = (
    "Marta Kowalczyk from Siemens called on Tuesday about the broken pump in Leipzig.",
    "Our flight to Nairobi was moved to 14 March, so Tunde will miss the Web Summit.",
    "The Garmin Forerunner 265 that I bought in Utrecht last week loses its signal.",
)
STUDENT_FOLDER = "student"


def build_quickstart_config(
    *, epochs: int = 6, transfer: int = 2000, finetune_epochs: int = 5
) -> CompareConfig:
    """One seed, all four arms; `transfer` sentences of unlabelled text beside the gold text."""
    gold = str(bundled_corpus("train"))
    return build_compare_config(
        {
            "name": "quickstart",
            "teacher": "bundled",
            "labels": LABELS,
            "gold": gold,
            "transfer": [
                str(bundled_corpus("train")),
                f"{bundled_corpus('transfer')}[:{transfer}]",
            ],
            "dev": str(bundled_corpus("dev")),
            "test": str(bundled_corpus("test")),
            "initial": "general",
            "seeds": [0],
            "training": {"epochs": epochs},
            # The bundled teacher is shy of label sets that it was not trained with; it learns this
            # one from the gold first.
            "finetune": {
                "epochs": finetune_epochs,
                "learning_rate": 1e-4,
                "head_learning_rate": 3e-4,
                "dropout": 0.0,
                "freeze": ["subwords"],
            },
            "cost_rounds": 1,
            "cost_seconds": 2.0,
        }
    )


def run_quickstart(
    output: str | Path, config: CompareConfig, *, quiet: bool = False
) -> tuple[Results, Path]:
    """Compare the arms and export the student with the best dev F1 against human labels.

    Returns the results and the folder of that student, which runs without torch.
    """
    output = Path(output)
    results = run_comparison(config, output, quiet=quiet)
    best = max(_human_chosen(config, output), key=lambda job: read_result(job.folder)["dev_f1"])
    folder = output / STUDENT_FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    run_export(best.folder, folder)
    return results, folder


def _human_chosen(config: CompareConfig, output: Path) -> list[ArmJob]:
    """The runs whose dev F1 is against human labels, which alone can be compared."""
    return [
        ArmJob(config, output, arm, student, seed)
        for student in config.students
        for arm in config.arms
        for seed in config.seeds
        if arm in ("gold", "mixed")
    ]
