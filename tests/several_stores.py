"""Tiny stores of other teachers and label sets, for students that learn from several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from distilgliner.annotate.shards import ShardSummary, shard_path, write_shard
from distilgliner.annotate.spans import AnnotatedDocument, build_span_scores
from distilgliner.annotate.store import AnnotationStore, complete_store, open_store
from distilgliner.corpus.align import align_spans
from distilgliner.corpus.document import Document
from tiny_store import LABELS, write_store


def annotate_for(
    document: Document, labels: Sequence[str] = LABELS, logit: float = 4.0, doubt: float = -3.0
) -> AnnotatedDocument:
    """What a teacher says that was asked for some labels: the true entities of these, with one
    logit, and its doubts about every other word, with another, for the first label."""
    words = document.words()
    entities = [entity for entity in document.entities or () if entity.label in labels]
    spans, _ = align_spans(
        ((e.char_start, e.char_end, labels.index(e.label)) for e in entities), words
    )
    taken = {word for start, end, _ in spans for word in range(start, end)}
    scored = [(*span, logit) for span in spans]
    scored += [(word, word + 1, 0, doubt) for word in range(len(words)) if word not in taken]
    table = np.array(sorted(scored), dtype=np.float64).reshape(-1, 4)
    scores = build_span_scores(table[:, 0], table[:, 1], table[:, 2], table[:, 3])
    return AnnotatedDocument(document.id, document.text, words, scores)


def write_teacher_store(
    folder: Path,
    documents: Sequence[Document],
    labels: Sequence[str] = LABELS,
    *,
    teacher: str = "tiny-teacher",
    weight_hash: str = "00",
    logit: float = 4.0,
    doubt: float = -3.0,
) -> AnnotationStore:
    """A complete store of what `annotate_for` says, in one shard."""
    store = write_store(folder, documents)
    for path in folder.glob("shard-*.parquet"):
        path.unlink()
    annotated = [annotate_for(document, labels, logit, doubt) for document in documents]
    summary = ShardSummary(len(annotated), sum(len(a.words) for a in annotated), 0, 0)
    write_shard(shard_path(folder, 0), annotated, summary)
    assert store.manifest.corpus is not None
    corpus = store.manifest.corpus.model_copy(update={"shards": 1})
    changes = {"teacher": teacher, "teacher_hash": weight_hash, "labels": tuple(labels)}
    complete_store(folder, store.manifest.model_copy(update=changes), corpus)
    return open_store(folder)
