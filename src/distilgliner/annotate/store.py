"""The annotation store: Parquet shards and a manifest. Reading it needs pyarrow, but no torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from distilgliner.annotate.manifest import MANIFEST_FILE, Manifest, StateSettings, read_manifest
from distilgliner.annotate.shard_table import ENCODINGS, build_schema, build_table, read_batch
from distilgliner.annotate.spans import AnnotatedDocument, SpanScores
from distilgliner.errors import UserError, missing_extra
from distilgliner.files import replace_atomically

__all__ = ["AnnotatedDocument", "AnnotationStore", "Manifest", "SpanScores", "open_store"]

_READ_DOCUMENTS = 1000
_GROUP_BYTES = 1 << 25
"""Of states in a row group, of which reading and writing hold one at a time in memory."""


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
    """What a teacher said about a corpus: iterate over it to get the documents in input order.

    That gives them without the teacher's hidden states; `iterate(states=True)` gives both.
    """

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
        return self.iterate()

    def iterate(self, states: bool = False) -> Iterator[AnnotatedDocument]:
        """The documents in input order, read as they are needed.

        `states` reads the hidden states too, of the layers `manifest.states.layers`, which is most
        of the bytes of a store that has them; without, `document.states` is None.
        Raises `UserError` when they are wanted and not stored, or when a shard is damaged.
        """
        if states and self.manifest.states is None:
            raise UserError(
                f"{self.folder} has no hidden states of the teacher; annotate into another folder "
                "with distilgliner annotate --states -1 (the last layer)."
            )
        return self._read(self.manifest.states if states else None)

    def _read(self, states: StateSettings | None) -> Iterator[AnnotatedDocument]:
        assert self.manifest.corpus is not None
        for index in range(self.manifest.corpus.shards):
            yield from read_shard(shard_path(self.folder, index), states)

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
    """Write a shard atomically, with its summary in its metadata.

    Hidden states are kept when the documents have them. Raises `ValueError` when only some have.
    """
    pa, pq = _import_pyarrow()
    numbers = {name: str(getattr(summary, name)) for name in ShardSummary.__slots__}
    with_states = {document.states is not None for document in documents}
    if len(with_states) > 1:
        raise ValueError("some documents of a shard have hidden states, and some have none")
    schema = build_schema(pa, with_states=True in with_states).with_metadata(numbers)
    with (
        replace_atomically(path) as partial,
        pq.ParquetWriter(
            partial,
            schema,
            compression="zstd",
            compression_level=9,
            use_dictionary=["spans.label_index.list.element"],
            column_encoding=ENCODINGS,
        ) as writer,
    ):
        for group in _cut_groups(documents):
            writer.write_table(build_table(pa, group, schema))


def _cut_groups(documents: Sequence[AnnotatedDocument]) -> Iterator[Sequence[AnnotatedDocument]]:
    """Row groups of about `_GROUP_BYTES` of states; a single one without states."""
    first = size = 0
    for index, document in enumerate(documents):
        size += 0 if document.states is None else document.states.nbytes
        if size >= _GROUP_BYTES:
            yield documents[first : index + 1]
            first, size = index + 1, 0
    if first < len(documents):
        yield documents[first:]


def read_shard(path: Path, states: StateSettings | None = None) -> Iterator[AnnotatedDocument]:
    """The documents of a shard, in order, and with `states` also their hidden states.

    Without, the column of the states is not read. Raises `UserError` when the file is damaged.
    """
    pa, pq = _import_pyarrow()
    columns = build_schema(pa, with_states=states is not None).names
    try:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                for batch in file.iter_batches(
                    batch_size=_READ_DOCUMENTS, row_groups=[group], columns=columns
                ):
                    yield from read_batch(batch, states)
    except (OSError, ValueError, KeyError) as error:  # pyarrow's errors are among these
        raise _damaged(path, error) from None


def read_ids(path: Path) -> list[str]:
    """The ids of a shard's documents. Raises `UserError` when the file is damaged."""
    _, pq = _import_pyarrow()
    try:
        ids: list[str] = pq.read_table(path, columns=["id"]).column("id").to_pylist()
    except (OSError, ValueError, KeyError) as error:
        raise _damaged(path, error) from None
    return ids


def read_summary(path: Path) -> ShardSummary:
    """The counts of a shard, without its data. Raises `UserError` when the file is damaged."""
    _, pq = _import_pyarrow()
    try:
        numbers = pq.read_schema(path).metadata
        return ShardSummary(*(int(numbers[name.encode()]) for name in ShardSummary.__slots__))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from None


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
