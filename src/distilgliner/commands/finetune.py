"""`distilgliner finetune`: a GLiNER checkpoint and gold → a checkpoint that knows the gold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from distilgliner.commands.options import parse_labels, parse_overrides, tell_borders, tell_unspaced
from distilgliner.commands.reading import OFFSETS, TAG_COLUMN, build_reading
from distilgliner.errors import UserError


def finetune(
    teacher: str = typer.Option(
        ..., help="GLiNER checkpoint: a folder, a Hugging Face id, or 'bundled'."
    ),
    gold: list[str] = typer.Option(..., help="Labelled text; repeat for several files."),
    output: Path = typer.Option(..., help="Folder of the checkpoint; an unfinished run goes on."),
    dev: list[str] = typer.Option(
        [], help="Labelled text that chooses the epoch; by default a tenth is held out."
    ),
    labels: str | None = typer.Option(
        None, help="Labels as a,b,c or @FILE; by default all that occur in the gold."
    ),
    ignore_labels: str | None = typer.Option(
        None, help="Labels a,b of the labelled text to leave out."
    ),
    format: str | None = typer.Option(None, help="Format of the labelled text."),
    offsets: str = OFFSETS,
    tag_column: str | None = TAG_COLUMN,
    keep: list[str] = typer.Option(
        [], help="Text, without labels, in which to go on finding what the teacher finds now."
    ),
    keep_labels: str | None = typer.Option(
        None, help="What to go on finding in the text of --keep: labels as a,b,c or @FILE."
    ),
    epochs: int | None = typer.Option(None, help="Passes over the gold, at most."),
    freeze: str | None = typer.Option(
        None, help="Parts to leave as they are: subwords, encoder, labels-encoder."
    ),
    seed: int = typer.Option(0, help="The same seed gives the same checkpoint."),
    threads: int | None = typer.Option(None, help="CPU threads; by default torch decides."),
    set_: list[str] = typer.Option(
        [], "--set", help="Any other setting, as learning_rate=1e-5 or prompts.full_fraction=1."
    ),
) -> None:
    """Fine-tune a GLiNER teacher on labelled text: the first step when there is some."""
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
        threads=threads,
    )
    typer.echo(
        f"{output}: dev F1 {100 * result['f1_before']:.1f} before, {100 * result['f1']:.1f} after, "
        f"{result['updates']:,} updates in {result['seconds']:.0f} s"
        f"{_describe_share(result['share'])}{_describe_kept(result)}"
    )
    tell_borders(GoldBorders.from_dict(result.get("gold_borders")))
    tell_unspaced(
        result.get("texts_without_spaces", 0), result.get("gold", 0) + result.get("dev", 0)
    )


def _describe_share(share: float) -> str:
    """How much of what was learnt the checkpoint has, where it is not all."""
    if share == 0:
        return "; dev gained nothing, so the teacher is as it came"
    return "" if share == 1 else f"; {share:.0%} of what it learnt, mixed into the old weights"


def _describe_kept(result: dict[str, Any]) -> str:
    """How much it still says of the text that it was to keep, where there was some."""
    kept = result.get("kept")
    if kept is None or kept["f1"] is None:
        return ""
    return f"; {100 * kept['f1']:.1f} F1 with what it said before of the text to keep"
