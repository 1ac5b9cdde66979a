"""Other people's students beside ours as a Markdown section, from results/textbrewer.json."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.common.grid_log import describe_measuring

Found = Mapping[str, Any]
"""A corpus: `test_f1` of the teacher, `rows` by name, `runs`."""
_OUR_ROW = "soft, random start"


def build_textbrewer_section(result: Mapping[str, Any]) -> str:
    """F1, and what is kept of the teacher's, on each corpus that has every student; the mean."""
    most = max(len(found["rows"]) for found in result["corpora"].values())
    corpora: Mapping[str, Found] = {
        corpus: {
            **found,
            "rows": {name.replace(_OUR_ROW, "ours"): row for name, row in rows.items()},
        }
        for corpus, found in result["corpora"].items()
        if len(rows := found["rows"]) == most
    }
    names = list(dict.fromkeys(name for found in corpora.values() for name in found["rows"]))
    runs = [run for found in corpora.values() for run in found["runs"].values()]
    lines = [
        "## TextBrewer's students",
        "",
        "Strict span F1 in per cent on the test splits. The students of TextBrewer (Yang et al. "
        "2020) taught as ours are: soft targets and hidden states, no label, random weights, the "
        "teacher's labels of dev choose the epoch; one seed. One bidirectional GRU over the "
        "teacher's subword vectors, and four layers of a transformer of 312 units (learning rate "
        "1e-3, best on dev of crossner_music); ours is "
        f"{result['student']}. In brackets the per cent of the teacher's F1.",
        "",
        f"{describe_measuring(result, runs)}, with "
        "`python benchmarks/quality/corpora.py --settings benchmarks/students/textbrewer.yaml` "
        "([rows](../../benchmarks/students/textbrewer.yaml), "
        "[results](../../benchmarks/students/results/textbrewer.json)).",
        "",
        "| corpus | teacher | " + " | ".join(names) + " |",
        "|---|---|" + "---|" * len(names),
    ]
    for corpus, found in corpora.items():
        cells = [_write(found["rows"][name], found["test_f1"]) for name in names]
        lines.append(f"| {corpus} | {100 * found['test_f1']:.1f} | {' | '.join(cells)} |")
    lines.append(_build_mean(list(corpora.values()), names))
    sizes = [_describe_cost(name, list(corpora.values())) for name in names]
    return "\n".join(
        [
            *lines,
            "",
            f"Parameters, and training (roughly: the machines had other work): {'; '.join(sizes)}.",
            "",
        ]
    )


def _build_mean(corpora: Sequence[Found], names: Sequence[str]) -> str:
    teacher = statistics.fmean(found["test_f1"] for found in corpora)
    cells = []
    for name in names:
        mean = statistics.fmean(found["rows"][name]["test_f1"] for found in corpora)
        kept = statistics.fmean(f["rows"][name]["test_f1"] / f["test_f1"] for f in corpora)
        cells.append(f"**{100 * mean:.1f}** ({100 * kept:.1f})")
    return f"| **mean of {len(corpora)}** | **{100 * teacher:.1f}** | {' | '.join(cells)} |"


def _describe_cost(name: str, corpora: Sequence[Found]) -> str:
    """Its size, and its time in times of the first student's."""
    rows = [found["rows"] for found in corpora]
    times = [row[name]["seconds"] / next(iter(row.values()))["seconds"] for row in rows]
    largest = max(row[name]["parameters"] for row in rows)
    return f"{name} {largest / 1e6:.1f} M, {statistics.median(times):.1f}×"


def _write(row: Mapping[str, Any], teacher: float) -> str:
    return f"{100 * row['test_f1']:.1f} ({100 * row['test_f1'] / teacher:.1f})"
