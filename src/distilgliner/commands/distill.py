"""`distilgliner distill`: annotations (and gold) → a student's folder."""

from __future__ import annotations

from pathlib import Path

import typer

from distilgliner.commands.options import parse_labels, parse_overrides
from distilgliner.errors import UserError


def distill(
    annotations: Path = typer.Option(..., help="Folder that 'distilgliner annotate' wrote."),
    output: Path = typer.Option(..., help="Folder of the student; an unfinished run goes on."),
    targets: str = typer.Option("soft", help="What to learn: gold, hard, soft or mixed."),
    student: str = typer.Option(
        "bilstm-tagger",
        help="bilstm-tagger (closed) or bilstm-tower (open: labels are an input); "
        "smaller: bilstm-tagger-small, bilstm-tagger-tiny.",
    ),
    gold: list[str] = typer.Option([], help="Labelled text, for gold and mixed."),
    dev: list[str] = typer.Option(
        [], help="Labelled text that chooses the epoch; by default a tenth is held out."
    ),
    ignore_labels: str | None = typer.Option(
        None, help="Labels a,b of the labelled text to leave out."
    ),
    format: str | None = typer.Option(None, help="Format of the labelled text."),
    epochs: int | None = typer.Option(None, help="Passes over the annotated text, at most."),
    seed: int = typer.Option(0, help="The same seed gives the same student."),
    threads: int = typer.Option(1, help="CPU threads of the training."),
    set_: list[str] = typer.Option(
        [],
        "--set",
        help="Any other setting, as training.learning_rate=1e-3, target.span_temperature=0.5 or "
        "student_options.hidden_dim=64.",
    ),
) -> None:
    """Distil a student from annotations: small, fast, and without the teacher at run time."""
    from distilgliner.annotate.store import open_store
    from distilgliner.corpus.labelled import read_labelled_documents
    from distilgliner.distill.config import build_distill_config

    overrides = parse_overrides(set_)
    options = {"seed": seed, "threads": threads, "epochs": epochs}
    given = {key: value for key, value in options.items() if value is not None}
    training = overrides.get("training", {})
    overrides["training"] = given | training if isinstance(training, dict) else training
    config = build_distill_config({"targets": targets, "student": student, **overrides})
    try:
        from distilgliner.distill.run import run_distillation
    except ModuleNotFoundError as error:
        raise UserError(
            f"Distilling needs the package {error.name!r}; "
            "install it with: pip install 'distilgliner[distill]'"
        ) from error
    store = open_store(annotations)
    ignored = parse_labels(ignore_labels) or ()
    result = run_distillation(
        store,
        config,
        output,
        gold=read_labelled_documents(gold, store.labels, ignored, format=format),
        dev=read_labelled_documents(dev, store.labels, ignored, format=format),
    )
    typer.echo(
        f"{output}: {result['parameters']['total']:,} parameters, epoch {result['best_epoch']} of "
        f"{result['epochs']}, dev F1 {100 * result['dev_f1']:.1f}, "
        f"{result['train_seconds']:.0f} s of training"
    )
