"""`distilgliner distill`: annotations (and gold) → a student's folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from distilgliner.commands.options import (
    LABELS_PER_PROMPT,
    note_borders,
    note_unspaced,
    parse_labels,
    parse_labels_of,
    parse_training,
)
from distilgliner.commands.parameters import PATH, as_list
from distilgliner.commands.reading import OFFSETS, TAG_COLUMN, build_reading
from distilgliner.errors import UserError, missing_extra

if TYPE_CHECKING:
    from distilgliner.annotate.store import AnnotationStore
    from distilgliner.distill.config import DistillConfig

_LITTLE_TEXT = 30_000
"""Words in the annotations. With fewer, new texts helped on dev: decision 21 in
docs/explanation/decisions."""


@click.command()
@click.option(
    "--output", required=True, type=PATH, help="Folder of the student; interrupted runs resume."
)
@click.option(
    "--teacher",
    help="GLiNER checkpoint, with --labels and --input: the whole way in one command, which "
    "ends with a student that runs without torch. A folder, a Hugging Face id, or 'bundled'.",
)
@click.option(
    "--labels",
    multiple=True,
    callback=as_list,
    help="With --teacher: labels as a,b,c or @FILE; repeat for prompts of their own.",
)
@LABELS_PER_PROMPT
@click.option(
    "--input",
    multiple=True,
    callback=as_list,
    help="With --teacher: text without labels; repeat for several files.",
)
@click.option(
    "--annotations",
    multiple=True,
    callback=as_list,
    type=PATH,
    help="Folder that 'distilgliner annotate' wrote; several for several teachers or label "
    "sets. With --teacher: where its annotations go, or are already.",
)
@click.option(
    "--targets",
    help="What to learn: gold, hard, soft or mixed. Default: soft; with --teacher and --gold "
    "mixed.",
)
@click.option(
    "--student",
    default="bilstm-crf",
    help="bilstm-crf (closed) or bilstm-tower (open: labels are an input); "
    "smaller: bilstm-crf-small, bilstm-crf-tiny.",
)
@click.option(
    "--initial",
    help="A student whose word vectors and encoder this one begins with: a folder, a hub id or "
    "'general', which fits the bundled teacher.",
)
@click.option("--gold", multiple=True, callback=as_list, help="Labelled text, for gold and mixed.")
@click.option(
    "--dev",
    multiple=True,
    callback=as_list,
    help="Labelled text that chooses the epoch. By default a tenth is held out: of the "
    "annotated text for hard and soft, of the gold for gold and mixed. With fewer than 1,000 "
    "gold texts, mixed learns from all of them and holds out a tenth of the other annotated "
    "text, on which the teacher's decisions choose; where that is fewer than 30 texts, its "
    "gold chooses as well.",
)
@click.option(
    "--labels-of",
    multiple=True,
    callback=as_list,
    help="FILE=a,b: this file of --gold or --dev was annotated for the labels a,b only, and "
    "says nothing of others. By default a file was annotated for all labels of the student.",
)
@click.option("--ignore-labels", help="Labels a,b of the labelled text to leave out.")
@click.option("--format", help="Format of the labelled text.")
@OFFSETS
@TAG_COLUMN
@click.option("--epochs", type=int, help="Passes over the annotated text, at most.")
@click.option("--seed", default=0, type=int, help="The same seed gives the same student.")
@click.option(
    "--threads",
    type=int,
    help="CPU threads. Default: 1 for the training; with --teacher, torch decides for the teacher.",
)
@click.option(
    "--set",
    "set_",
    multiple=True,
    callback=as_list,
    help="Any other setting, as training.learning_rate=1e-3, target.span_temperature=0.5 or "
    "student_options.hidden_dim=64.",
)
def distill(
    output: Path,
    teacher: str | None,
    labels: list[str],
    labels_per_prompt: int | None,
    input: list[str],
    annotations: list[Path],
    targets: str | None,
    student: str,
    initial: str | None,
    gold: list[str],
    dev: list[str],
    labels_of: list[str],
    ignore_labels: str | None,
    format: str | None,
    offsets: str,
    tag_column: str | None,
    epochs: int | None,
    seed: int,
    threads: int | None,
    set_: list[str],
) -> None:
    """Distil a student: from annotations, or the whole way from a teacher, labels and text."""
    from distilgliner.annotate.store import open_store
    from distilgliner.corpus.borders import GoldBorders
    from distilgliner.distill.config import build_distill_config

    targets = targets or ("mixed" if teacher is not None and gold else "soft")
    overrides = parse_training(set_, seed=seed, threads=threads, epochs=epochs)
    config = build_distill_config({"targets": targets, "student": student, **overrides})
    if teacher is not None:
        from distilgliner.commands.whole_way import WholeWay

        WholeWay(
            teacher=teacher,
            labels=labels,
            labels_per_prompt=labels_per_prompt,
            input=input,
            annotations=annotations,
            output=output,
            config=config,
            gold=gold,
            dev=dev,
            labels_of=labels_of,
            ignore_labels=ignore_labels,
            reading=build_reading(format, offsets, tag_column),
            initial=initial,
            threads=threads,
        ).run()
        return
    if labels_per_prompt is not None:
        raise UserError("--labels-per-prompt goes with --teacher; add --teacher, or leave it out.")
    _check_annotations(annotations, labels, input)
    try:
        from distilgliner.distill.calibration.run import describe_little_dev
        from distilgliner.distill.run import run_distillation
        from distilgliner.distill.sources.labels import choose_labels
        from distilgliner.distill.sources.partial import read_partly_labelled
    except ModuleNotFoundError as error:
        raise missing_extra(error.name or "torch", "distill") from None
    reading = build_reading(format, offsets, tag_column)
    stores = [open_store(folder) for folder in annotations]
    known = parse_labels_of(labels_of, [*gold, *dev])
    names = choose_labels(targets, stores, {known.get(source) for source in gold})
    ignored = parse_labels(ignore_labels) or ()
    labelled, chosen_by = (
        read_partly_labelled(sources, names, known, ignored, **reading) for sources in (gold, dev)
    )
    result = run_distillation(stores, config, output, gold=labelled, dev=chosen_by, initial=initial)
    click.echo(f"{output}: {_describe(result)}")
    note_borders(GoldBorders.from_dict(result.get("gold_borders")))
    note_unspaced(result.get("texts_without_spaces", 0), result.get("texts", 0))
    if little := describe_little_dev(result):
        click.echo(f"Note: {little}", err=True)
    if targets != "gold":
        _tell_what_is_missing(config, stores, initial, result.get("teacher_gold_f1"))


def _check_annotations(annotations: list[Path], labels: list[str], input: list[str]) -> None:
    if labels or input:
        option = "--labels" if labels else "--input"
        raise UserError(
            f"{option} goes with --teacher, which annotates; add --teacher, or leave {option} out."
        )
    if not annotations:
        raise UserError(
            "There is nothing to distil from; pass --teacher, --labels and --input, or "
            "--annotations with a folder of distilgliner annotate."
        )


def _describe(result: dict[str, Any]) -> str:
    return (
        f"{result['parameters']['total']:,} parameters, epoch {result['best_epoch']} of "
        f"{result['epochs']}, dev F1 {100 * result['dev_f1']:.1f} (labelled by "
        f"{result['dev_source']}), {result['train_seconds']:.0f} s of training"
    )


def _tell_what_is_missing(
    config: DistillConfig,
    stores: Sequence[AnnotationStore],
    initial: str | None,
    gold_f1: float | None,
) -> None:
    """Say what would make most students better and was not used; gold_f1 is the teacher's."""
    from distilgliner.pipeline.choices import fits_general, is_weak

    weak = gold_f1 is not None and is_weak(gold_f1)
    if gold_f1 is not None and weak:
        click.echo(
            f"Note: on your gold the teacher has an F1 of only {100 * gold_f1:.1f}, and the "
            "student learns its mistakes; fine-tune it on the gold first, see distilgliner "
            "finetune",
            err=True,
        )
    # Behind a general student, states gave nothing that shows (docs/explanation/experiments.md).
    without = [store for store in stores if store.manifest.states is None]
    if without and initial is None and config.training.terms.states.weight is None:
        click.echo(
            f"Note: {without[0].folder} has no hidden states of the teacher; most students that "
            "begin with random weights are better when they learn them too, see annotate "
            "--states -1",
            err=True,
        )
    words = sum(store.words for store in stores)
    if words < _LITTLE_TEXT and not weak:  # whose new texts teach its mistakes again
        click.echo(
            f"Note: {words:,} words are little to learn from; more text would help, and so may new "
            "texts made of it, see distilgliner augment",
            err=True,
        )
    if initial is None and fits_general(config, stores[0]):
        click.echo(
            "Note: most students of this teacher are better when they begin with the "
            "general student of it, see --initial general",
            err=True,
        )
