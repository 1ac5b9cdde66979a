"""The teacher's annotations of the parts of a comparison, with new texts if any are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from distilgliner.annotate.run import run_annotation
from distilgliner.annotate.store import AnnotationStore
from distilgliner.augment.documents import augment_documents
from distilgliner.augment.source import TeacherDocuments
from distilgliner.compare.arm import annotation_folder
from distilgliner.compare.config import CompareConfig
from distilgliner.compare.data import ComparisonData
from distilgliner.corpus.document import Document
from distilgliner.distill.terms import TermsConfig
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
    """The stores of transfer, dev and test."""
    return {
        "transfer": annotate_transfer(config, output, data, teacher, quiet=quiet),
        "dev": _annotate(config, output, "dev", data.dev, teacher, quiet=quiet),
        "test": _annotate(config, output, "test", data.test, teacher, quiet=quiet),
    }


def annotate_transfer(
    config: CompareConfig,
    output: Path,
    data: ComparisonData,
    teacher: str | Path,
    *,
    states: Sequence[int] | None = None,
    quiet: bool,
) -> AnnotationStore:
    """The store of the transfer text, and of what `config.augment` makes of it.

    states: the teacher's layers to keep; None for those that the terms of `config` look at.
    New texts are made with the entities that the teacher found in the transfer text; none is a text
    of dev or test. The teacher annotates them like any other.
    """
    documents = data.transfer
    if states is None:
        states = find_layers(config.training.terms)
    if config.augment is not None:
        plain = _annotate(config, output, _PLAIN, documents, teacher, quiet=quiet)
        found = TeacherDocuments(plain, config.target.teacher_threshold)
        held = [document.text for document in (*data.dev, *data.test)]
        new = augment_documents(found, config.augment, held, source="The transfer text")
        documents = [*documents, *new]
    return _annotate(config, output, "transfer", documents, teacher, states=states, quiet=quiet)


def find_layers(terms: TermsConfig) -> tuple[int, ...]:
    """The teacher's layers that terms look at: the last one, and the embeddings for the flow.

    Whichever arms there are: others may be added later.
    """
    if not terms.use_states("soft", has_states=True):
        return ()
    return (0, -1) if terms.states.loss == "fsp" else (-1,)


def _annotate(
    config: CompareConfig,
    output: Path,
    part: str,
    documents: Sequence[Document],
    teacher: str | Path,
    *,
    states: Sequence[int] = (),
    quiet: bool,
) -> AnnotationStore:
    folder = annotation_folder(output, part)
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
