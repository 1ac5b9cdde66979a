"""Ways to make the bundled teacher better, and what each did on dev, as Markdown."""

from __future__ import annotations

from typing import Any

NAMES = {
    "before": "the bundled teacher",
    "recipe": "its recipe, on",
    "dropout": "with dropout 0.1",
    "often": "btc, bc5cdr and wnut17 three times as often",
    "absent-3": "in half of the prompts up to 3 labels that its corpus should not have",
    "absent-20": "up to 20 of them",
    "masked": "400 updates of guessing masked whole words first",
    "weights": "the mean of the weights of these",
    "scores": "the mean of their scores",
}
"""What each trial is."""


def build_teacher_trials_section(result: dict[str, Any]) -> str:
    """One row a trial."""
    machine = result["machine"]
    missed = result["missed"]
    lines = [
        "## Ways to a better bundled teacher",
        "",
        "Strict span F1 in per cent on **dev**, threshold 0.5, of the bundled teacher trained on, "
        f"a trial a row, each on {result['sentences']:,} sentences at half the rate of its recipe, "
        "one run: on average over the 19 corpora that it was trained on (up to 200 sentences of "
        f"each; of {', '.join(missed)} up to 1,000), and with the label set of the bundled corpus, "
        "which it was not. See [decision 25](decisions/0025-the-teacher-stays.md).",
        "",
        f"Measured on {result['date']}, {machine['cpu']}, {machine['cores']} cores, with "
        "`python benchmarks/teacher/trials.py` "
        "([trials](../../benchmarks/teacher/trials.yaml), "
        "[results](../../benchmarks/teacher/results/trials.json)).",
        "",
        f"| | mean of 19 | {' | '.join(missed)} | labels never seen together |",
        "|---" * (len(missed) + 3) + "|",
    ]
    for name, row in result["rows"].items():
        values = [row["mean"], *(row[corpus] for corpus in missed), row["bundled"]]
        cells = " | ".join(f"{100 * value:.1f}" for value in values)
        lines.append(f"| {NAMES[name]} | {cells} |")
    return "\n".join([*lines, ""])
