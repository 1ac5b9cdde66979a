"""Annotations that are there already, in place of annotating the transfer text again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from distilgliner.annotate.annotator import Annotator
from distilgliner.annotate.checkpoint import Checkpoint
from distilgliner.annotate.decode import decode_flat
from distilgliner.annotate.manifest import (
    CorpusRecord,
    Manifest,
    check_same_settings,
    write_manifest,
)
from distilgliner.annotate.shards import ShardSummary, read_ids, shard_path, write_shard
from distilgliner.annotate.spans import AnnotatedDocument
from distilgliner.annotate.store import AnnotationStore, complete_store, open_store
from distilgliner.annotate.vocabulary import copy_vocabulary
from distilgliner.compare.config import CompareConfig
from distilgliner.corpus.document import Document
from distilgliner.distill.config import TermsConfig
from distilgliner.distill.objective.terms import use_states
from distilgliner.distill.sources.labels import check_floor
from distilgliner.errors import UserError
from distilgliner.folders import compute_fingerprint, lock_folder
from distilgliner.progress import notify

_REMEDY = "give annotations with the same settings, or leave --annotations out to annotate again"


def find_layers(terms: TermsConfig) -> tuple[int, ...]:
    """The teacher's layers that terms look at: the last one, and the embeddings for the flow.

    Whichever arms there are: others may be added later.
    """
    if not use_states(terms, "soft", has_states=True):
        return ()
    return (0, -1) if terms.states.loss == "fsp" else (-1,)


def check_given_annotations(
    config: CompareConfig, transfer: Sequence[Document], teachers: Sequence[Checkpoint]
) -> None:
    """Raise `UserError` for annotations of another teacher, other labels, or other texts.

    They may have more texts than `transfer`, and any floor that the targets allow.
    """
    used: dict[str, str] = {}
    for folder in config.annotations:
        store = open_store(folder)
        teacher = _find_teacher(store, teachers)
        if teacher is None:
            raise UserError(
                f"{folder} was annotated by another teacher ({store.manifest.teacher}); give "
                f"annotations by {' or '.join(known.name for known in teachers)}, or leave "
                "--annotations out to annotate again."
            )
        if teacher.weight_hash in used:
            raise UserError(
                f"{used[teacher.weight_hash]} and {folder} are by the same teacher; give one of "
                "them."
            )
        used[teacher.weight_hash] = folder
        wanted = _build_manifest(config, teacher, store.manifest)
        check_same_settings(store.manifest, wanted, Path(folder), _REMEDY)
        check_floor(config.target, store.manifest.floor)
        _check_texts(store, transfer)
        if store.manifest.states is None and find_layers(config.training.terms):
            notify(
                f"{folder} has no hidden states of the teacher, so no student learns them; "
                "distilgliner annotate --states -1 keeps them."
            )


def _find_teacher(store: AnnotationStore, teachers: Sequence[Checkpoint]) -> Checkpoint | None:
    """The one of the teachers whose annotations a store holds."""
    for teacher in teachers:
        if teacher.weight_hash == store.manifest.teacher_hash:
            return teacher
    return None


def find_given_store(config: CompareConfig, checkpoint: Checkpoint) -> AnnotationStore | None:
    """The store of `config.annotations` by this teacher, if there is one."""
    for folder in config.annotations:
        store = open_store(folder)
        if store.manifest.teacher_hash == checkpoint.weight_hash:
            return store
    return None


def copy_annotations(
    store: AnnotationStore, documents: Sequence[Document], output: Path
) -> AnnotationStore:
    """A store of these documents at `output`, taken from a store that has them all.

    Hidden states are taken too. The documents keep the order of the store, which decides nothing.
    """
    wanted = {document.id for document in documents}
    manifest = store.manifest.model_copy(
        update={"corpus": None, "complete": False, "shards": None, "vocabulary": None}
    )
    chosen = (
        document
        for document in store.iterate(states=manifest.states is not None)
        if document.id in wanted
    )
    with lock_folder(output):
        write_manifest(output, manifest)
        copy_vocabulary(store.folder, output)
        words, shards = _write_shards(chosen, manifest, output)
        record = CorpusRecord(
            fingerprint=compute_fingerprint(sorted(wanted)),
            documents=len(wanted),
            duplicates=0,
            words=words,
            shortened_words=0,
            shards=shards,
        )
        complete_store(output, manifest, record)
    return open_store(output)


def _write_shards(
    documents: Iterator[AnnotatedDocument], manifest: Manifest, output: Path
) -> tuple[int, int]:
    """The words in all shards, and their number."""
    words = shards = 0
    while chunk := list(islice(documents, manifest.batches.shard_documents)):
        summary = ShardSummary(
            documents=len(chunk),
            words=sum(len(document.words) for document in chunk),
            entities=sum(len(decode_flat(document, manifest.labels)) for document in chunk),
            shortened_words=0,
        )
        write_shard(shard_path(output, shards), chunk, summary, manifest.compute_settings_hash())
        words, shards = words + summary.words, shards + 1
    return words, shards


def _build_manifest(config: CompareConfig, teacher: Checkpoint, stored: Manifest) -> Manifest:
    """What the comparison asks for; what it leaves open is as stored."""
    wanted = Annotator(
        teacher,
        config.labels,
        floor=stored.floor,
        shard_documents=stored.batches.shard_documents,
        batch_words=stored.batches.batch_words,
        prompts=config.prompts,
        states=(),
    ).manifest
    return wanted.model_copy(update={"states": stored.states, "batches": stored.batches})


def _check_texts(store: AnnotationStore, transfer: Sequence[Document]) -> None:
    assert store.manifest.corpus is not None
    stored = {
        key
        for index in range(store.manifest.corpus.shards)
        for key in read_ids(shard_path(store.folder, index))
    }
    missing = [document for document in transfer if document.id not in stored]
    if missing:
        raise UserError(
            f"{store.folder} has no annotations of {len(missing):,} of the {len(transfer):,} texts "
            f"of --transfer (the first is {missing[0].text[:40]!r}); give the files that were "
            "annotated, or leave --annotations out to annotate again."
        )
