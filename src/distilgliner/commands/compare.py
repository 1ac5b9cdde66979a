"""`distilgliner compare`: every arm, several seeds, one report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from distilgliner.commands.options import (
    LABELS_PER_PROMPT,
    merge_settings,
    note_borders,
    parse_labels,
    parse_labels_of,
    parse_training,
)
from distilgliner.commands.parameters import PATH, as_list
from distilgliner.commands.reading import TAG_COLUMN, build_reading
from distilgliner.errors import missing_extra


@click.command()
@click.argument("config", required=False, type=PATH)
@click.option(
    "--output", required=True, type=PATH, help="Folder of the report; an interrupted run resumes."
)
@click.option("--name", help="Title of the report.")
@click.option(
    "--teacher",
    multiple=True,
    callback=as_list,
    help="GLiNER checkpoint: folder, id or 'bundled'. More than one teach together.",
)
@click.option("--labels", help="Labels as a,b,c; or @FILE.")
@LABELS_PER_PROMPT
@click.option("--ignore-labels", help="Labels left out of all human labels.")
@click.option("--gold", multiple=True, callback=as_list, help="Labelled text to learn from.")
@click.option(
    "--transfer",
    multiple=True,
    callback=as_list,
    help="Text for the teacher; its labels are not read.",
)
@click.option(
    "--annotations",
    multiple=True,
    callback=as_list,
    type=PATH,
    help="Folder that 'distilgliner annotate' wrote of --transfer, used instead of annotating it "
    "again; one for each teacher.",
)
@click.option(
    "--dev",
    multiple=True,
    callback=as_list,
    help="Labelled text that chooses the epoch; without it each arm holds out a tenth.",
)
@click.option("--test", multiple=True, callback=as_list, help="Labelled text to measure on.")
@click.option(
    "--labels-of",
    multiple=True,
    callback=as_list,
    help="FILE=a,b: this file of --gold or --dev was annotated for the labels a,b only.",
)
@click.option("--format", help="Format of all text, if its names do not tell.")
@click.option("--offsets", help="As in 'distilgliner evaluate'.")
@TAG_COLUMN
@click.option("--arms", help="Some of gold,hard,soft,mixed.")
@click.option("--students", help="Students, as bilstm-crf,bilstm-tower.")
@click.option("--seeds", help="Seeds, as 0,1,2.")
@click.option("--epochs", type=int, help="Passes over the transfer text, at most.")
@click.option("--workers", type=int, help="Runs at once; by default one per core.")
@click.option(
    "--set",
    "set_",
    multiple=True,
    callback=as_list,
    help="Any other setting, as training.patience=5.",
)
def compare(
    config: Path | None,
    output: Path,
    name: str | None,
    teacher: list[str],
    labels: str | None,
    labels_per_prompt: int | None,
    ignore_labels: str | None,
    gold: list[str],
    transfer: list[str],
    annotations: list[Path],
    dev: list[str],
    test: list[str],
    labels_of: list[str],
    format: str | None,
    offsets: str | None,
    tag_column: str | None,
    arms: str | None,
    students: str | None,
    seeds: str | None,
    epochs: int | None,
    workers: int | None,
    set_: list[str],
) -> None:
    """Train gold, hard, soft and mixed students side by side and report what each one costs."""
    from distilgliner.compare.config import build_compare_config, read_compare_config

    base = read_compare_config(config).model_dump() if config is not None else {}
    reading = build_reading(format, offsets or "characters", tag_column)
    given: dict[str, Any] = {
        "name": name,
        "teacher": teacher[0] if teacher else None,
        "more_teachers": teacher[1:] if teacher else None,
        "labels": parse_labels(labels),
        "prompts": labels_per_prompt,
        "ignore_labels": parse_labels(ignore_labels),
        "gold": gold or None,
        "transfer": transfer or None,
        "annotations": [str(folder) for folder in annotations] or None,
        "dev": dev or None,
        "test": test or None,
        "labels_of": parse_labels_of(labels_of, [*gold, *dev]) or None,
        "arms": _split(arms),
        "students": _split(students),
        "seeds": _split(seeds),
        "format": reading["format"],
        "offsets": offsets,
        "tag_column": reading["tag_column"],
        "workers": workers,
    }
    raw = base | {key: value for key, value in given.items() if value is not None}
    checked = build_compare_config(merge_settings(raw, parse_training(set_, epochs=epochs)))
    try:
        from distilgliner.compare.run import run_comparison
    except ModuleNotFoundError as error:
        raise missing_extra(error.name or "torch", "compare") from None
    results = run_comparison(checked, output)
    from distilgliner.compare.report.verdict import build_verdict
    from distilgliner.corpus.borders import GoldBorders

    click.echo(build_verdict(results))
    click.echo(f"Report: {output / 'report.html'}")
    note_borders(GoldBorders.from_dict(results.gold_borders))


def _split(value: str | None) -> list[str] | None:
    return None if value is None else [part.strip() for part in value.split(",") if part.strip()]
