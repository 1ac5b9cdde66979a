"""Annotating a corpus: the one costly stage, done once, resumable, shared by every later run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from distilgliner.annotate.annotator import Annotator
from distilgliner.annotate.corpus import Corpus
from distilgliner.annotate.manifest import CorpusRecord
from distilgliner.annotate.resume import (
    build_other_corpus,
    has_vocabulary,
    is_done,
    prepare_folder,
)
from distilgliner.annotate.shards import read_summary, shard_path
from distilgliner.annotate.store import AnnotationStore, complete_store, open_store
from distilgliner.corpus.document import Document
from distilgliner.corpus.prompts import Prompts
from distilgliner.corpus.splitters import find_known_splitter
from distilgliner.corpus.texts import CheckedDocuments
from distilgliner.errors import UserError
from distilgliner.folders import lock_folder
from distilgliner.progress import build_progress

if TYPE_CHECKING:
    from distilgliner.annotate.teacher import Teacher

DEFAULT_FLOOR = 1e-2


def run_annotation(
    documents: Iterable[Document | str],
    *,
    teacher: str | Path | Teacher,
    labels: Sequence[str],
    output: Path,
    floor: float = DEFAULT_FLOOR,
    shard_documents: int = 1000,
    batch_words: int = 1024,
    prompts: Prompts = None,
    states: Sequence[int] | None = None,
    quiet: bool = False,
) -> AnnotationStore:
    """Score all spans of the documents with a teacher and keep them in a store at `output`.

    `documents` is streamed; strings will do. A text that occurs twice is stored once. `teacher` is
    a folder, a hub id, "bundled", or a teacher already loaded. Spans with a probability of at most
    `floor` are left out. A store begun earlier with the same settings is continued, a complete one
    is returned as it is. `batch_words` (subwords, padding and prompts count too) decides speed and
    memory, and the last digit of some scores: see decision 9 in docs/explanation/decisions.

    `states` names layers of the teacher's text encoder, 0 the embeddings, 1 the first, -1 the last:
    their output for every word (the mean over its subwords, fp16) is kept too, out of the same
    passes; see `AnnotationStore.iterate`. None keeps scores only. A state costs 2 bytes a number
    less what compression saves: 0.66 kB per word and layer at a hidden size of 384. With several
    prompts, which the states of a uni-encoder depend on, the first counts.

    `prompts` splits the labels over several prompts, of so many labels or of given groups, because
    a checkpoint may find less of each label the more it is asked for at once.

    Raises `UserError` for other settings, other documents, bad labels, layers that the teacher does
    not have, an unusable teacher, or a folder that cannot be made, holds something else or is in
    use by another run.
    """
    output = Path(output)
    _check_numbers(floor, shard_documents, batch_words)
    annotator = Annotator(
        teacher,
        labels,
        floor=floor,
        shard_documents=shard_documents,
        batch_words=batch_words,
        prompts=prompts,
        states=states or (),
    )
    checked = _check_documents(documents, shard_documents)
    with lock_folder(output):
        return _annotate(annotator, checked, output, quiet=quiet)


def _check_documents(
    documents: Iterable[Document | str], shard_documents: int
) -> Iterable[Document]:
    """The documents, those of a list and of the first shard checked before there is a folder."""
    checked = CheckedDocuments(documents, "")
    rest = iter(checked)
    first = list(islice(rest, None if isinstance(documents, (list, tuple)) else shard_documents))
    if not first:
        raise UserError("There are no documents to annotate; check the --input files.")
    return first if isinstance(documents, (list, tuple)) else chain(first, rest)


def _annotate(
    annotator: Annotator, documents: Iterable[Document], output: Path, *, quiet: bool
) -> AnnotationStore:
    stored = prepare_folder(output, annotator.manifest)
    annotator.has_vocabulary = has_vocabulary(output, stored)
    is_whole = stored.complete and annotator.has_vocabulary
    corpus = Corpus(documents, find_known_splitter(annotator.manifest.word_splitter))
    shards = 0
    with build_progress(quiet=quiet) as progress:
        total = len(documents) if isinstance(documents, Sized) else None
        task = progress.add_task("annotate", total=total, note="")

        def show(share: float) -> None:
            done = corpus.read - round((1 - share) * len(chunk))
            progress.update(task, completed=done, note=f"{annotator.words_per_second:,.0f} words/s")

        for chunk in corpus.chunks(annotator.manifest.batches.shard_documents):
            if is_done(output, shards, chunk, stored):
                progress.update(task, completed=corpus.read)
            else:
                annotator.run(shard_path(output, shards), chunk, show)
                is_whole = False
            shards += 1
    record = _build_record(output, corpus, shards)
    annotator.write_vocabulary(output)
    if stored.complete and stored.corpus != record:
        raise build_other_corpus(output)
    if not is_whole:
        complete_store(output, annotator.manifest, record)
    store = open_store(output)
    store.words_per_second = annotator.words_per_second or None
    store.unspaced = corpus.unspaced
    return store


def _check_numbers(floor: float, shard_documents: int, batch_words: int) -> None:
    if not 0 <= floor < 0.5:
        raise UserError(f"The floor {floor} is not a probability from 0 to below 0.5; try 0.01.")
    for name, value in (
        ("number of documents per shard", shard_documents),
        ("--batch-words", batch_words),
    ):
        if value < 1:
            raise UserError(f"{name} must be at least 1, not {value}.")


def _build_record(output: Path, corpus: Corpus, shards: int) -> CorpusRecord:
    """What was annotated; raises `UserError` when it is nothing, or less than is stored."""
    if not shards:
        raise UserError("There are no documents to annotate; check the --input files.")
    if shard_path(output, shards).is_file():
        raise build_other_corpus(shard_path(output, shards))
    summaries = [read_summary(shard_path(output, index)) for index in range(shards)]
    return CorpusRecord(
        fingerprint=corpus.fingerprint,
        documents=corpus.read - corpus.duplicates,
        duplicates=corpus.duplicates,
        words=sum(shard.words for shard in summaries),
        shortened_words=sum(shard.shortened_words for shard in summaries),
        shards=shards,
    )
