"""The columns of a shard of the annotation store: documents to pyarrow tables and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from distilgliner.annotate.manifest import StateSettings
from distilgliner.annotate.spans import AnnotatedDocument, SpanScores, round_logits

# Measured on tweets: half of what zstd makes of plain columns.
_ENCODINGS = {
    "char_start": "DELTA_BINARY_PACKED",
    "char_end": "DELTA_BINARY_PACKED",
    "word_start": "DELTA_BINARY_PACKED",
    "word_end": "DELTA_BINARY_PACKED",
    "logit": "BYTE_STREAM_SPLIT",
    "states": "BYTE_STREAM_SPLIT",  # 0.86 of their size; zstd alone makes it 0.93
}
ENCODINGS = {f"{name}.list.element": encoding for name, encoding in _ENCODINGS.items()}
"""By the path of the column's values in the file."""


def build_schema(pa: Any, *, with_states: bool) -> Any:
    """The columns of a shard; those of the states are the last, where there are any."""
    kinds = {
        "id": pa.string(),
        "text": pa.string(),
        "char_start": pa.list_(pa.uint32()),
        "char_end": pa.list_(pa.uint32()),
        "word_start": pa.list_(pa.uint32()),
        "word_end": pa.list_(pa.uint32()),
        "label_index": pa.list_(pa.uint16()),
        "logit": pa.list_(pa.float16()),
    }
    if with_states:
        kinds["states"] = pa.large_list(pa.float16())  # (N, L, D) in one row
    return pa.schema(kinds)


def build_table(pa: Any, documents: Sequence[AnnotatedDocument], schema: Any) -> Any:
    """The documents as a table of `schema`."""
    words = [np.array(doc.words, dtype=np.uint32).reshape(-1, 2) for doc in documents]
    columns: dict[str, list[Any]] = {
        "id": [doc.id for doc in documents],
        "text": [doc.text for doc in documents],
        "char_start": [word[:, 0] for word in words],
        "char_end": [word[:, 1] for word in words],
        "word_start": [doc.spans.word_start for doc in documents],
        "word_end": [doc.spans.word_end for doc in documents],
        "label_index": [doc.spans.label_index for doc in documents],
        "logit": [round_logits(doc.spans.logit) for doc in documents],
    }
    if "states" in schema.names:
        columns["states"] = [np.asarray(doc.states).reshape(-1) for doc in documents]
    arrays = [_build_column(pa, columns[field.name], field.type) for field in schema]
    return pa.table(arrays, schema=schema)


def _build_column(pa: Any, values: list[Any], kind: Any) -> Any:
    if kind == pa.string():
        return pa.array(values, kind)
    is_large = pa.types.is_large_list(kind)
    dtype = kind.value_type.to_pandas_dtype()
    offsets = np.cumsum([0, *map(len, values)]).astype(np.int64 if is_large else np.int32)
    joined = np.concatenate([np.zeros(0, dtype), *values]).astype(dtype, copy=False)
    lists = pa.LargeListArray if is_large else pa.ListArray
    return lists.from_arrays(pa.array(offsets), pa.array(joined))


def read_batch(batch: Any, states: StateSettings | None) -> Iterator[AnnotatedDocument]:
    """The documents of a record batch; `states` says how the column of the states is shaped."""

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
    vectors = lists("states", np.float16) if states is not None else []
    ids, texts = batch.column("id").to_pylist(), batch.column("text").to_pylist()
    for row, scores in enumerate(spans):
        words = list(zip(char_start[row].tolist(), char_end[row].tolist(), strict=True))
        shaped = None
        if states is not None:
            shaped = vectors[row].reshape(len(states.layers), len(words), states.dim)
        yield AnnotatedDocument(ids[row], texts[row], words, SpanScores(*scores), shaped)


def hash_table(digest: Any, table: Any) -> None:
    """Add all values of a table to a hash, whatever chunks they lie in."""
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        digest.update(name.encode())
        if name in ("id", "text"):
            values = [value.encode() for value in column.to_pylist()]
            lengths = np.array([len(value) for value in values], dtype=np.int64)
            digest.update(lengths.tobytes() + b"".join(values))
        else:
            digest.update(column.value_lengths().to_numpy().astype(np.int64).tobytes())
            digest.update(column.flatten().to_numpy(zero_copy_only=False).tobytes())
