"""Write docs/results.md from the committed results: `python benchmarks/tables.py`."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import yaml
from ablation_table import build_ablation_section
from corpora_table import build_corpora_section, update_readme
from curves_table import build_curves_section, draw_curves
from general_table import build_general_section
from mixtures_table import build_mixtures_section
from presidio_table import build_presidio_section
from rehearsal_table import build_rehearsal_section
from runtime_table import build_runtime_section
from students_table import build_students_section
from teacher_card import update_card
from teacher_trials_table import build_teacher_trials_section
from textbrewer_table import build_textbrewer_section
from unseen_students_table import build_unseen_students_section, update_readme_unseen
from unseen_table import build_unseen_section

from distilgliner.bundled import bundled_teacher
from distilgliner.compare.report.svg import render_file
from distilgliner.compare.report.verdict import build_verdict
from distilgliner.compare.results import FINETUNED, TEACHER, Results, read_results
from distilgliner.files import read_json

HERE = Path(__file__).parent
NAMES = ("wnut17", "bc5cdr", "crossner_politics")
ARMS = ("gold", "hard", "soft", "mixed")


def build_tables(results: Results) -> str:
    """One comparison as Markdown: what it measured, quality, differences, cost."""
    machine = results.machine
    lines = [
        f"## {results.name}",
        "",
        build_verdict(results),
        "",
        f"Measured on {results.created:%Y-%m-%d}, {machine.cpu}, {machine.cores} cores, "
        f"torch {machine.torch}, with `python benchmarks/compare.py {results.name}` "
        f"([configuration](../benchmarks/corpora/{results.name}.yaml), "
        f"[results](../benchmarks/results/{results.name}.json)). "
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


def main() -> None:
    """Read every committed comparison and write the page, and README's table."""
    parts = [
        "# Results",
        "",
        "Strict span F1 in per cent on human labels of the test splits, mean ± standard deviation "
        "over the seeds. Dev chose epoch and threshold; test was measured once. The teacher "
        "is the bundled checkpoint; it was trained on the train splits of these corpora, human "
        "labels included, but for those that a heading says it has not seen, and of three CrossNER "
        "sets also on dev but for its first 100 sentences, see its model card. The comparisons of "
        "bc5cdr, crossner_politics and wnut17 are the study that this project began with: "
        "`bilstm-tagger`, targets alone, no hidden states ([settings](../benchmarks/study.yaml)); "
        "the teachers of bc5cdr and "
        "crossner_politics were fine-tuned before dev chose among mixtures of old and new weights "
        "([decision 23](decisions/0023-mixtures.md)). "
        "Written by `python benchmarks/tables.py`.",
        "",
    ]
    ten = _read("corpora")
    unseen, unseen_students = _read("unseen"), _read("unseen_students")
    readme = HERE.parent / "README.md"
    text = update_readme(readme.read_text(encoding="utf-8"), ten)
    readme.write_text(update_readme_unseen(text, unseen_students), encoding="utf-8")
    _update_teacher_card(ten, unseen)
    curves = _read("curves")
    for name, found in curves["corpora"].items():
        picture = HERE.parent / "docs" / "images" / f"curves-{name}.svg"
        picture.write_text(render_file(draw_curves(name, found)), encoding="utf-8")
    parts += [
        build_corpora_section(ten),
        build_general_section(_read("general_student"), ten),
        build_unseen_section(unseen),
        build_unseen_students_section(unseen_students),
        build_textbrewer_section(_read("textbrewer")),
        build_curves_section(curves),
        build_students_section(read_results(HERE / "results" / "students.json")),
        *(build_tables(read_results(HERE / "results" / f"{name}.json")) for name in NAMES),
        build_mixtures_section(_read("mixtures")),
        build_rehearsal_section(_read("rehearsal")),
        build_teacher_trials_section(_read("teacher_trials")),
        build_ablation_section(_read("ablation")),
        build_runtime_section(_read("runtime")),
        build_presidio_section(_read("presidio")),
    ]
    (HERE.parent / "docs" / "results.md").write_text("\n".join(parts), encoding="utf-8")


def _read(name: str) -> dict[str, Any]:
    result: dict[str, Any] = read_json(HERE / "results" / f"{name}.json", "measure again")
    return result


def _update_teacher_card(ten: dict[str, Any], unseen: dict[str, Any]) -> None:
    """The tables in the bundled teacher's card."""
    card = bundled_teacher() / "README.md"
    found = _read("bundled_teacher")
    recipe = yaml.safe_load((HERE / "bundled_teacher.yaml").read_text(encoding="utf-8"))
    whole = {name: corpus["test_f1"] for name, corpus in ten["corpora"].items()}
    text = update_card(card.read_text(encoding="utf-8"), found, recipe, whole, unseen)
    card.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
