"""A comparison as a Markdown section, from what `compare.py` measured."""

from __future__ import annotations

import statistics

from distilgliner.compare.report.verdict import build_verdict
from distilgliner.compare.results import FINETUNED, TEACHER, Results

ARMS = ("gold", "hard", "soft", "mixed")


def build_compare_section(results: Results) -> str:
    """One comparison as Markdown: what it measured, quality, differences, cost."""
    machine = results.machine
    lines = [
        f"## {results.name}",
        "",
        build_verdict(results),
        "",
        f"Measured on {results.created:%Y-%m-%d}, {machine.cpu}, {machine.cores} cores, "
        f"torch {machine.torch}, with `python benchmarks/quality/compare.py {results.name}` "
        f"([configuration](../../benchmarks/common/corpora/{results.name}.yaml), "
        f"[results](../../benchmarks/quality/results/{results.name}.json)). "
        f"Gold: {results.data['gold'].documents:,} documents, transfer text: "
        f"{results.data['transfer'].documents:,}, test: {results.data['test'].documents:,}.",
        "",
        "| student | arm | F1 on test | macro F1 | word accuracy | agreement with the teacher |",
        "|---|---|---|---|---|---|",
        *_teacher_rows(results),
    ]
    for student in dict.fromkeys(run.student for run in results.runs):
        for arm in ARMS:
            runs = [run for run in results.runs if (run.student, run.arm) == (student, arm)]
            if runs:
                lines.append(
                    _row(
                        student,
                        arm,
                        [run.quality.micro.f1 for run in runs],
                        [run.quality.macro.f1 for run in runs],
                        [run.quality.word.accuracy for run in runs],
                        [run.agreement.f1 for run in runs],
                    )
                )
    lines += ["", "| student | difference | F1 | 95 % interval | p |", "|---|---|---|---|---|"]
    for row in results.significance:
        lines.append(
            f"| {row.student} | {row.a} − {row.b} | {100 * row.difference:+.1f} | "
            f"{100 * row.low:+.1f} to {100 * row.high:+.1f} | {row.p:.3f} |"
        )
    return "\n".join([*lines, "", *_build_costs(results), ""])


def _teacher_rows(results: Results) -> list[str]:
    named = {TEACHER: results.teacher.quality}
    if results.finetuning is not None:
        named = {TEACHER: results.finetuning.quality, FINETUNED: results.teacher.quality}
    return [
        _row(name, "", [quality.micro.f1], [quality.macro.f1], [quality.word.accuracy], [])
        for name, quality in named.items()
    ]


def _build_costs(results: Results) -> list[str]:
    if not results.costs:
        return ["The students cost what they cost above."]
    lines = [
        "| | parameters | disk | load | peak memory | words/s, 1 thread | latency p50 / p95 |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, cost in results.costs.items():
        lines.append(
            f"| {name} | {cost.parameters.total / 1e6:.1f} M | {cost.disk_bytes / 1e6:.1f} MB | "
            f"{cost.load_seconds:.1f} s | {cost.peak_memory_bytes / 1e6:.0f} MB | "
            f"{cost.words_per_second['1']:,.0f} | "
            f"{cost.latency_ms.p50:.1f} / {cost.latency_ms.p95:.1f} ms |"
        )
    return lines


def _row(student: str, arm: str, *columns: list[float]) -> str:
    return f"| {student} | {arm} | " + " | ".join(_spread(values) for values in columns) + " |"


def _spread(values: list[float]) -> str:
    if not values:
        return "—"
    mean = 100 * statistics.fmean(values)
    return (
        f"{mean:.1f} ± {100 * statistics.stdev(values):.1f}" if len(values) > 1 else f"{mean:.1f}"
    )
