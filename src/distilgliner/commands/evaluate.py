"""`distilgliner evaluate`: how well a model finds what people have labelled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from distilgliner.commands.options import LABELS_PER_PROMPT
from distilgliner.commands.parameters import PATH, as_list
from distilgliner.commands.reading import OFFSETS, TAG_COLUMN, build_reading

if TYPE_CHECKING:
    from distilgliner.evaluate.run import Evaluation


@click.command()
@click.option(
    "--model", required=True, help="Folder or hub id of a student or a GLiNER checkpoint."
)
@click.option(
    "--gold",
    "--input",
    required=True,
    help="Labelled documents: a file, '-' or hf:NAME:SPLIT, optionally with a slice [:100]. "
    "--input is another name of this option.",
)
@click.option(
    "--labels",
    multiple=True,
    callback=as_list,
    help="Labels, as a,b or @FILE. Default: a closed student's own, else those in gold. Repeat "
    "for groups that a GLiNER checkpoint is asked for in prompts of their own.",
)
@LABELS_PER_PROMPT
@click.option("--ignore-labels", help="Gold labels to leave out, as a,b or @FILE.")
@click.option("--format", help="Format of the labelled documents, when their name does not tell.")
@OFFSETS
@TAG_COLUMN
@click.option("--threshold", default=0.5, type=float, help="Only entities that score above it.")
@click.option(
    "--annotations",
    type=PATH,
    help="A teacher's annotations of the same texts, to measure the agreement with it.",
)
@click.option("--json", "json_output", type=PATH, help="Also write the result as JSON.")
def evaluate(
    model: str,
    gold: str,
    labels: list[str],
    labels_per_prompt: int | None,
    ignore_labels: str,
    format: str,
    offsets: str,
    tag_column: str | None,
    threshold: float,
    annotations: Path,
    json_output: Path,
) -> None:
    """Measure strict span F1 (micro, macro, per label) and word scores against human labels."""
    from distilgliner.commands.options import (
        check_threshold,
        note_borders,
        note_shortened,
        note_unspaced,
        parse_labels,
        parse_prompts,
    )
    from distilgliner.corpus.read import read_documents
    from distilgliner.corpus.source import check_not_input, parse_source
    from distilgliner.corpus.write import open_atomically
    from distilgliner.evaluate.run import run_evaluation

    check_threshold(threshold)
    if json_output is not None:
        check_not_input(json_output, gold)
    wanted, prompts = parse_prompts(labels, labels_per_prompt)
    ignored = parse_labels(ignore_labels) or ()
    store = None
    if annotations is not None:
        from distilgliner.annotate.store import open_store  # needs pyarrow

        store = open_store(annotations)
    evaluation = run_evaluation(
        model,
        read_documents(gold, **build_reading(format, offsets, tag_column)),
        labels=wanted,
        prompts=prompts,
        ignore_labels=ignored,
        threshold=threshold,
        annotations=store,
        calibration=True,
        source=parse_source(gold).title,
        quiet=False,
    )
    if json_output is not None:
        with open_atomically(json_output) as stream:
            found = {"model": model, "input": gold, **evaluation.to_dict()}
            stream.write(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    click.echo(format_table(evaluation))
    click.echo(describe(evaluation))
    note_shortened(evaluation.shortened_words)
    note_borders(evaluation.borders)
    note_unspaced(evaluation.unspaced, evaluation.documents)


def format_table(evaluation: Evaluation) -> str:
    """Strict span scores in percent: a row for each label, then macro and micro."""
    spans = evaluation.quality.spans
    rows = [*spans.per_label.items(), ("macro", spans.macro), ("micro", spans.micro)]
    width = max(len(name) for name, _ in rows)
    heads = f"{'label':{width}}{_format_cells(('precision', 'recall', 'F1', 'gold'))}"
    rule = "─" * len(heads)
    lines = ["Entities, strict (%)", heads, rule]
    for name, scores in rows:
        if scores is spans.macro:
            lines.append(rule)
        shares = (scores.precision, scores.recall, scores.f1)
        cells = [f"{100 * share:.1f}" for share in shares]
        lines.append(f"{name:{width}}{_format_cells([*cells, str(scores.support)])}")
    return "\n".join(lines)


def _format_cells(cells: Sequence[str]) -> str:
    widths = (9, 6, 6, 6)
    return "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def describe(evaluation: Evaluation) -> str:
    """The lines under the table."""
    words = evaluation.quality.words
    lines = [
        f"{evaluation.documents:,} documents, {evaluation.words:,} words",
        f"Words: accuracy {100 * words.accuracy:.1f} %, recall {100 * words.recall:.1f} %, "
        f"precision {100 * words.precision:.1f} %, F1 {100 * words.f1:.1f} %",
    ]
    calibration = evaluation.quality.calibration
    if calibration is not None and calibration.ece is not None:
        lines.append(
            f"Scores: expected calibration error {100 * calibration.ece:.1f} % "
            f"({calibration.entities:,} entities above {calibration.floor:g})"
        )
    if evaluation.agreement is not None:
        lines.append(f"Agreement with the teacher: F1 {100 * evaluation.agreement.f1:.1f} %")
    return "\n".join(lines)
