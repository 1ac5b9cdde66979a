"""F1 against transfer text and against gold: a table and a picture, from results/curves.json."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from benchmarks.common.grid_log import describe_measuring
from distilgliner.compare.report import svg
from distilgliner.compare.report.svg import Drawing, Scale

PANEL, HEIGHT = 400.0, 330.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 34.0, 20.0, 40.0, 44.0
_GAP = 40.0

Curve = list[tuple[int, dict[str, Any]]]
"""How many documents, and the row that was measured with them, fewest first."""


def find_curves(found: Mapping[str, Any]) -> dict[str, Curve]:
    """Of one corpus: `transfer` is the label-free student, `gold` and `mixed` are by gold.

    The student without labels is where `mixed` begins, with no gold.
    """
    rows, documents = found["rows"], found["documents"]
    curves: dict[str, Curve] = {"transfer": [], "gold": [], "mixed": []}
    for name, row in rows.items():
        count = re.search(r"\d+", name)
        if name.startswith("soft"):
            curves["transfer"].append((int(count[0]) if count else documents["transfer"], row))
            if count is None:
                curves["mixed"].append((0, row))
        else:
            curve = curves["gold" if name.startswith("gold") else "mixed"]
            curve.append((int(count[0]) if count else documents["gold"], row))
    return {name: sorted(curve, key=lambda point: point[0]) for name, curve in curves.items()}


def build_curves_section(result: Mapping[str, Any]) -> str:
    """The table; the picture lies in docs/images."""
    runs = [run for found in result["corpora"].values() for run in found["runs"].values()]
    lines = [
        "## More text, more labels",
        "",
        "Strict span F1 in per cent on the test split, "
        f"{result['student']}, mean ± standard deviation over the seeds, each with other samples. "
        "`soft` learns from a part of the transfer text and no label; `gold` and `mixed` have so "
        "many gold sentences, and human-labelled dev only with all of them: with fewer, the "
        "teacher's labels of the dev text choose for `mixed`, a tenth of the gold for `gold`. The "
        "teacher is the bundled one as it is, and was trained on this corpus; students begin with "
        "random weights.",
        "",
        f"{describe_measuring(result, runs)}, with "
        "`python benchmarks/quality/corpora.py --settings benchmarks/quality/curves.yaml` "
        "([rows](../../benchmarks/quality/curves.yaml), "
        "[results](../../benchmarks/quality/results/curves.json)).",
        "",
    ]
    for corpus, found in result["corpora"].items():
        curves = find_curves(found)
        lines += [
            f"![F1 on {corpus} by text and by labels](../images/curves-{corpus}.svg)",
            "",
            f"{corpus}, teacher {100 * found['test_f1']:.1f}:",
            "",
            *_build_table("transfer documents", {"soft": curves["transfer"]}),
            "",
            *_build_table("gold sentences", {name: curves[name] for name in ("gold", "mixed")}),
            "",
        ]
    return "\n".join(lines)


def _build_table(what: str, curves: Mapping[str, Curve]) -> list[str]:
    counts = sorted({count for curve in curves.values() for count, _ in curve})
    lines = [
        f"| {what} | " + " | ".join(f"{count:,}" for count in counts) + " |",
        "|---|" + "---|" * len(counts),
    ]
    for name, curve in curves.items():
        by_count = dict(curve)
        cells = [_write(by_count[count]) if count in by_count else "—" for count in counts]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _write(row: Mapping[str, Any]) -> str:
    mean, spread = 100 * row["test_f1"], row["test_f1_spread"]
    return f"{mean:.1f}" if spread is None else f"{mean:.1f} ± {100 * spread:.1f}"


def draw_curves(corpus: str, found: Mapping[str, Any]) -> Drawing:
    """Two panels with one scale of F1: by transfer text, by gold; the teacher is a dashed line."""
    curves = find_curves(found)
    values = [100 * row["test_f1"] for curve in curves.values() for _, row in curve]
    ticks = svg.compute_ticks(max(0, min(values) - 1), 100 * found["test_f1"] + 1)
    left = _draw_panel(
        "transfer documents", {"soft": curves["transfer"]}, ticks, 100 * found["test_f1"]
    )
    right = _draw_panel(
        "gold sentences",
        {"gold": curves["gold"], "mixed": curves["mixed"]},
        ticks,
        100 * found["test_f1"],
    )
    body = left + svg.move(PANEL + _GAP, 0, right)
    title = f"F1 on {corpus} against transfer text and against gold sentences"
    return Drawing(2 * PANEL + _GAP, HEIGHT, body, title)


def _draw_panel(what: str, curves: Mapping[str, Curve], ticks: list[float], teacher: float) -> str:
    counts = sorted({count for curve in curves.values() for count, _ in curve})
    x = _Places(counts)
    y = Scale(ticks[0], ticks[-1], HEIGHT - _BOTTOM, _TOP)
    parts = [svg.text(0, 12, f"F1 (%) by {what}", size=13, tone="ink", bold=True)]
    for tick in ticks:
        parts.append(svg.rule(_LEFT, y(tick), PANEL - _RIGHT, y(tick)))
        parts.append(svg.text(_LEFT - 7, y(tick) + 4, f"{tick:g}", anchor="end"))
    for count in counts:
        parts.append(svg.text(x(count), HEIGHT - _BOTTOM + 17, f"{count:,}", anchor="middle"))
    parts.append(svg.text((_LEFT + PANEL - _RIGHT) / 2, HEIGHT - 6, what, anchor="middle"))
    line = svg.rule(_LEFT, y(teacher), PANEL - _RIGHT, y(teacher), kind="", dash="5 4")
    parts.append(svg.group("teacher", line))
    parts.append(svg.text(_LEFT + 4, y(teacher) - 6, "teacher", tone="ink", halo=True))
    for name, curve in curves.items():
        points = [(x(count), y(100 * row["test_f1"])) for count, row in curve]
        spreads = [100 * (row["test_f1_spread"] or 0.0) for _, row in curve]
        means = [100 * row["test_f1"] for _, row in curve]
        lower = [(p[0], y(m - s)) for p, m, s in zip(points, means, spreads, strict=True)]
        upper = [(p[0], y(m + s)) for p, m, s in zip(points, means, spreads, strict=True)]
        marks = "".join(svg.marker(name, *point) for point in points)
        parts.append(svg.group(name, svg.band(lower, upper), svg.polyline(points, width=2), marks))
        last = points[-1]
        below = name == "gold"
        parts.append(
            svg.text(
                last[0], last[1] + (20 if below else -11), name, anchor="end", tone="ink", halo=True
            )
        )
    return "".join(parts)


class _Places:
    """Counts side by side at equal steps: 0 has no logarithm."""

    def __init__(self, counts: list[int]) -> None:
        step = (PANEL - _LEFT - _RIGHT - 40) / max(1, len(counts) - 1)
        self._place = {count: _LEFT + 20 + index * step for index, count in enumerate(counts)}

    def __call__(self, count: int) -> float:
        return self._place[count]
