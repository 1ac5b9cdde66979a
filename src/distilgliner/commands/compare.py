"""`distilgliner compare`: every arm, several seeds, one report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from distilgliner.commands.options import (
    merge_settings,
    parse_labels,
    parse_labels_of,
    parse_training,
    tell_borders,
)
from distilgliner.commands.reading import TAG_COLUMN, build_reading
from distilgliner.errors import missing_extra


def compare(
    config: Path | None = typer.Argument(None, help="YAML file; options below override it."),
    output: Path = typer.Option(..., help="Folder of the report; an unfinished run goes on."),
    name: str | None = typer.Option(None, help="Title of the report."),
    teacher: list[str] = typer.Option(
        [], help="GLiNER checkpoint: folder, id or 'bundled'. More than one teach together."
    ),
    labels: str | None = typer.Option(None, help="Labels as a,b,c; or @FILE."),
    ignore_labels: str | None = typer.Option(None, help="Labels left out of all human labels."),
    gold: list[str] = typer.Option([], help="Labelled text to learn from."),
    transfer: list[str] = typer.Option([], help="Text for the teacher; its labels are not read."),
    dev: list[str] = typer.Option(
        [], help="Labelled text that chooses the epoch; without it each arm holds out a tenth."
    ),
    test: list[str] = typer.Option([], help="Labelled text to measure on."),
    labels_of: list[str] = typer.Option(
        [], help="FILE=a,b: this file of --gold or --dev was annotated for the labels a,b only."
    ),
    format: str | None = typer.Option(None, help="Format of all text, if its names do not tell."),
    offsets: str | None = typer.Option(None, help="As in 'distilgliner evaluate'."),
    tag_column: str | None = TAG_COLUMN,
    arms: str | None = typer.Option(None, help="Some of gold,hard,soft,mixed."),
    students: str | None = typer.Option(None, help="Students, as bilstm-crf,bilstm-tower."),
    seeds: str | None = typer.Option(None, help="Seeds, as 0,1,2."),
    epochs: int | None = typer.Option(None, help="Passes over the transfer text, at most."),
    workers: int | None = typer.Option(None, help="Runs at once; by default one per core."),
    set_: list[str] = typer.Option([], "--set", help="Any other setting, as training.patience=5."),
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
        "ignore_labels": parse_labels(ignore_labels),
        "gold": gold or None,
        "transfer": transfer or None,
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

    typer.echo(build_verdict(results))
    typer.echo(f"Report: {output / 'report.html'}")
    tell_borders(GoldBorders.from_dict(results.gold_borders))


def _split(value: str | None) -> list[str] | None:
    return None if value is None else [part.strip() for part in value.split(",") if part.strip()]
