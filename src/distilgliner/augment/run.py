"""Augmenting a corpus: new texts into a file, for the teacher to annotate."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from distilgliner.augment.config import AugmentConfig
from distilgliner.augment.documents import vary_documents
from distilgliner.augment.replacements import build_replacements
from distilgliner.corpus.document import Document
from distilgliner.corpus.texts import CheckedDocuments, list_texts
from distilgliner.corpus.write import open_atomically
from distilgliner.destinations import writes_through
from distilgliner.errors import UserError
from distilgliner.progress import Progress, build_progress


@dataclass(frozen=True, slots=True)
class AugmentResult:
    """What a run made of what."""

    texts: int
    """New ones."""
    documents: int
    """That they were made of."""
    excluded_documents: int
    """Documents not used, because they are to be kept out."""


def run_augmentation(
    documents: Iterable[Document | str],
    config: AugmentConfig,
    output: Path,
    *,
    excluded: Iterable[str] = (),
    source: str = "The input",
    quiet: bool = False,
) -> AugmentResult:
    """Write new texts to `output`, an object `{"text"}` a line; see `augment_documents`.

    The file is there when it is whole. Raises `UserError` when it exists already or cannot be
    written, and when no new text could be made.
    """
    output = Path(output)
    if output.is_file() and not writes_through(output):
        raise UserError(f"{output} exists already; remove it or give another --output file.")
    if isinstance(documents, Iterator):
        documents = list(documents)
    kept_out = list_texts(excluded, "excluded")
    checked = CheckedDocuments(documents, source)
    texts = 0
    with open_atomically(output) as stream, build_progress(quiet=quiet) as progress:
        watched = _Watched(checked, progress, ["read", "augment"])
        replacements = build_replacements(watched, config, kept_out, source)
        for document in vary_documents(watched, config, replacements):
            stream.write(json.dumps({"text": document.text}, ensure_ascii=False) + "\n")
            texts += 1
        if not texts:
            raise UserError(_explain_none(config, replacements.documents, source))
    return AugmentResult(texts, replacements.documents, replacements.excluded_documents)


def _explain_none(config: AugmentConfig, documents: int, source: str) -> str:
    if not documents:
        return f"{source} holds only documents that are to be kept out; give other text."
    methods = " and ".join(config.methods)
    return (
        f"{source} allows no new text by {methods}; give more text, with more names of each label, "
        "or another --method."
    )


class _Watched:
    """Documents with a progress bar of its own for each time that they are gone through."""

    def __init__(
        self, documents: CheckedDocuments, progress: Progress, descriptions: list[str]
    ) -> None:
        self._documents = documents
        self._progress = progress
        self._descriptions = iter(descriptions)
        self._total = documents.count()

    def __iter__(self) -> Iterator[Document]:
        task = self._progress.add_task(next(self._descriptions), total=self._total, note="")
        count = 0
        for count, document in enumerate(self._documents, 1):
            yield document
            self._progress.update(task, completed=count)
        self._total = count
        self._progress.update(task, total=count)
