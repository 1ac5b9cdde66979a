"""`distilgliner tune`: annotations and dev → settings that suit the corpus, and their student."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from distilgliner.commands.options import (
    note_borders,
    parse_labels,
    parse_labels_of,
    parse_training,
)
from distilgliner.commands.parameters import PATH, as_list
from distilgliner.commands.reading import OFFSETS, TAG_COLUMN, build_reading
from distilgliner.errors import missing_extra

if TYPE_CHECKING:
    from rich.table import Table

SHOWN_TRIALS = 5


@click.command()
@click.option(
    "--annotations",
    required=True,
    multiple=True,
    callback=as_list,
    type=PATH,
    help="Folder that 'distilgliner annotate' wrote; several as in 'distilgliner distill'.",
)
@click.option(
    "--dev",
    required=True,
    multiple=True,
    callback=as_list,
    help="Labelled text that chooses; never your test text.",
)
@click.option(
    "--output", required=True, type=PATH, help="Folder of the search; an interrupted one resumes."
)
@click.option("--targets", default="soft", help="What to learn: gold, hard, soft or mixed.")
@click.option("--student", default="bilstm-crf", help="As in 'distilgliner distill'.")
@click.option("--initial", help="As in 'distilgliner distill'.")
@click.option("--gold", multiple=True, callback=as_list, help="Labelled text, for gold and mixed.")
@click.option(
    "--space", type=PATH, help="YAML file of keys with lists of values or {low, high, log}."
)
@click.option("--trials", default=20, type=int, help="Settings to try, at most.")
@click.option(
    "--minutes", default=60.0, type=float, help="Time to take, at most, repeats included."
)
@click.option("--repeat", default=3, type=int, help="Best settings to run again with other seeds.")
@click.option("--labels-of", multiple=True, callback=as_list, help="As in 'distilgliner distill'.")
@click.option("--ignore-labels", help="Labels a,b of the labelled text to leave out.")
@click.option("--format", help="Format of the labelled text.")
@OFFSETS
@TAG_COLUMN
@click.option("--seed", default=0, type=int, help="The same seed gives the same trials.")
@click.option("--threads", default=1, type=int, help="CPU threads of the training.")
@click.option(
    "--set",
    "set_",
    multiple=True,
    callback=as_list,
    help="Any setting that all trials share, as training.epochs=3.",
)
def tune(
    annotations: list[Path],
    dev: list[str],
    output: Path,
    targets: str,
    student: str,
    initial: str | None,
    gold: list[str],
    space: Path | None,
    trials: int,
    minutes: float,
    repeat: int,
    labels_of: list[str],
    ignore_labels: str | None,
    format: str | None,
    offsets: str,
    tag_column: str | None,
    seed: int,
    threads: int,
    set_: list[str],
) -> None:
    """Search for the settings of 'distill' that suit a corpus, on dev and in a bounded time."""
    from distilgliner.annotate.store import open_store
    from distilgliner.commands.console import OutputConsole
    from distilgliner.corpus.borders import measure_borders
    from distilgliner.corpus.splitters import find_splitter
    from distilgliner.distill.config import build_distill_config
    from distilgliner.tune.budget import build_budget
    from distilgliner.tune.space import read_space

    overrides = parse_training(set_, seed=seed, threads=threads)
    config = build_distill_config({"targets": targets, "student": student, **overrides})
    dimensions = None if space is None else read_space(space, config)
    budget = build_budget(trials, minutes, repeat)
    try:
        from distilgliner.distill.sources.labels import choose_labels, choose_splitter
        from distilgliner.distill.sources.partial import read_partly_labelled
        from distilgliner.tune.run import run_tuning
    except ModuleNotFoundError as error:
        raise missing_extra(error.name or "optuna", "tune") from None
    reading = build_reading(format, offsets, tag_column)
    stores = [open_store(folder) for folder in annotations]
    known = parse_labels_of(labels_of, [*gold, *dev])
    labels = choose_labels(targets, stores, {known.get(source) for source in gold})
    ignored = parse_labels(ignore_labels) or ()
    chosen_by, labelled = (
        read_partly_labelled(sources, labels, known, ignored, **reading) for sources in (dev, gold)
    )
    note_borders(measure_borders([*labelled, *chosen_by], find_splitter(choose_splitter(stores))))
    result = run_tuning(
        stores,
        config,
        output,
        dev=chosen_by,
        gold=labelled,
        initial=initial,
        space=dimensions,
        budget=budget,
    )
    console = OutputConsole()
    console.print(build_table(result))
    console.print(describe(result, output), highlight=False)


def build_table(result: dict[str, Any]) -> Table:
    """The best trials as columns, their settings as rows, and how much each of those mattered."""
    from rich.markup import escape
    from rich.table import Table

    best = result["best"]["trial"]
    shown = _choose_trials(result)
    table = Table(title="Best trials on dev", title_justify="left")
    table.add_column("trial", no_wrap=True)
    for trial in shown:
        mark = "*" if trial["trial"] == best else ""
        table.add_column(f"{trial['trial']}{mark}", justify="right")
    table.add_column("matters", justify="right")
    table.add_row("dev F1", *(f"{100 * trial['dev_f1']:.1f}" for trial in shown), "")
    table.add_row("other seeds", *(_show_mean(result, trial["trial"]) for trial in shown), "")
    seconds = (f"{trial['seconds']:.0f}" for trial in shown)
    table.add_row("seconds", *seconds, "", end_section=True)
    for key, share in result["importance"].items():
        name = key.partition(".")[2] or key  # the section would take the width of a trial
        values = (escape(str(trial["settings"][key])) for trial in shown)
        table.add_row(escape(name), *values, "–" if share is None else f"{100 * share:.0f} %")
    return table


def describe(result: dict[str, Any], output: Path) -> str:
    """The lines under the table."""
    best, trials = result["best"], result["trials"]
    counts = dict.fromkeys(("complete", "pruned", "failed"), 0)
    for trial in trials:
        counts[trial["state"]] += 1
    lines = [
        f"{len(trials)} trials in {result['seconds'] / 60:.1f} minutes: "
        + ", ".join(f"{count} {state}" for state, count in counts.items()),
        f"{output / 'best'}: the student of trial {best['trial']}, "
        f"dev F1 {100 * best['dev_f1']:.1f}; settings in {output / 'best.yaml'}",
    ]
    if best["mean_f1"] is not None:
        lines.append(
            f"Its settings with {best['other_seeds']} other seeds have {100 * best['mean_f1']:.1f} "
            f"on average, where the search had {100 * best['search_f1']:.1f}"
        )
    else:
        lines.append("No settings were run again: the best dev F1 is in part luck")
    return "\n".join(lines)


def _choose_trials(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The best ones by the search, each setting once; the winner is among them in any case."""
    whole = [
        trial
        for trial in result["trials"]
        if trial["state"] == "complete" and trial["same_as"] is None
    ]
    ordered = sorted(whole, key=lambda trial: -trial["dev_f1"])
    shown = ordered[:SHOWN_TRIALS]
    winner = [
        trial for trial in ordered[SHOWN_TRIALS:] if trial["trial"] == result["best"]["trial"]
    ]
    return shown + winner


def _show_mean(result: dict[str, Any], trial: int) -> str:
    values = [repeat["dev_f1"] for repeat in result["repeats"] if repeat["trial"] == trial]
    return f"{100 * sum(values) / len(values):.1f}" if values else "–"
