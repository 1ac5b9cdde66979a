"""The stage `finetune`: a GLiNER checkpoint and gold → a checkpoint that knows the gold."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distilgliner.annotate.checkpoint import (
    FINETUNED_FILE,
    Checkpoint,
    check_packages,
    find_checkpoint,
)
from distilgliner.corpus.arguments import check_threads
from distilgliner.corpus.borders import measure_borders
from distilgliner.corpus.choosing import check_can_choose, warn_if_nothing_found
from distilgliner.corpus.document import Document
from distilgliner.corpus.labelled import restrict_documents
from distilgliner.corpus.labels import check_labels, list_labels
from distilgliner.corpus.prompts import Prompts, are_groups, compute_prompts
from distilgliner.corpus.split import split_documents
from distilgliner.corpus.texts import list_documents
from distilgliner.corpus.unspaced import is_unspaced
from distilgliner.errors import UserError, missing_extra
from distilgliner.files import give_usual_mode, write_atomically
from distilgliner.finetune.card import write_card
from distilgliner.finetune.checkpoints import CHECKPOINTS, RUN_FILE
from distilgliner.finetune.config import FinetuneConfig
from distilgliner.finetune.curve import CURVE_FILE
from distilgliner.finetune.rehearsal import Rehearsal, choose_kept_text, measure_kept, rehearse
from distilgliner.finish import recall_finish, write_finish
from distilgliner.folders import REMEDY, compute_fingerprint, lock_folder, record_run
from distilgliner.version import __version__

if TYPE_CHECKING:
    from distilgliner.annotate.teacher import Teacher
    from distilgliner.finetune.examples import TrainingCorpus

RESULT_FILE = FINETUNED_FILE
_RESULT_KEYS = ("f1_before", "f1", "updates", "seconds", "share")
_NEEDED = ("model.safetensors", "gliner_config.json")
HELD_OUT = 0.1
"""Without dev documents this part of the gold is held out."""


def run_finetuning(
    gold: Iterable[Document],
    *,
    teacher: str | Path,
    output: str | Path,
    config: FinetuneConfig | None = None,
    labels: Sequence[str] | None = None,
    dev: Iterable[Document] = (),
    ignore_labels: Sequence[str] = (),
    keep: Iterable[Document | str] = (),
    keep_labels: Sequence[str] = (),
    prompts: Prompts = None,
    threads: int | None = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """Fine-tune a GLiNER checkpoint on labelled documents; the folder is an ordinary checkpoint.

    teacher: a folder, a hub id or "bundled". labels: the label set; None takes every label of the
    gold. dev: labelled documents that choose the epoch, and the mixture of old and new weights, by
    strict F1 at threshold 0.5; without them a tenth of the gold is held out. The checkpoint as it
    came counts as epoch 0, so that the result is never worse on dev. keep: text, whose own labels
    do not count, in which the teacher is to go on finding the `keep_labels` that it finds as it
    comes. prompts: how the checkpoint is asked for the labels when it is measured (None: all in
    one prompt); those of training are settings of `config`. threads: of the CPU; None lets torch
    decide.
    An interrupted run resumes after its last epoch; one that is finished returns at once, unless
    its files have changed: then it is made anew.
    Returns the result, also in `finetune.json`.
    Raises `UserError` for documents without labels, unknown labels, too little gold or text to
    keep, an unusable teacher, or a folder that holds something else.
    """
    config = config or FinetuneConfig()
    gold, dev = list_documents(gold, "gold"), list_documents(dev, "dev")
    ignore_labels = list_labels(ignore_labels, "ignore_labels")
    keep = list_documents(keep, "the text to keep")
    names = choose_labels(gold, ignore_labels) if labels is None else check_labels(labels)
    restricted = restrict_documents(gold, names, ignore_labels, "gold")
    chosen = restrict_documents(dev, names, ignore_labels, "dev")
    check_can_choose(chosen, "dev")
    if not chosen:
        restricted, chosen = _hold_out(restricted, config.seed)
    if not any(document.entities for document in restricted):
        raise UserError("The gold holds no entity to learn from; give text with entities.")
    most = round(config.kept_per_gold * len(restricted))
    kept, kept_labels = choose_kept_text(keep, keep_labels, most=most, seed=config.seed)
    checkpoint = _find_teacher(teacher, config)
    folder = Path(output)
    data = {
        "gold": compute_fingerprint(map(repr, restricted)),
        "dev": compute_fingerprint(map(repr, chosen)),
        "labels": list(names),
    }
    if prompts is not None:
        compute_prompts(names, prompts)
        data["prompts"] = json.loads(json.dumps(prompts))
    if kept:
        if are_groups(prompts):
            raise UserError(
                "Groups of labels do not go with text to keep, which has labels of its own; give "
                "a number of labels per prompt."
            )
        data["keep"] = compute_fingerprint(map(repr, kept))
        data["keep_labels"] = list(kept_labels)
    if not (folder / RUN_FILE).is_file():
        _check_room(checkpoint, names, prompts, config)
    with lock_folder(folder):
        finished = record_finetuning(folder, config, checkpoint, data)
        if finished is not None:
            return finished

        from distilgliner.annotate.teacher import load_teacher
        from distilgliner.finetune.train import DevSet, train_teacher

        if threads is not None:
            import torch

            torch.set_num_threads(check_threads(threads))
        loaded = load_teacher(checkpoint)
        loaded.prompts = prompts
        rehearsal = rehearse(loaded, kept, kept_labels, quiet=quiet) if kept else None
        corpora = _build_corpora(loaded, restricted, names, rehearsal, config)
        chosen_by = [DevSet("dev", names, chosen)]
        result = train_teacher(loaded, corpora, chosen_by, folder, config, quiet=quiet)
        if rehearsal is not None:
            result["kept"] = measure_kept(loaded, rehearsal)
        warn_if_nothing_found(result["f1"], chosen, "dev")
        result |= {"labels": list(names), "gold": len(restricted), "dev": len(chosen)}
        human, split = [*restricted, *chosen], loaded.split_words
        result["gold_borders"] = measure_borders(human, split).to_dict()
        result["texts_without_spaces"] = sum(is_unspaced(d.text, split) for d in human)
        finish_folder(folder, loaded, result, write_card(checkpoint.name, config, result))
    return result


def _check_room(
    checkpoint: Checkpoint, labels: Sequence[str], prompts: Prompts, config: FinetuneConfig
) -> None:
    """Raise `UserError` for labels that leave no room for text, before the folder is claimed."""
    from distilgliner.annotate.prompt_room import surely_fit

    most = config.prompts.max_labels
    longest = sorted(labels, key=len, reverse=True)[:most]
    if surely_fit([longest, *compute_prompts(labels, prompts)]):
        return
    from distilgliner.annotate.teacher import load_teacher
    from distilgliner.finetune.examples import compute_text_limits

    teacher = load_teacher(checkpoint, device="cpu")
    teacher.check_room(labels, prompts)
    compute_text_limits(teacher, labels, most)


def _build_corpora(
    teacher: Teacher,
    gold: Sequence[Document],
    labels: Sequence[str],
    rehearsal: Rehearsal | None,
    config: FinetuneConfig,
) -> list[TrainingCorpus]:
    from distilgliner.finetune.examples import build_training_corpus

    parts = [("gold", gold, labels)]
    if rehearsal is not None:
        parts.append(("kept", rehearsal.train, rehearsal.labels))
    return [
        build_training_corpus(name, documents, names, teacher, max_labels=config.prompts.max_labels)
        for name, documents, names in parts
    ]


def record_finetuning(
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
    record_run(folder, RUN_FILE, run, "fine-tuning")
    return recall_finish(folder / RESULT_FILE, REMEDY, _RESULT_KEYS, _NEEDED)


def finish_folder(folder: Path, teacher: Teacher, result: dict[str, Any], card: str) -> None:
    """Save the checkpoint as `gliner` does, in safetensors, with its card; drop what resumes."""
    import torch

    model = teacher.model
    dtype = teacher.checkpoint.read_dtype()
    if dtype is not None:
        model.model.to(getattr(torch, dtype))
    _forget_last_batch(model.data_processor)
    model.save_pretrained(folder, safe_serialization=True)
    give_usual_mode(list(folder.glob("*.safetensors")))  # which only their owner could read
    model.model.to(torch.float32)
    write_atomically(folder / "README.md", card)
    own = {"README.md", RUN_FILE, RESULT_FILE, CURVE_FILE}
    files = [path.name for path in folder.iterdir() if path.is_file() and path.name not in own]
    result.update(write_finish(folder / RESULT_FILE, result, sorted(files)))
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    (folder / CURVE_FILE).unlink(missing_ok=True)


def _forget_last_batch(processor: Any) -> None:
    """Leave tokenizers without the padding and the length of the last text that they cut.

    A fast tokenizer keeps both and would write them down: a run that was stopped after its training
    has cut other texts last than one that was not, and would end in another `tokenizer.json`.
    """
    for name in ("transformer_tokenizer", "labels_tokenizer"):
        tokenizer = getattr(getattr(processor, name, None), "backend_tokenizer", None)
        if tokenizer is not None:
            tokenizer.no_padding()
            tokenizer.no_truncation()


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
