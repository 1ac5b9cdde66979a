"""The annotation store: Parquet shards and a manifest. Reading it needs pyarrow, but no torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from distilgliner.annotate.manifest import MANIFEST_FILE, Manifest, read_manifest
from distilgliner.annotate.spans import AnnotatedDocument, SpanScores, round_logits
from distilgliner.errors import UserError, missing_extra
from distilgliner.files import replace_atomically

__all__ = ["AnnotatedDocument", "AnnotationStore", "Manifest", "SpanScores", "open_store"]

# Measured on tweets: half of what zstd makes of plain columns.
_ENCODING = {
    "char_start": "DELTA_BINARY_PACKED",
    "char_end": "DELTA_BINARY_PACKED",
    "word_start": "DELTA_BINARY_PACKED",
    "word_end": "DELTA_BINARY_PACKED",
    "logit": "BYTE_STREAM_SPLIT",
}
_READ_DOCUMENTS = 1000


@dataclass(frozen=True, slots=True)
class ShardSummary:
    """What a shard contains; kept in the shard's own metadata."""

    documents: int
    words: int
    entities: int
    """At probability 0.5."""
    shortened_words: int


def open_store(folder: str | Path) -> AnnotationStore:
    """Open a complete annotation store.

    Raises `UserError` when the folder is no store, is not complete, or is damaged.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(
            f"{folder} is not a folder; give the output folder of distilgliner annotate."
        )
    manifest = read_manifest(folder)
    if manifest is None:
        raise UserError(
            f"{folder} has no annotations ({MANIFEST_FILE} is missing); "
            "give the output folder of distilgliner annotate."
        )
    if not manifest.complete or manifest.corpus is None:
        raise UserError(
            f"{folder} is not complete; run the same distilgliner annotate command again, "
            "which continues it."
        )
    for index in range(manifest.corpus.shards):
        if not shard_path(folder, index).is_file():
            raise UserError(
                f"{shard_path(folder, index)} is missing; run the same distilgliner annotate "
                "command again, which makes only this shard anew."
            )
    return AnnotationStore(folder, manifest)


class AnnotationStore:
    """What a teacher said about a corpus: iterate over it to get the documents in input order."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.labels = manifest.labels
        self.words_per_second: float | None = None
        """Set by `run_annotation` when it had something left to do."""

    def __len__(self) -> int:
        """The number of documents (of different texts)."""
        return sum(shard.documents for shard in self._summaries)

    def __iter__(self) -> Iterator[AnnotatedDocument]:
        assert self.manifest.corpus is not None
        for index in range(self.manifest.corpus.shards):
            yield from read_shard(shard_path(self.folder, index))

    @cached_property
    def _summaries(self) -> list[ShardSummary]:
        assert self.manifest.corpus is not None
        paths = (shard_path(self.folder, i) for i in range(self.manifest.corpus.shards))
        return [read_summary(path) for path in paths]

    @property
    def words(self) -> int:
        """The number of words."""
        return sum(shard.words for shard in self._summaries)

    @property
    def entities(self) -> int:
        """The number of entities that flat decoding at 0.5 finds."""
        return sum(shard.entities for shard in self._summaries)

    @property
    def size_bytes(self) -> int:
        """Bytes of the shards on disk."""
        return sum(path.stat().st_size for path in self.folder.glob("shard-*.parquet"))


def shard_path(folder: Path, index: int) -> Path:
    """The file of the shard with this number."""
    return folder / f"shard-{index:05d}.parquet"


def write_shard(path: Path, documents: Sequence[AnnotatedDocument], summary: ShardSummary) -> None:
    """Write a shard atomically, with its summary in its metadata."""
    pa, pq = _import_pyarrow()
    numbers = {name: str(getattr(summary, name)) for name in ShardSummary.__slots__}
    table = _build_table(pa, documents).replace_schema_metadata(numbers)
    with replace_atomically(path) as partial:
        pq.write_table(
            table,
            partial,
            compression="zstd",
            compression_level=9,
            use_dictionary=["spans.label_index.list.element"],
            column_encoding={f"{name}.list.element": _ENCODING[name] for name in _ENCODING},
        )


def _build_table(pa: Any, documents: Sequence[AnnotatedDocument]) -> Any:
    def lists(arrays: list[np.ndarray], kind: Any) -> Any:
        offsets = np.cumsum([0, *map(len, arrays)]).astype(np.int32)
        values = np.concatenate([np.zeros(0, kind), *arrays]).astype(kind)
        return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))

    words = [np.array(doc.words, dtype=np.uint32).reshape(-1, 2) for doc in documents]
    spans = [doc.spans for doc in documents]
    return pa.table(
        {
            "id": pa.array([doc.id for doc in documents], pa.string()),
            "text": pa.array([doc.text for doc in documents], pa.string()),
            "char_start": lists([word[:, 0] for word in words], np.uint32),
            "char_end": lists([word[:, 1] for word in words], np.uint32),
            "word_start": lists([span.word_start for span in spans], np.uint32),
            "word_end": lists([span.word_end for span in spans], np.uint32),
            "label_index": lists([span.label_index for span in spans], np.uint16),
            "logit": lists([round_logits(span.logit) for span in spans], np.float16),
        }
    )


def read_shard(path: Path) -> Iterator[AnnotatedDocument]:
    """The documents of a shard, in order. Raises `UserError` when the file is damaged."""
    _, pq = _import_pyarrow()
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_READ_DOCUMENTS):
                yield from _read_batch(batch)
    except (OSError, ValueError, KeyError) as error:  # pyarrow's errors are among these
        raise _damaged(path, error) from error


def _read_batch(batch: Any) -> Iterator[AnnotatedDocument]:
    def lists(name: str, kind: Any) -> list[np.ndarray]:
        column = batch.column(name)
        offsets = column.offsets.to_numpy()
        values = column.values.to_numpy(zero_copy_only=False).astype(kind)
        return [values[a:b] for a, b in pairwise(offsets)]

    char_start, char_end = lists("char_start", np.int64), lists("char_end", np.int64)
    spans = zip(
        lists("word_start", np.int32),
        lists("word_end", np.int32),
        lists("label_index", np.int32),
        lists("logit", np.float32),
        strict=True,
    )
    ids, texts = batch.column("id").to_pylist(), batch.column("text").to_pylist()
    for row, scores in enumerate(spans):
        words = list(zip(char_start[row].tolist(), char_end[row].tolist(), strict=True))
        yield AnnotatedDocument(ids[row], texts[row], words, SpanScores(*scores))


def read_ids(path: Path) -> list[str]:
    """The ids of a shard's documents. Raises `UserError` when the file is damaged."""
    _, pq = _import_pyarrow()
    try:
        ids: list[str] = pq.read_table(path, columns=["id"]).column("id").to_pylist()
    except (OSError, ValueError, KeyError) as error:
        raise _damaged(path, error) from error
    return ids


def read_summary(path: Path) -> ShardSummary:
    """The counts of a shard, without its data. Raises `UserError` when the file is damaged."""
    _, pq = _import_pyarrow()
    try:
        numbers = pq.read_schema(path).metadata
        return ShardSummary(*(int(numbers[name.encode()]) for name in ShardSummary.__slots__))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, reason: object) -> UserError:
    first = str(reason).strip().splitlines() or ["unreadable"]
    return UserError(
        f"{path} is damaged ({first[0]}); delete this file and run the same distilgliner annotate "
        "command again, which makes only this shard anew."
    )


def _import_pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        if error.name != "pyarrow":
            raise
        raise missing_extra("pyarrow", "annotate") from None
    return pyarrow, pyarrow.parquet
