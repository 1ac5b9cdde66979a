"""Students of a teacher that was never trained on the corpus, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.common.grid_log import describe_measuring
from benchmarks.quality.corpora_table import describe_seeds, fill_rows, write_spread

FREE, GOLD, AFTER, FINETUNED = "soft", "gold", "soft, then gold", "fine-tuned, mixed"
OWN = ("mixed", "mixed, no new texts")
"""Where no new texts are made, the second is not run."""
TEACHER, FINETUNED_TEACHER = "teacher", "fine-tuned teacher"
README_COLUMNS = (TEACHER, FREE, FINETUNED_TEACHER, FINETUNED, GOLD)
QUALITY_COLUMNS = (TEACHER, FREE, GOLD, AFTER, FINETUNED_TEACHER, FINETUNED)
"""Of the tables in README.md and docs/explanation/quality.md."""


def build_unseen_students_section(result: Mapping[str, Any]) -> str:
    """One row a corpus: the teacher and its students, as it is and fine-tuned."""
    corpora = result["corpora"]
    runs = [run for found in corpora.values() for run in found["runs"].values()]
    counts = {row["seeds"] for found in corpora.values() for row in found["rows"].values()}
    dev = ", ".join(str(found["documents"]["dev"]) for found in corpora.values())
    lines = [
        "## Students for what the teacher was never trained on",
        "",
        f"Strict span F1 in per cent on the test splits, {result['student']}, "
        f"{describe_seeds(counts)}. Neither the bundled teacher nor the general student, with "
        "which all students but those of gold begin, was trained on these corpora (three test "
        "sentences also stand in other CrossNER sets). `soft` sees no human label at all. The "
        "others have the gold sentences as well, as many as the table says, "
        f"and labelled dev sentences ({dev}) choose their epoch; of the fine-tuned "
        "teacher too, which has learned the same gold. In brackets the per cent of its own "
        "teacher's F1. Where there are a few hundred texts (CrossNER), students with a teacher "
        "learn from up to four new texts of each as well, except in one column. *Soft, then gold* "
        "is the student of gold that begins with that of soft.",
        "",
        f"{describe_measuring(result, runs)}, with `python benchmarks/unseen/unseen_text.py` and "
        "`python benchmarks/quality/corpora.py --settings benchmarks/unseen/unseen_students.yaml` "
        "([rows](../../benchmarks/unseen/unseen_students.yaml), "
        "[results](../../benchmarks/unseen/results/unseen_students.json)).",
        "",
        "| corpus | labels | gold | transfer | teacher | soft | mixed | mixed, no new texts "
        "| gold alone | soft, then gold | fine-tuned teacher | minutes | its mixed |",
        "|---" * 13 + "|",
    ]
    for name, found in corpora.items():
        rows, sizes = found["rows"], found["documents"]
        before, after = found["test_f1"], found["finetuned"]["test_f1"]
        cells = [
            name, str(found["labels"]), f"{sizes['gold']:,}", f"{sizes['transfer']:,}",
            f"{100 * before:.1f}", _write(rows[FREE], before),
            *(_write(rows[name], before) if name in rows else "" for name in OWN),
            write_spread(rows[GOLD]), write_spread(rows[AFTER]),
            f"{100 * after:.1f}", f"{found['finetuned']['seconds'] / 60:.1f}",
            _write(rows[FINETUNED], after),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    kept = statistics.fmean(f["rows"][FREE]["test_f1"] / f["test_f1"] for f in corpora.values())
    summary = f"Without a label students keep {100 * kept:.1f} % of their teacher here, on average."
    return "\n".join([*lines, "", summary, ""])


def update_unseen(text: str, result: Mapping[str, Any], columns: Sequence[str]) -> str:
    """A page whose table of these corpora has these columns' numbers; its descriptions stay."""
    cells = {
        name: " | ".join(f"{100 * read_f1(found, column):.1f}" for column in columns)
        for name, found in result["corpora"].items()
    }
    return fill_rows(text, cells)


def read_f1(found: Mapping[str, Any], column: str) -> float:
    """F1 on test, from 0 to 1, of a teacher or of the students of a row, on one corpus."""
    if column == TEACHER:
        place = found
    elif column == FINETUNED_TEACHER:
        place = found["finetuned"]
    else:
        place = found["rows"][column]
    f1: float = place["test_f1"]
    return f1


def _write(row: dict[str, Any], teacher: float) -> str:
    return f"{write_spread(row)} ({100 * row['test_f1'] / teacher:.1f})"
