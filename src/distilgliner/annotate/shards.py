"""The shards of an annotation store: Parquet files that say themselves whether they are whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distilgliner.annotate.manifest import ShardRecord, StateSettings
from distilgliner.annotate.shard_table import (
    ENCODINGS,
    build_schema,
    build_table,
    hash_table,
    read_batch,
)
from distilgliner.annotate.spans import AnnotatedDocument
from distilgliner.checksums import hash_file, hash_texts
from distilgliner.errors import UserError, missing_extra
from distilgliner.files import replace_atomically

_READ_DOCUMENTS = 1000
_GROUP_BYTES = 1 << 25
"""Of states in a row group, of which reading and writing hold one at a time in memory."""
_SETTINGS, _CONTENT = "settings", "content"
"""Keys of a shard's metadata: the hash of the settings, and the hash of all that it holds."""


@dataclass(frozen=True, slots=True)
class ShardSummary:
    """What a shard contains; kept in the shard's own metadata."""

    documents: int
    words: int
    entities: int
    """At probability 0.5."""
    shortened_words: int


def shard_path(folder: Path, index: int) -> Path:
    """The file of the shard with this number."""
    return folder / f"shard-{index:05d}.parquet"


def write_shard(
    path: Path, documents: Sequence[AnnotatedDocument], summary: ShardSummary, settings: str = ""
) -> None:
    """Write a shard atomically, with its summary and hashes in its metadata.

    The same documents give the same bytes, wherever and whenever, with the same pyarrow. Every page
    has a checksum. settings: the manifest's `compute_settings_hash`.
    Hidden states are kept when the documents have them. Raises `ValueError` when only some have.
    """
    pa, pq = _import_pyarrow()
    with_states = {document.states is not None for document in documents}
    if len(with_states) > 1:
        raise ValueError("some documents of a shard have hidden states, and some have none")
    schema = build_schema(pa, with_states=True in with_states)
    digest = _begin_content(path, settings, summary)
    with (
        replace_atomically(path) as partial,
        pq.ParquetWriter(
            partial,
            schema,
            compression="zstd",
            compression_level=9,
            use_dictionary=["spans.label_index.list.element"],
            column_encoding=ENCODINGS,
            write_page_checksum=True,
        ) as writer,
    ):
        for group in _cut_groups(documents):
            table = build_table(pa, group, schema)
            hash_table(digest, table)
            writer.write_table(table)
        numbers = {name: str(getattr(summary, name)) for name in ShardSummary.__slots__}
        writer.add_key_value_metadata(
            {**numbers, _SETTINGS: settings, _CONTENT: digest.hexdigest()}
        )


def _begin_content(path: Path, settings: str, summary: ShardSummary) -> Any:
    """The hash of a shard's content, still without its tables; a copy of another name differs."""
    digest = hashlib.blake2b(digest_size=16)
    numbers = [getattr(summary, name) for name in ShardSummary.__slots__]
    digest.update(repr((path.name, settings, numbers)).encode())
    return digest


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
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for group in range(file.num_row_groups):
                for batch in file.iter_batches(
                    batch_size=_READ_DOCUMENTS, row_groups=[group], columns=columns
                ):
                    yield from read_batch(batch, states)
    except (OSError, ValueError, KeyError) as error:  # pyarrow's errors are among these
        raise damaged_shard(path, error) from None


def read_ids(path: Path) -> list[str]:
    """The ids of a shard's documents. Raises `UserError` when the file is damaged."""
    _, pq = _import_pyarrow()
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            ids: list[str] = file.read(columns=["id"]).column("id").to_pylist()
    except (OSError, ValueError, KeyError) as error:
        raise damaged_shard(path, error) from None
    return ids


def read_summary(path: Path) -> ShardSummary:
    """The counts of a shard, without its data. Raises `UserError` when the file is damaged."""
    numbers = _read_metadata(path)
    try:
        return ShardSummary(*(int(numbers[name]) for name in ShardSummary.__slots__))
    except (KeyError, ValueError) as error:
        raise damaged_shard(path, error) from None


def read_settings(path: Path) -> str | None:
    """The hash of the settings that a shard was made with; None in shards of earlier versions.

    Raises `UserError` when the file is damaged.
    """
    return _read_metadata(path).get(_SETTINGS)


def check_content(path: Path) -> None:
    """Read a whole shard and compare it with the hash in its own metadata.

    Shards of earlier versions have none and pass when they can be read. Raises `UserError` when it
    is damaged, or is a copy of another shard.
    """
    _, pq = _import_pyarrow()
    found = _read_metadata(path)
    digest = _begin_content(path, found.get(_SETTINGS, ""), read_summary(path))
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for group in range(file.num_row_groups):
                hash_table(digest, file.read_row_group(group))
    except (OSError, ValueError, KeyError) as error:
        raise damaged_shard(path, error) from None
    if found.get(_CONTENT, digest.hexdigest()) != digest.hexdigest():
        raise damaged_shard(path, "its content is not what was written")


def build_record(path: Path) -> ShardRecord:
    """What a shard is, for the manifest. Raises `UserError` when the file is damaged."""
    summary = read_summary(path)
    return ShardRecord(
        **{name: getattr(summary, name) for name in ShardSummary.__slots__},
        ids=hash_texts(read_ids(path)),
        size_bytes=path.stat().st_size,
        blake2b=hash_file(path),
    )


def is_as_recorded(path: Path, record: ShardRecord) -> bool:
    """Whether a shard is there and is byte for byte the one of the manifest."""
    try:
        return path.stat().st_size == record.size_bytes and hash_file(path) == record.blake2b
    except OSError:
        return False


def damaged_shard(path: Path, reason: object) -> UserError:
    """The error for a shard that is not what was written."""
    first = str(reason).strip().splitlines() or ["unreadable"]
    return UserError(
        f"{path} is damaged ({first[0]}); run the same distilgliner annotate command again, which "
        "makes only this shard anew."
    )


def _read_metadata(path: Path) -> dict[str, str]:
    _, pq = _import_pyarrow()
    try:
        found = pq.read_metadata(path).metadata or {}
        return {key.decode(): value.decode() for key, value in found.items()}
    except (OSError, ValueError, KeyError) as error:
        raise damaged_shard(path, error) from None


def _import_pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        if error.name != "pyarrow":
            raise
        raise missing_extra("pyarrow", "annotate") from None
    return pyarrow, pyarrow.parquet
