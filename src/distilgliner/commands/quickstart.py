"""`distilgliner quickstart`: the whole way on what is bundled, without network or files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from distilgliner.commands.parameters import PATH
from distilgliner.errors import missing_extra

if TYPE_CHECKING:
    from rich.text import Text

_COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "red")


@click.command()
@click.option(
    "--output", default=Path("quickstart"), type=PATH, help="Folder of the report and the student."
)
@click.option(
    "--epochs", default=6, type=click.IntRange(min=1), help="Passes over the transfer text."
)
@click.option(
    "--transfer", default=2000, type=click.IntRange(min=1, max=3000), help="Unlabelled sentences."
)
def quickstart(
    output: Path,
    epochs: int,
    transfer: int,
) -> None:
    """Distil the bundled teacher on the bundled corpus, compare all arms, and tag sentences."""
    try:
        from distilgliner.compare.quickstart import (
            EXAMPLES,
            build_quickstart_config,
            run_quickstart,
        )
    except ModuleNotFoundError as error:
        raise missing_extra(error.name or "torch", "quickstart") from None
    from distilgliner.commands.console import OutputConsole
    from distilgliner.commands.options import note_borders
    from distilgliner.compare.report.verdict import build_verdict
    from distilgliner.corpus.borders import GoldBorders
    from distilgliner.student.predictor import DistilGLiNER

    started = time.perf_counter()
    config = build_quickstart_config(epochs=epochs, transfer=transfer)
    results, folder = run_quickstart(output, config)
    console = OutputConsole()
    console.print(build_verdict(results), highlight=False)
    note_borders(GoldBorders.from_dict(results.gold_borders))
    console.print()
    model = DistilGLiNER.from_pretrained(folder)
    for text in EXAMPLES:
        console.print(_highlight(text, model.predict_entities(text), model.labels))
    console.print()
    console.print(f"Report:   {output / 'report.html'}", highlight=False, soft_wrap=True)
    console.print(f"Student:  {folder}", highlight=False, soft_wrap=True)
    console.print(f"Time:     {time.perf_counter() - started:.0f} s", highlight=False)


def _highlight(text: str, entities: list[dict[str, object]], labels: list[str]) -> Text:
    """The sentence with its entities in colour and their labels behind them."""
    from rich.text import Text

    line = Text("  ")
    position = 0
    for entity in entities:
        start, end, label = int(str(entity["start"])), int(str(entity["end"])), str(entity["label"])
        colour = _COLOURS[labels.index(label) % len(_COLOURS)]
        line.append(text[position:start])
        line.append(text[start:end], style=f"bold {colour}")
        line.append(f" {label}", style=f"dim {colour}")
        position = end
    line.append(text[position:])
    return line
