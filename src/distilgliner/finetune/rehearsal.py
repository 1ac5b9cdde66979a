"""What a teacher says of other text before it is fine-tuned, to go on saying it.

Fine-tuning forgets what the gold does not hold. Unlabelled text, with the entities that the teacher
unchanged finds in it, is trained in addition to the gold (Li and Hoiem 2016, "Learning without
Forgetting", with decisions instead of distributions: those are what the loss of `gliner` takes).
See docs/explanation/decisions/0024-rehearsal.md.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.labels import check_labels
from distilgliner.errors import UserError
from distilgliner.finetune.measure import measure_teacher
from distilgliner.progress import build_progress

if TYPE_CHECKING:
    from distilgliner.annotate.teacher import Teacher

_LEAST_DOCUMENTS = 10
_HELD_OUT, _MOST_HELD_OUT = 0.1, 300
_CHUNK = 256
"""Documents between two steps of the progress bar."""


@dataclass(frozen=True)
class Rehearsal:
    """Text with the entities that the teacher found in it: to train on, and held out."""

    labels: tuple[str, ...]
    train: list[Document]
    held_out: list[Document]


def choose_kept_text(
    documents: Sequence[Document], labels: Sequence[str], *, most: int, seed: int
) -> tuple[list[Document], tuple[str, ...]]:
    """At most so many different documents, and their label set; whatever the order they came in.

    Raises `UserError` for too little text, or for text without labels and the reverse.
    """
    if bool(documents) != bool(labels):
        raise UserError(
            "Text to keep needs the labels that the teacher finds in it, and they need text; "
            "give both --keep and --keep-labels."
        )
    if not documents:
        return [], ()
    different = sorted({document.text for document in documents})
    if len(different) < _LEAST_DOCUMENTS:
        raise UserError(
            f"The text to keep has {len(different)} different documents; "
            f"give {_LEAST_DOCUMENTS} at least."
        )
    chosen = random.Random(seed).sample(different, min(len(different), max(_LEAST_DOCUMENTS, most)))
    return [Document(text) for text in chosen], tuple(sorted(check_labels(labels)))


def rehearse(
    teacher: Teacher, documents: Sequence[Document], labels: tuple[str, ...], *, quiet: bool = False
) -> Rehearsal:
    """Ask the teacher, at threshold 0.5, what is in the documents; a tenth is held out.

    Raises `UserError` when it finds nothing in what is to be trained on.
    """
    labelled = _predict(teacher, documents, labels, quiet=quiet)
    held = min(_MOST_HELD_OUT, max(1, int(_HELD_OUT * len(labelled))))
    if not any(document.entities for document in labelled[held:]):
        raise UserError(
            f"The teacher finds no {' or '.join(labels)} in the text to keep, so that there is "
            "nothing to keep; give other text or other labels."
        )
    return Rehearsal(labels, labelled[held:], labelled[:held])


def measure_kept(teacher: Teacher, rehearsal: Rehearsal) -> dict[str, Any]:
    """How much it still says of what it said of the text held out, as strict F1.

    That is None where it said nothing. Leaves the model in eval.
    """
    agreement = None
    if any(document.entities for document in rehearsal.held_out):
        agreement = measure_teacher(teacher, rehearsal.held_out, rehearsal.labels).micro.f1
    return {
        "labels": list(rehearsal.labels),
        "documents": len(rehearsal.train),
        "held_out": len(rehearsal.held_out),
        "f1": agreement,
    }


def _predict(
    teacher: Teacher, documents: Sequence[Document], labels: tuple[str, ...], *, quiet: bool
) -> list[Document]:
    teacher.model.eval()
    labelled = []
    with build_progress(quiet=quiet) as progress:
        task = progress.add_task("ask the teacher", total=len(documents), note="")
        for start in range(0, len(documents), _CHUNK):
            texts = [document.text for document in documents[start : start + _CHUNK]]
            found = teacher.batch_predict_entities(texts, labels)
            for text, entities in zip(texts, found, strict=True):
                spans = (Entity(e["start"], e["end"], e["label"]) for e in entities)
                labelled.append(Document(text, tuple(spans)))
            progress.update(task, advance=len(texts))
    return labelled
