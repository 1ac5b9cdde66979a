"""The ten corpora as a Markdown section, from benchmarks/results/corpora.json."""

from __future__ import annotations

import statistics
from typing import Any

from grid_log import describe_measuring


def build_corpora_section(result: dict[str, Any]) -> str:
    """One row a corpus, and the mean over those that have every column."""
    runs = [run for found in result["corpora"].values() for run in found["runs"].values()]
    corpora = result["corpora"]
    names = list(dict.fromkeys(name for found in corpora.values() for name in found["rows"]))
    counts = {row["seeds"] for found in corpora.values() for row in found["rows"].values()}
    lines = [
        "## Ten corpora",
        "",
        f"Strict span F1 in per cent on the test splits, {result['student']}, "
        f"{_describe_seeds(counts)}. The teacher is the bundled one as it is. Students with a "
        "teacher begin with the general one, but for `random start`. `soft` sees no human "
        "label: the teacher's labels of the dev text choose its epoch. `100` has that many gold "
        "sentences, another sample for each seed, and no dev. Kept: F1 of `soft` in per cent of "
        "the teacher's. The teacher was trained on the train splits, so that it is no teacher for "
        "a language or domain that is new to it.",
        "",
        f"{describe_measuring(result, runs)}, with "
        "`python benchmarks/corpora.py` ([rows](../benchmarks/corpora.yaml), "
        "[corpora](../benchmarks/corpora), [results](../benchmarks/results/corpora.json)).",
        "",
        "| corpus | gold | transfer | teacher | " + " | ".join(names) + " | kept |",
        "|---|---|---|---|" + "---|" * len(names) + "---|",
    ]
    for corpus, found in corpora.items():
        rows = [found["rows"].get(name) for name in names]
        soft = found["rows"].get("soft")
        kept = "—" if soft is None else f"{100 * soft['test_f1'] / found['test_f1']:.1f} %"
        documents = found["documents"]
        lines.append(
            f"| {corpus} | {documents['gold']:,} | {documents['transfer']:,} | "
            f"{100 * found['test_f1']:.1f} | {' | '.join(map(_spread, rows))} | {kept} |"
        )
    return "\n".join([*lines, _build_mean(corpora, names), ""])


def _describe_seeds(counts: set[int]) -> str:
    if counts == {1}:
        return "one seed"
    span = " to ".join(map(str, sorted({min(counts), max(counts)})))
    return f"mean ± standard deviation over {span} seeds"


def _build_mean(corpora: dict[str, Any], names: list[str]) -> str:
    whole = [found for found in corpora.values() if all(name in found["rows"] for name in names)]
    teacher = statistics.fmean(found["test_f1"] for found in whole)
    means = [statistics.fmean(found["rows"][name]["test_f1"] for found in whole) for name in names]
    kept = statistics.fmean(found["rows"]["soft"]["test_f1"] / found["test_f1"] for found in whole)
    cells = " | ".join(f"**{100 * mean:.1f}**" for mean in means)
    return f"| **mean** | | | **{100 * teacher:.1f}** | {cells} | **{100 * kept:.1f} %** |"


def _spread(row: dict[str, Any] | None) -> str:
    if row is None:
        return "—"
    mean, spread = 100 * row["test_f1"], row["test_f1_spread"]
    return f"{mean:.1f}" if spread is None else f"{mean:.1f} ± {100 * spread:.1f}"
