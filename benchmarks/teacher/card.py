"""The model card of the bundled teacher, from what `evaluate.py` measured."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template
from typing import Any

TEMPLATE = Path(__file__).with_name("card.md")

LICENCES = {
    "wnut17": "CC BY 4.0", "btc": "CC BY 4.0", "bc5cdr": "CC BY 4.0", "ncbi_disease": "CC BY 4.0",
    "uner_en": "CC BY-SA 4.0", "tweebank": "Apache-2.0", "cyner": "MIT", "crossner_ai": "MIT",
    "crossner_music": "MIT", "crossner_politics": "MIT", "presidio_pii": "MIT",
    "snips_slots": "CC0 1.0", "hwu_nlu": "CC BY 4.0", "tasteset": "MIT", "jnlpba": "CC BY 3.0",
    "linnaeus": "CC BY 4.0", "materials_synthesis": "MIT", "music_reco": "MIT",
    "fin_sec": "CC BY 3.0",
}  # fmt: skip


def build_card(
    found: dict[str, Any],
    recipe: dict[str, Any],
    training: dict[str, Any],
    whole: dict[str, float],
    unseen: dict[str, Any],
) -> str:
    """The text of README.md in the bundled teacher's folder.

    whole: F1 on whole test splits, by corpus. unseen: what `unseen.py` measured.
    """
    after, before = found["scores"]["after"]["corpora"], found["scores"]["before"]["corpora"]
    config, trained = recipe["config"], recipe["corpora"]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        share=training["share"],
        updates=f"{training['updates']:,}",
        sentences=training["sentences"],
        batch=config["batch_documents"],
        learning_rate=f"{config['learning_rate']:g}",
        head_learning_rate=f"{config['head_learning_rate']:g}",
        full=f"{100 * config['prompts']['full_fraction']:.0f}",
        max_labels=config["prompts"]["max_labels"],
        weight=f"{config['focal_alpha'] / (1 - config['focal_alpha']):.0f}",
        renamed=f"{100 * config['prompts']['renamed_fraction']:.0f}",
        joined=f"{100 * config['prompts']['joined_fraction']:.0f}",
        cpu=found["machine"]["cpu"],
        date=found["date"],
        trained=", ".join(f"{name} ({LICENCES[name]})" for name in trained),
        labels=sum(after[name]["labels"] for name in trained),
        table=build_table(after, before, trained, whole),
        unseen=build_unseen_table(unseen),
    )


def update_card(
    text: str,
    found: dict[str, Any],
    recipe: dict[str, Any],
    whole: dict[str, float],
    unseen: dict[str, Any],
) -> str:
    """The card with the tables of these numbers; its text stays."""
    after, before = found["scores"]["after"]["corpora"], found["scores"]["before"]["corpora"]
    tables = iter(
        [build_table(after, before, recipe["corpora"], whole), build_unseen_table(unseen)]
    )
    return re.sub(r"(?m)^\|(.*\n\|)*.*$", lambda _: next(tables), text)


def build_table(
    after: dict[str, Any],
    before: dict[str, Any],
    trained: dict[str, Any],
    whole: dict[str, float],
) -> str:
    """A row a corpus, those it was not trained on last."""
    columns = ("corpus", "labels", "sentences", "before", "F1", "P", "R", "whole test")
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for name, row in sorted(after.items(), key=lambda item: item[0] not in trained):
        cells = [
            name if name in trained else f"{name} (not trained on)",
            str(row["labels"]),
            str(row["sentences"]),
            f"{100 * before[name]['f1']:.1f}" if name in before else "—",
            f"**{100 * row['f1']:.1f}**",
            f"{100 * row['precision']:.1f}",
            f"{100 * row['recall']:.1f}",
            f"{100 * whole[name]:.1f}" if name in whole else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def build_unseen_table(result: dict[str, Any]) -> str:
    """A row a corpus: the first version, this one, and the general student where it knows them."""
    columns = ("corpus", "labels", "sentences", "before", "F1", "P", "R", "the general student")
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for name, row in result["corpora"].items():
        scores = row["scores"]
        teacher, student = scores["teacher"], scores.get("general")
        cells = [
            name,
            str(len(row["labels"])),
            f"{row['documents']:,}",
            f"{100 * scores['first version']['f1']:.1f}",
            f"**{100 * teacher['f1']:.1f}**",
            f"{100 * teacher['precision']:.1f}",
            f"{100 * teacher['recall']:.1f}",
            f"{100 * student['f1']:.1f}" if student else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
