"""Progress bars for long work: one look for every stage, silent when nobody watches."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

console = Console(stderr=True)


def build_progress(*, quiet: bool = False) -> Progress:
    """A rich progress display on stderr; add tasks to it and use it as a context manager.

    Tasks may carry a `note` field (loss, F1) that is shown behind the bar:
    `progress.add_task("distil", total=10, note="")`, `progress.update(task, note="F1 61.2")`.
    Nothing is drawn when `quiet` or when stderr is no terminal.
    """
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        disable=quiet or not console.is_terminal,
    )
