"""The stage `finetune`: a GLiNER checkpoint and gold → a checkpoint that knows the gold."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distilgliner import __version__
from distilgliner.annotate.checkpoint import Checkpoint, check_packages, find_checkpoint
from distilgliner.corpus.document import Document, check_labels
from distilgliner.corpus.labelled import restrict_documents
from distilgliner.corpus.split import split_documents
from distilgliner.errors import UserError, missing_extra
from distilgliner.files import read_json, write_atomically, write_json
from distilgliner.finetune.card import write_card
from distilgliner.finetune.config import FinetuneConfig
from distilgliner.folders import REMEDY, claim_run, compute_fingerprint, lock_folder
from distilgliner.progress import silence_loggers

if TYPE_CHECKING:
    from distilgliner.annotate.teacher import Teacher
    from distilgliner.finetune.examples import TrainingCorpus

RUN_FILE = "finetune_run.json"
RESULT_FILE = "finetune.json"
CHECKPOINTS = "checkpoints"
HELD_OUT = 0.1
"""Without dev documents this part of the gold is held out."""


@dataclass(frozen=True)
class DevSet:
    """Documents that choose the checkpoint, with all labels of theirs in one prompt."""

    name: str
    labels: tuple[str, ...]
    documents: Sequence[Document]


def run_finetuning(
    gold: Sequence[Document],
    *,
    teacher: str | Path,
    output: str | Path,
    config: FinetuneConfig | None = None,
    labels: Sequence[str] | None = None,
    dev: Sequence[Document] = (),
    ignore_labels: Sequence[str] = (),
    threads: int | None = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """Fine-tune a GLiNER checkpoint on labelled documents; the folder is an ordinary checkpoint.

    teacher: a folder, a hub id or "bundled". labels: the label set; None takes every label of the
    gold. dev: labelled documents that choose the epoch by strict F1 at threshold 0.5; without them
    a tenth of the gold is held out. The checkpoint as it came counts as epoch 0, so that the result
    is never worse on dev. threads: of the CPU; None lets torch decide.
    A run that was killed goes on behind its last epoch; one that is finished returns at once.
    Returns the result, also in `finetune.json`.
    Raises `UserError` for documents without labels, unknown labels, too little gold, an unusable
    teacher, or a folder that holds something else.
    """
    config = config or FinetuneConfig()
    names = choose_labels(gold, ignore_labels) if labels is None else check_labels(labels)
    restricted = restrict_documents(gold, names, ignore_labels, "gold")
    chosen = restrict_documents(dev, names, ignore_labels, "dev")
    if not chosen:
        restricted, chosen = _hold_out(restricted, config.seed)
    if not any(document.entities for document in restricted):
        raise UserError("The gold holds no entity to learn from; give text with entities.")
    checkpoint = _find_teacher(teacher, config)
    folder = Path(output)
    data = {
        "gold": compute_fingerprint(map(repr, restricted)),
        "dev": compute_fingerprint(map(repr, chosen)),
        "labels": list(names),
    }
    with lock_folder(folder):
        finished = claim_folder(folder, config, checkpoint, data)
        if finished is not None:
            return finished

        from distilgliner.annotate.teacher import load_teacher
        from distilgliner.finetune.examples import build_training_corpus

        if threads is not None:
            import torch

            torch.set_num_threads(threads)
        loaded = load_teacher(checkpoint)
        corpus = build_training_corpus(
            "gold", restricted, names, loaded, max_labels=config.prompts.max_labels
        )
        result = train_teacher(
            loaded, [corpus], [DevSet("dev", names, chosen)], folder, config, quiet=quiet
        )
        result |= {"labels": list(names), "gold": len(restricted), "dev": len(chosen)}
        finish_folder(folder, loaded, result, write_card(checkpoint.name, config, result))
    return result


def train_teacher(
    teacher: Teacher,
    corpora: Sequence[TrainingCorpus],
    dev: Sequence[DevSet],
    folder: Path,
    config: FinetuneConfig,
    *,
    save_updates: int | None = None,
    keep_last: bool = False,
    quiet: bool = False,
) -> dict[str, Any]:
    """Train in place until dev gains no more; the teacher is then the best checkpoint.

    The measure is the mean of the dev sets' strict micro F1, and the teacher as it came is measured
    as update 0. `save_updates` measures and saves after so many updates (None: by the epoch).
    `keep_last` ends with the last weights instead.
    """
    from distilgliner.finetune.measure import measure_teacher
    from distilgliner.finetune.plan import TrainingPlan
    from distilgliner.finetune.progress import FinetuneProgress
    from distilgliner.finetune.trainer import build_trainer

    plan = TrainingPlan(corpora, config)
    checkpoints = folder / CHECKPOINTS
    curve_path = folder / "curve.json"
    curve: list[dict[str, Any]] = read_json(curve_path, REMEDY) if curve_path.is_file() else []
    last = _find_last_checkpoint(checkpoints)
    started = time.perf_counter()

    def measure() -> float:
        scores = {each.name: measure_teacher(teacher, each.documents, each.labels) for each in dev}
        teacher.model.train()
        f1 = {name: score.micro.f1 for name, score in scores.items()}
        point = _describe_point(trainer.state.global_step, trainer.take_mean_loss(), f1)
        curve[:] = [*(old for old in curve if old["update"] < point["update"]), point]
        write_json(curve_path, curve)
        return float(point["f1"])

    with (
        FinetuneProgress(plan.updates, quiet=quiet) as progress,
        silence_loggers("transformers", "gliner", "accelerate"),
    ):
        trainer = build_trainer(
            teacher.model, plan, config, checkpoints, measure,
            callbacks=[progress], save_updates=save_updates, keep_last=keep_last,
        )  # fmt: skip
        before = measure() if not curve else curve[0]["f1"]
        trainer.train(resume_from_checkpoint=None if last is None else str(last))
    best = max(curve, key=lambda point: (point["f1"], -point["update"]))
    if keep_last:
        best = curve[-1]
    elif best["update"] == 0:
        _restore_start(teacher)
    teacher.model.eval()
    return {
        "f1_before": before,
        "f1": best["f1"],
        "best_update": best["update"],
        "updates": trainer.state.global_step,
        "planned_updates": plan.updates,
        "examples": sum(len(corpus.examples) for corpus in corpora),
        "unlearnable": sum(corpus.unlearnable for corpus in corpora),
        "seconds": time.perf_counter() - started,
        "curve": curve,
    }


def _describe_point(update: int, loss: float | None, f1: dict[str, float]) -> dict[str, Any]:
    """A point of the curve; a loss that is no number is none."""
    finite = loss if loss is not None and math.isfinite(loss) else None
    return {"update": update, "f1": sum(f1.values()) / len(f1), "dev": f1, "loss": finite}


def _restore_start(teacher: Teacher) -> None:
    """Put the weights back with which the teacher came."""
    from distilgliner.annotate.loading import load_model

    start = load_model(teacher.checkpoint, str(teacher.model.device))
    teacher.model.model.load_state_dict(start.model.state_dict())


def claim_folder(
    folder: Path, config: FinetuneConfig, checkpoint: Checkpoint, data: dict[str, Any]
) -> dict[str, Any] | None:
    """Write down what the run is, or check that it is this very one; the result if it is finished.

    Raises `UserError` for a folder with another run or with anything else in it.
    """
    run = {
        "distilgliner": __version__,
        "config": config.model_dump(),
        "teacher": checkpoint.name,
        "teacher_hash": checkpoint.weight_hash,
        "data": data,
    }
    claim_run(folder, RUN_FILE, run, "fine-tuning")
    if not (folder / RESULT_FILE).is_file():
        return None
    found: dict[str, Any] = read_json(folder / RESULT_FILE, REMEDY, keys=("f1", "f1_before"))
    return found


def finish_folder(folder: Path, teacher: Teacher, result: dict[str, Any], card: str) -> None:
    """Save the checkpoint as `gliner` does, in safetensors, with its card; drop what resumes."""
    import torch

    model = teacher.model
    dtype = teacher.checkpoint.read_dtype()
    if dtype is not None:
        model.model.to(getattr(torch, dtype))
    model.save_pretrained(folder, safe_serialization=True)
    model.model.to(torch.float32)
    write_atomically(folder / "README.md", card)
    write_json(folder / RESULT_FILE, result)
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    (folder / "curve.json").unlink(missing_ok=True)


def _find_teacher(teacher: str | Path, config: FinetuneConfig) -> Checkpoint:
    check_packages()
    if find_spec("accelerate") is None:
        raise missing_extra("accelerate", "finetune")
    checkpoint = find_checkpoint(teacher)
    if "labels-encoder" in config.freeze and not checkpoint.kind.startswith("bi-encoder"):
        raise UserError(
            f"The teacher {checkpoint.name!r} is a {checkpoint.kind} model and has no encoder for "
            "labels; take labels-encoder out of --freeze."
        )
    return checkpoint


def choose_labels(gold: Sequence[Document], ignored: Sequence[str] = ()) -> tuple[str, ...]:
    """All labels of labelled documents, sorted. Raises `UserError` when there is none."""
    found = {entity.label for document in gold for entity in document.entities or ()}
    if not found - set(ignored):
        raise UserError("The gold holds no entity to learn from; give text with entities.")
    return check_labels(sorted(found - set(ignored)))


def _hold_out(gold: list[Document], seed: int) -> tuple[list[Document], list[Document]]:
    kept, held = split_documents(gold, [1 - HELD_OUT, HELD_OUT], seed)
    return kept, held


def _find_last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that is whole: its state is written last."""
    found = []
    for path in folder.glob("checkpoint-*"):
        try:
            state = json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
            found.append((int(state["global_step"]), path))
        except (OSError, ValueError, KeyError):
            shutil.rmtree(path, ignore_errors=True)  # killed in the middle of writing it
    return max(found)[1] if found else None
