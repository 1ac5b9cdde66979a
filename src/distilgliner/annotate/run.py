"""Annotating a corpus: the one costly stage, done once, resumable, shared by every later run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence, Sized
from pathlib import Path
from typing import TYPE_CHECKING

from distilgliner.annotate.checkpoint import check_packages, find_checkpoint
from distilgliner.annotate.corpus import SHARD_CHARACTERS, Corpus
from distilgliner.annotate.decode import decode_flat
from distilgliner.annotate.manifest import (
    MANIFEST_FILE,
    BatchSettings,
    CorpusRecord,
    Manifest,
    PromptSettings,
    WindowSettings,
    check_same_settings,
    read_manifest,
    write_manifest,
)
from distilgliner.annotate.spans import AnnotatedDocument
from distilgliner.annotate.store import (
    AnnotationStore,
    ShardSummary,
    open_store,
    read_ids,
    read_summary,
    shard_path,
    write_shard,
)
from distilgliner.annotate.vocabulary import (
    TOKENIZER_FILE,
    VECTORS_FILE,
    VOCABULARY_FOLDER,
    write_vocabulary,
)
from distilgliner.annotate.windows import find_sentence_ends
from distilgliner.corpus.document import Document, check_labels
from distilgliner.errors import UserError
from distilgliner.folders import check_content, lock_folder
from distilgliner.progress import build_progress

if TYPE_CHECKING:
    from distilgliner.annotate.teacher import Teacher

DEFAULT_FLOOR = 1e-2


def run_annotation(
    documents: Iterable[Document],
    *,
    teacher: str | Path | Teacher,
    labels: Sequence[str],
    output: Path,
    floor: float = DEFAULT_FLOOR,
    shard_documents: int = 1000,
    batch_words: int = 1024,
    labels_per_prompt: int | None = None,
    quiet: bool = False,
) -> AnnotationStore:
    """Score all spans of the documents with a teacher and keep them in a store at `output`.

    `documents` is streamed; a text that occurs twice is stored once. `teacher` is a folder, a hub
    id, "bundled", or a teacher already loaded. Spans with a probability of at most `floor` are
    left out. A store begun earlier with the same settings is continued, a complete one is returned
    as it is. `batch_words` (subwords, padding and prompts count too) decides speed and memory, and
    the last digit of some scores: see docs/decisions/0009-order-and-batches.md.

    Raises `UserError` for other settings, other documents, bad labels, an unusable teacher, or a
    folder that cannot be made, holds something else or is in use by another run.
    """
    output = Path(output)
    _check_numbers(floor, shard_documents, batch_words, labels_per_prompt)
    annotator = _Annotator(teacher, labels, floor, shard_documents, batch_words, labels_per_prompt)
    with lock_folder(output):
        return _annotate(annotator, documents, output, quiet=quiet)


def _annotate(
    annotator: _Annotator, documents: Iterable[Document], output: Path, *, quiet: bool
) -> AnnotationStore:
    stored = _prepare_folder(output, annotator.manifest)
    corpus = Corpus(documents)
    shard_documents = annotator.manifest.batches.shard_documents
    shards = 0
    with build_progress(quiet=quiet) as progress:
        total = len(documents) if isinstance(documents, Sized) else None
        task = progress.add_task("annotate", total=total, note="")

        def show(share: float) -> None:
            done = corpus.read - round((1 - share) * len(chunk))
            progress.update(task, completed=done, note=f"{annotator.words_per_second:,.0f} words/s")

        for chunk in corpus.chunks(shard_documents):
            path = shard_path(output, shards)
            if path.is_file():
                _check_same_documents(path, chunk)
                progress.update(task, completed=corpus.read)
            elif stored.complete:
                raise _other_corpus(output)  # the input goes on where the stored one ended
            else:
                annotator.run(path, chunk, show)
            shards += 1
    record = _build_record(output, corpus, shards)
    annotator.write_vocabulary(output)
    if stored.complete and stored.corpus != record:
        raise _other_corpus(output)
    if not stored.complete:
        complete = annotator.manifest.model_copy(update={"corpus": record, "complete": True})
        write_manifest(output, complete)
    store = open_store(output)
    store.words_per_second = annotator.words_per_second or None
    return store


class _Annotator:
    """The settings of a run, and the teacher, which is loaded when the first shard needs it."""

    def __init__(
        self,
        teacher: str | Path | Teacher,
        labels: Sequence[str],
        floor: float,
        shard_documents: int,
        batch_words: int,
        labels_per_prompt: int | None,
    ) -> None:
        check_packages()
        from distilgliner.annotate import teacher as teacher_module

        self._teacher: Teacher | None = None
        if isinstance(teacher, teacher_module.Teacher):
            self._teacher, self._checkpoint = teacher, teacher.checkpoint
        else:
            self._checkpoint = find_checkpoint(teacher)
        self._load = teacher_module.load_teacher
        self._cut_words = teacher_module.cut_words
        self._words = 0
        self._seconds = 0.0
        checkpoint = self._checkpoint
        self.manifest = Manifest(
            teacher=checkpoint.name,
            teacher_hash=checkpoint.weight_hash,
            teacher_kind=checkpoint.kind,
            labels=tuple(sorted(check_labels(labels))),  # results must not depend on their order
            floor=floor,
            word_splitter=checkpoint.word_splitter,
            max_width=checkpoint.max_width,
            prompt=PromptSettings(
                entity_token=checkpoint.prompt_tokens[0],
                separator_token=checkpoint.prompt_tokens[1],
                labels_per_prompt=labels_per_prompt,
            ),
            windows=WindowSettings(
                max_words=checkpoint.max_words, overlap_words=checkpoint.overlap_words
            ),
            batches=BatchSettings(
                shard_documents=shard_documents,
                shard_characters=SHARD_CHARACTERS,
                batch_words=batch_words,
            ),
            versions=teacher_module.package_versions(),
        )

    @property
    def words_per_second(self) -> float:
        """Of the shards finished and the batches done in this run; loading does not count."""
        return self._words / self._seconds if self._seconds else 0.0

    def run(self, path: Path, chunk: Sequence[Document], show: Callable[[float], None]) -> None:
        """Annotate the documents of one shard and write it; `show` gets the share that is done."""
        teacher = self._get_teacher()
        self.write_vocabulary(path.parent)
        offsets = [teacher.split_words(document.text) for document in chunk]
        word_lists = [
            self._cut_words(document.text, words)
            for document, words in zip(chunk, offsets, strict=True)
        ]
        total = max(1, sum(map(len, word_lists)))
        started, seconds_before, words_before = time.perf_counter(), self._seconds, self._words

        def on_batch(words: int) -> None:
            self._words += words
            self._seconds = seconds_before + time.perf_counter() - started
            show(min(1.0, (self._words - words_before) / total))

        shortened_before = teacher.shortened_words
        spans = teacher.score(
            word_lists,
            self.manifest.labels,
            self.manifest.floor,
            sentence_ends=[
                find_sentence_ends(document.text, words)
                for document, words in zip(chunk, offsets, strict=True)
            ],
            batch_words=self.manifest.batches.batch_words,
            labels_per_prompt=self.manifest.prompt.labels_per_prompt,
            on_batch=on_batch,
        )
        annotated = [
            AnnotatedDocument(document.id, document.text, words, scores)
            for document, words, scores in zip(chunk, offsets, spans, strict=True)
        ]
        labels = self.manifest.labels
        write_shard(
            path,
            annotated,
            ShardSummary(
                documents=len(annotated),
                words=sum(map(len, word_lists)),
                entities=sum(len(decode_flat(document, labels)) for document in annotated),
                shortened_words=teacher.shortened_words - shortened_before,
            ),
        )
        self._words = words_before + total  # overlaps of windows counted once

    def write_vocabulary(self, output: Path) -> None:
        """Put what students inherit beside the annotations, unless it is there."""
        folder = output / VOCABULARY_FOLDER
        if (folder / VECTORS_FILE).is_file() and (folder / TOKENIZER_FILE).is_file():
            return
        model = self._get_teacher().model
        # Encoding leaves its padding and truncation in the tokenizer, which is not its nature.
        tokenizer = getattr(model.data_processor.transformer_tokenizer, "backend_tokenizer", None)
        if tokenizer is not None:
            tokenizer.no_padding()
            tokenizer.no_truncation()
        write_vocabulary(model, folder)

    def _get_teacher(self) -> Teacher:
        if self._teacher is None:
            self._teacher = self._load(self._checkpoint)
        return self._teacher


def _check_numbers(
    floor: float, shard_documents: int, batch_words: int, labels_per_prompt: int | None
) -> None:
    if not 0 <= floor < 0.5:
        raise UserError(f"The floor {floor} is not a probability from 0 to below 0.5; try 0.01.")
    for name, value in (
        ("number of documents per shard", shard_documents),
        ("--batch-words", batch_words),
        ("--labels-per-prompt", labels_per_prompt),
    ):
        if value is not None and value < 1:
            raise UserError(f"{name} must be at least 1, not {value}.")


def _prepare_folder(output: Path, wanted: Manifest) -> Manifest:
    """Check that the folder is empty or holds a store to continue; returns the manifest there."""
    check_content(output, MANIFEST_FILE, "annotations")
    stored = read_manifest(output)
    if stored is not None and any(output.glob("shard-*.parquet")):
        check_same_settings(stored, wanted, output)
        if stored.complete and stored.corpus is not None:
            shards = range(stored.corpus.shards)
            if all(shard_path(output, index).is_file() for index in shards):
                return stored
        # A shard was deleted to make it anew; keep the batches and versions of this run.
    write_manifest(output, wanted)
    return wanted


def _check_same_documents(path: Path, chunk: Sequence[Document]) -> None:
    if read_ids(path) != [document.id for document in chunk]:
        raise _other_corpus(path)


def _other_corpus(path: Path) -> UserError:
    return UserError(
        f"{path} holds annotations of other documents than the input's; pass the same --input "
        "files in the same order, or choose another --output folder."
    )


def _build_record(output: Path, corpus: Corpus, shards: int) -> CorpusRecord:
    """What was annotated; raises `UserError` when it is nothing, or less than is stored."""
    if not shards:
        raise UserError("There are no documents to annotate; check the --input files.")
    if shard_path(output, shards).is_file():
        raise _other_corpus(shard_path(output, shards))
    summaries = [read_summary(shard_path(output, index)) for index in range(shards)]
    return CorpusRecord(
        fingerprint=corpus.fingerprint,
        documents=corpus.read - corpus.duplicates,
        duplicates=corpus.duplicates,
        words=sum(shard.words for shard in summaries),
        shortened_words=sum(shard.shortened_words for shard in summaries),
        shards=shards,
    )
