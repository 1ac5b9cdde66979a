"""What a student does as a recognizer of Presidio, beside its teacher, as Markdown."""

from __future__ import annotations

from typing import Any

NAMES = {
    "teacher": "Presidio's `GLiNERRecognizer`, the bundled teacher",
    "student": "`DistilGLiNERRecognizer`, the general student",
}


def build_presidio_section(result: dict[str, Any]) -> str:
    """One row a recognizer."""
    machine = result["machine"]
    rows = result["recognizers"]
    lines = [
        "## In Presidio",
        "",
        f"People and organizations in the {result['documents']:,} test sentences of presidio_pii "
        "(synthetic; both models have read its train sentences, the teacher with their labels), "
        "one by one through Presidio's analyzer with nothing else in it: strict span F1 in per "
        "cent at threshold 0.5, and the median time of a sentence on one thread.",
        "",
        f"Measured on {result['date']}, {machine['cpu']}, {machine['cores']} cores, with "
        "`python benchmarks/presidio/measure.py` "
        "([results](../../benchmarks/presidio/results/presidio.json)).",
        "",
        "| recognizer | F1 | precision | recall | ms a sentence |",
        "|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        cells = [f"{100 * row[key]:.1f}" for key in ("f1", "precision", "recall")]
        lines.append(f"| {NAMES[name]} | {' | '.join(cells)} | {row['ms']:.1f} |")
    faster = rows["teacher"]["ms"] / rows["student"]["ms"]
    lines += ["", f"The student's sentence takes 1/{faster:.0f} of its teacher's time.", ""]
    return "\n".join(lines)
