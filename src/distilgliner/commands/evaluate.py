"""`distilgliner evaluate`: how well a model finds what people have labelled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from distilgliner.commands.reading import OFFSETS, TAG_COLUMN, build_reading

if TYPE_CHECKING:
    from rich.table import Table

    from distilgliner.evaluate.run import Evaluation


def evaluate(
    model: str = typer.Option(..., help="Folder or hub id of a student or a GLiNER checkpoint."),
    gold: str = typer.Option(
        ...,
        "--gold",
        "--input",
        help="Labelled documents: a file, '-' or hf:NAME:SPLIT, optionally with a slice [:100]. "
        "--input is another name of this option.",
    ),
    labels: list[str] = typer.Option(
        [],
        help="Labels, as a,b or @FILE. Default: a closed student's own, else those in gold. Repeat "
        "for groups that a GLiNER checkpoint is asked for in prompts of their own.",
    ),
    ignore_labels: str = typer.Option(None, help="Gold labels to leave out, as a,b or @FILE."),
    format: str = typer.Option(
        None, help="Format of the labelled documents, when their name does not tell."
    ),
    offsets: str = OFFSETS,
    tag_column: str | None = TAG_COLUMN,
    threshold: float = typer.Option(0.5, help="Only entities that score above it."),
    annotations: Path = typer.Option(
        None, help="A teacher's annotations of the same texts, to measure the agreement with it."
    ),
    json_output: Path = typer.Option(None, "--json", help="Also write the result as JSON."),
) -> None:
    """Measure strict span F1 (micro, macro, per label) and word scores against human labels."""
    from distilgliner.commands.console import OutputConsole
    from distilgliner.commands.options import (
        check_threshold,
        parse_labels,
        parse_prompts,
        tell_borders,
        tell_shortened,
        tell_unspaced,
    )
    from distilgliner.corpus.read import read_documents
    from distilgliner.corpus.source import parse_source
    from distilgliner.corpus.write import open_atomically
    from distilgliner.evaluate.run import run_evaluation

    check_threshold(threshold)
    wanted, prompts = parse_prompts(labels)
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
    console = OutputConsole()
    console.print(build_table(evaluation))
    console.print(describe(evaluation), highlight=False)
    tell_shortened(evaluation.shortened_words)
    tell_borders(evaluation.borders)
    tell_unspaced(evaluation.unspaced, evaluation.documents)


def build_table(evaluation: Evaluation) -> Table:
    """Strict span scores: a row for each label, then macro and micro; percent."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="Entities, strict (%)", title_justify="left")
    table.add_column("label")
    for name in ("precision", "recall", "F1", "gold"):
        table.add_column(name, justify="right")
    spans = evaluation.quality.spans
    rows = [*spans.per_label.items(), ("macro", spans.macro), ("micro", spans.micro)]
    for index, (name, scores) in enumerate(rows):
        table.add_row(
            escape(name),
            *(f"{100 * value:.1f}" for value in (scores.precision, scores.recall, scores.f1)),
            str(scores.support),
            style="bold" if name == "micro" and index == len(rows) - 1 else None,
            end_section=index == len(rows) - 3,
        )
    return table


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
