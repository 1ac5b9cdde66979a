"""The teacher's annotations of the parts of a comparison, with new texts if any are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from distilgliner.annotate.checkpoint import find_checkpoint
from distilgliner.annotate.run import run_annotation
from distilgliner.annotate.store import AnnotationStore, open_store
from distilgliner.augment.documents import augment_documents
from distilgliner.augment.source import TeacherDocuments
from distilgliner.compare.arms.arm import annotation_folder
from distilgliner.compare.arms.reuse import copy_annotations, find_given_store, find_layers
from distilgliner.compare.config import CompareConfig
from distilgliner.compare.data import ComparisonData
from distilgliner.corpus.document import Document
from distilgliner.errors import UserError
from distilgliner.files import write_json

SPEED_FILE = "annotation_speed.json"
_PLAIN = "transfer-before-augmentation"


def annotate_parts(
    config: CompareConfig,
    output: Path,
    data: ComparisonData,
    teacher: str | Path,
    *,
    quiet: bool,
) -> dict[str, AnnotationStore]:
    """The stores of transfer, dev (if there is any) and test, by the first teacher.

    `config.more_teachers` annotate the same texts, into stores beside these.
    """
    transfer = build_transfer(config, output, data, teacher, quiet=quiet)
    parts = {"transfer": transfer, "dev": data.dev, "test": data.test}
    layers = {"transfer": find_layers(config.training.terms)}
    stores = [
        {
            part: _annotate(
                config,
                output,
                part,
                texts,
                checkpoint,
                number,
                states=layers.get(part, ()),
                quiet=quiet,
            )
            for part, texts in parts.items()
            if texts
        }
        for number, checkpoint in enumerate((teacher, *config.more_teachers))
    ]
    return stores[0]


def annotate_transfer(
    config: CompareConfig,
    output: Path,
    data: ComparisonData,
    teacher: str | Path,
    *,
    states: Sequence[int],
    quiet: bool,
) -> AnnotationStore:
    """The store of the transfer text, and of what `config.augment` makes of it, by one teacher.

    states: the teacher's layers to keep.
    """
    documents = build_transfer(config, output, data, teacher, quiet=quiet)
    return _annotate(config, output, "transfer", documents, teacher, states=states, quiet=quiet)


def build_transfer(
    config: CompareConfig,
    output: Path,
    data: ComparisonData,
    teacher: str | Path,
    *,
    quiet: bool,
) -> Sequence[Document]:
    """The transfer text, and what `config.augment` makes of it.

    New texts are made with the entities that the teacher found in the transfer text; none is a text
    of dev or test.
    """
    if config.augment is None:
        return data.transfer
    plain = _annotate(config, output, _PLAIN, data.transfer, teacher, quiet=quiet)
    found = TeacherDocuments(plain, config.target.teacher_threshold)
    held = [document.text for document in (*data.dev, *data.test)]
    new = augment_documents(found, config.augment, held, source="The transfer text")
    return [*data.transfer, *new]


def _annotate(
    config: CompareConfig,
    output: Path,
    part: str,
    documents: Sequence[Document],
    teacher: str | Path,
    number: int = 0,
    *,
    states: Sequence[int] = (),
    quiet: bool,
) -> AnnotationStore:
    folder = annotation_folder(output, part, number)
    if part == "transfer" and config.annotations:
        given = find_given_store(config, find_checkpoint(teacher))
        if given is not None:
            return _open_copy(folder) or copy_annotations(given, documents, folder)
    store = run_annotation(
        documents,
        teacher=teacher,
        labels=config.labels,
        prompts=config.prompts,
        output=folder,
        states=states,
        quiet=quiet,
    )
    if store.words_per_second is not None:
        write_json(folder / SPEED_FILE, store.words_per_second)
    return store


def _open_copy(folder: Path) -> AnnotationStore | None:
    """The annotations that are in the folder of a comparison already, if they are whole."""
    try:
        return open_store(folder)
    except UserError:
        return None
