"""`distilgliner finetune`: a GLiNER checkpoint and gold → a checkpoint that knows the gold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from distilgliner.commands.options import (
    check_per_prompt,
    note_borders,
    note_unspaced,
    parse_labels,
    parse_overrides,
)
from distilgliner.commands.parameters import PATH, as_list
from distilgliner.commands.reading import OFFSETS, TAG_COLUMN, build_reading
from distilgliner.errors import UserError


@click.command()
@click.option(
    "--teacher", required=True, help="GLiNER checkpoint: a folder, a Hugging Face id, or 'bundled'."
)
@click.option(
    "--gold",
    required=True,
    multiple=True,
    callback=as_list,
    help="Labelled text; repeat for several files.",
)
@click.option(
    "--output",
    required=True,
    type=PATH,
    help="Folder of the checkpoint; an interrupted run resumes.",
)
@click.option(
    "--dev",
    multiple=True,
    callback=as_list,
    help="Labelled text that chooses the epoch; by default a tenth is held out.",
)
@click.option("--labels", help="Labels as a,b,c or @FILE; by default all that occur in the gold.")
@click.option("--ignore-labels", help="Labels a,b of the labelled text to leave out.")
@click.option("--format", help="Format of the labelled text.")
@OFFSETS
@TAG_COLUMN
@click.option(
    "--labels-per-prompt",
    type=int,
    help="Ask the checkpoint for at most this many labels at once when it is measured; by default "
    "for all. Of training this is --set prompts.max_labels=N.",
)
@click.option(
    "--keep",
    multiple=True,
    callback=as_list,
    help="Text, without labels, in which it must still find what the teacher finds now.",
)
@click.option(
    "--keep-labels", help="What it must still find in the text of --keep: labels as a,b,c or @FILE."
)
@click.option("--epochs", type=int, help="Passes over the gold, at most.")
@click.option("--freeze", help="Parts to leave as they are: subwords, encoder, labels-encoder.")
@click.option("--seed", default=0, type=int, help="The same seed gives the same checkpoint.")
@click.option("--threads", type=int, help="CPU threads; by default torch decides.")
@click.option(
    "--set",
    "set_",
    multiple=True,
    callback=as_list,
    help="Any other setting, as learning_rate=1e-5 or prompts.full_fraction=1.",
)
def finetune(
    teacher: str,
    gold: list[str],
    output: Path,
    dev: list[str],
    labels: str | None,
    ignore_labels: str | None,
    format: str | None,
    offsets: str,
    tag_column: str | None,
    labels_per_prompt: int | None,
    keep: list[str],
    keep_labels: str | None,
    epochs: int | None,
    freeze: str | None,
    seed: int,
    threads: int | None,
    set_: list[str],
) -> None:
    """Fine-tune a GLiNER teacher on labelled text: the first step when there is some."""
    from distilgliner.corpus.arguments import check_threads
    from distilgliner.corpus.borders import GoldBorders
    from distilgliner.corpus.labelled import read_labelled_documents
    from distilgliner.corpus.read import read_documents
    from distilgliner.finetune.config import build_finetune_config
    from distilgliner.finetune.run import choose_labels, run_finetuning

    given = {
        "epochs": epochs,
        "freeze": None if freeze is None else [part.strip() for part in freeze.split(",")],
        "seed": seed,
    }
    chosen = {key: value for key, value in given.items() if value is not None}
    config = build_finetune_config(chosen | parse_overrides(set_))
    if threads is not None and threads < 1:
        raise UserError(f"--threads must be at least 1, not {threads}.")
    check_threads(threads or 1, "--threads")
    check_per_prompt(labels_per_prompt)
    ignored = parse_labels(ignore_labels) or ()
    reading = build_reading(format, offsets, tag_column)
    documents = read_labelled_documents(gold, parse_labels(labels), ignored, **reading)
    names = parse_labels(labels) or choose_labels(documents)
    result = run_finetuning(
        documents,
        teacher=teacher,
        output=output,
        config=config,
        labels=names,
        dev=read_labelled_documents(dev, names, ignored, **reading),
        keep=[document for source in keep for document in read_documents(source)],
        keep_labels=parse_labels(keep_labels) or (),
        prompts=labels_per_prompt,
        threads=threads,
    )
    click.echo(
        f"{output}: dev F1 {100 * result['f1_before']:.1f} before, {100 * result['f1']:.1f} after, "
        f"{result['updates']:,} updates in {result['seconds']:.0f} s"
        f"{_describe_share(result['share'])}{_describe_kept(result)}"
    )
    note_borders(GoldBorders.from_dict(result.get("gold_borders")))
    note_unspaced(
        result.get("texts_without_spaces", 0), result.get("gold", 0) + result.get("dev", 0)
    )


def _describe_share(share: float) -> str:
    """How much of what was learned the checkpoint has, where it is not all."""
    if share == 0:
        return "; dev gained nothing, so the teacher is unchanged"
    return "" if share == 1 else f"; {share:.0%} of what it learned, mixed into the old weights"


def _describe_kept(result: dict[str, Any]) -> str:
    """How much it still says of the text that it was to keep, where there was some."""
    kept = result.get("kept")
    if kept is None or kept["f1"] is None:
        return ""
    return f"; {100 * kept['f1']:.1f} F1 with what it said before of the text to keep"
