"""What fine-tuned teachers have learned and forgotten, as Markdown."""

from __future__ import annotations

from typing import Any


def build_mixtures_section(result: dict[str, Any]) -> str:
    """One row a teacher: dev, and in brackets what it knew before."""
    machine = result["machine"]
    teachers = result["teachers"]
    shares = [each["share"] for each in next(iter(teachers.values()))["shares"]]
    lines = [
        "## What fine-tuning forgets",
        "",
        "Strict span F1 in per cent on the dev text that chose the fine-tuned teacher, by the "
        "share of what was learned that is mixed into the bundled teacher's weights "
        "([decision 23](decisions/0023-mixtures.md)); in brackets F1 on 300 dev sentences of btc, "
        "tweets that it knew.",
        "",
        f"Measured on {result['date']}, {machine['cpu']}, {machine['cores']} cores, with "
        "`python benchmarks/forgetting/mixtures.py` "
        "([results](../../benchmarks/forgetting/results/mixtures.json)).",
        "",
        f"| corpus | gold | {' | '.join(f'{share:g}' for share in shares)} |",
        "|---" * (len(shares) + 2) + "|",
    ]
    for name, teacher in teachers.items():
        cells = [f"{100 * row['dev']:.1f} ({100 * row['known']:.1f})" for row in teacher["shares"]]
        lines.append(f"| {name} | {teacher['gold']:,} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])
