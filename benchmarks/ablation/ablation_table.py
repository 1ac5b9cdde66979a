"""The ablation as a Markdown section, from benchmarks/ablation/results/ablation.json."""

from __future__ import annotations

from typing import Any

from benchmarks.common.grid_log import describe_measuring


def build_ablation_section(result: dict[str, Any]) -> str:
    """One row a recipe; differences are to the first, which is the recipe itself."""
    rows = result["rows"]
    base = rows[0]
    runs = result["runs"].values()
    lines = [
        "## Methods",
        "",
        f"One change of the recipe a row ({_describe(result['recipe'])}), on {result['corpus']}: "
        "strict span F1 in per cent, mean ± standard deviation over the seeds, and the difference "
        "of the means to the first row. Dev picks, test is reported. A difference below about "
        "twice the spread says little. The teacher is the bundled one as it is.",
        "",
        f"{describe_measuring(result, runs)}, with "
        "`python benchmarks/ablation/ablation.py` "
        "([rows](../../benchmarks/ablation/ablation.yaml), "
        "[results](../../benchmarks/ablation/results/ablation.json)).",
        "",
        "| recipe | seeds | dev | test | test − first | parameters | training |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        change = 100 * (row["test_f1"] - base["test_f1"])
        lines.append(
            f"| {row['name']} | {row['seeds']} | {_spread(row, 'dev_f1')} | "
            f"{_spread(row, 'test_f1')} | {'' if row is base else f'{change:+.1f}'} | "
            f"{row['parameters'] / 1e6:.1f} M | {row['seconds']:.0f} s |"
        )
    return "\n".join([*lines, ""])


def _describe(recipe: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in recipe.items())


def _spread(row: dict[str, Any], key: str) -> str:
    mean, spread = 100 * row[key], row[f"{key}_spread"]
    return f"{mean:.1f}" if spread is None else f"{mean:.1f} ± {100 * spread:.1f}"
