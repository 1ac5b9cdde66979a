"""What fine-tuned teachers have forgotten with text to keep and without, as Markdown."""

from __future__ import annotations

from typing import Any

_COLUMNS = {
    "before": "unchanged",
    "alone": "fine-tuned",
    "web": "keeping text of the web",
    "tweets": "keeping tweets",
}


def build_rehearsal_section(result: dict[str, Any]) -> str:
    """One row a corpus: dev, and in brackets what it knew before and was told or not to keep."""
    machine = result["machine"]
    lines = [
        "### With text to keep",
        "",
        "The same with `--keep`: unlabelled text beside the gold, as many sentences at most, in "
        "which the teacher goes on finding the people, places and organizations that it finds as "
        "it comes ([decision 24](decisions/0024-rehearsal.md)): sentences of uner_en (the web) or "
        "of btc (tweets), train. Strict span F1 on the dev text that chose the checkpoint; in "
        "brackets on 300 dev sentences of btc, whose labels were to be kept, and on 300 of "
        "ncbi_disease, of whose label nobody spoke. Where dev took a mixture with the old weights, "
        "its share of what was learned. With text to keep, wnut17's gold is all 3,394 sentences of "
        "train, 103 of which stand there twice; the comparison drops those.",
        "",
        f"Measured on {result['date']}, {machine['cpu']}, {machine['cores']} cores, with "
        "`python benchmarks/forgetting/rehearsal.py` "
        "([results](../../benchmarks/forgetting/results/rehearsal.json)).",
        "",
        f"| corpus | gold | {' | '.join(_COLUMNS.values())} |",
        "|---" * (len(_COLUMNS) + 2) + "|",
    ]
    for name, rows in result["corpora"].items():
        cells = [_cell(rows.get(column)) for column in _COLUMNS]
        lines.append(f"| {name} | {rows['alone']['gold']:,} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _cell(row: dict[str, float] | None) -> str:
    if row is None:
        return "—"
    share = row.get("share", 1)
    mixed = f", share {share:g}" if share < 1 else ""
    return f"{100 * row['dev']:.1f} ({100 * row['known']:.1f}, {100 * row['untold']:.1f}){mixed}"
