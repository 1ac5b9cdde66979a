"""What the bundled teacher does with labels and texts that it has never seen, as Markdown."""

from __future__ import annotations

from typing import Any

from benchmarks.teacher.card import build_unseen_table


def build_unseen_section(result: dict[str, Any]) -> str:
    """One row a corpus."""
    machine = result["machine"]
    return "\n".join(
        [
            "## Labels and texts that the teacher has never seen",
            "",
            "Strict span F1 in per cent, threshold 0.5, on the whole test text of English corpora "
            "that neither version of the bundled teacher was trained on (of wikigold all text), "
            "all labels of a corpus in one prompt, without the catch-all. *before* is the first "
            "version; the general student has three of the labels.",
            "",
            f"Measured on {result['date']}, {machine['cpu']}, {machine['cores']} cores, with "
            "`python benchmarks/unseen/unseen.py` "
            "([labels and sources](../../benchmarks/unseen/unseen.yaml), "
            "[results](../../benchmarks/unseen/results/unseen.json)).",
            "",
            build_unseen_table(result),
            "",
        ]
    )
