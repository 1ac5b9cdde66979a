"""A look at an ONNX graph before onnxruntime has it: weights are in it, finite, and of their size.

An ONNX file may name other files that its weights are read from, anywhere on the machine and over
links too; some versions of onnxruntime follow. So this reads the file's own format (protobuf: each
field is a number, a kind, and a value), as far as weights can lie in it, and imports no library.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from distilgliner.student.config import StudentConfig
from distilgliner.student.features import FIRST_SUBWORD_ROW
from distilgliner.student.folder_files import CONFIG_FILE
from distilgliner.student.registry import ENCODERS, HEADS

Field = tuple[int, "int | memoryview"]
_MAX_DEPTH = 32
_TENSOR = "TensorProto"
# Of each kind of message, the fields that are messages which weights can lie in (onnx.proto3).
_CHILDREN: dict[str, dict[int, str]] = {
    "ModelProto": {7: "GraphProto", 20: "TrainingInfoProto", 25: "FunctionProto"},
    "TrainingInfoProto": {1: "GraphProto", 2: "GraphProto"},
    "FunctionProto": {7: "NodeProto", 11: "AttributeProto"},
    "GraphProto": {1: "NodeProto", 5: _TENSOR, 15: "SparseTensorProto"},
    "NodeProto": {5: "AttributeProto"},
    "AttributeProto": {
        5: _TENSOR,
        6: "GraphProto",
        10: _TENSOR,
        11: "GraphProto",
        22: "SparseTensorProto",
        23: "SparseTensorProto",
    },
    "SparseTensorProto": {1: _TENSOR, 2: _TENSOR},
}
_FLOAT, _FLOAT16, _DOUBLE = 1, 10, 11
_DTYPES = {_FLOAT: "<f4", _FLOAT16: "<f2", _DOUBLE: "<f8"}
_OPERATOR = 4  # of a node
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass
class GraphTensor:
    """A tensor of a graph; `data` has the bytes of one of floating point."""

    name: str = ""
    dims: list[int] = field(default_factory=list)
    kind: int = 0
    data: list[memoryview] = field(default_factory=list)

    def is_finite(self) -> bool:
        """Whether all its numbers are."""
        dtype = _DTYPES.get(self.kind)
        return dtype is None or all(
            bool(np.isfinite(np.frombuffer(part, dtype)).all()) for part in self.data
        )


def check_graph(graph: bytes, config: StudentConfig, subword_count: int) -> None:
    """Raise `ValueError` for weights outside of the graph, that are no numbers, or of other sizes
    than the config's, and for a loop, which can go on for ever and no part of ours has."""
    rows = {
        "embedder.subword_embedding.weight": FIRST_SUBWORD_ROW + subword_count,
        "embedder.affix_embedding.weight": config.affix_buckets,
        "embedder.shape_embedding.weight": config.shape_buckets,
    }
    is_ours = config.encoder in ENCODERS and config.head in HEADS
    for tensor in iterate_tensors(graph, loops=not is_ours):
        wanted = rows.pop(tensor.name, None)
        if wanted is not None and tensor.dims[:1] != [wanted]:
            raise ValueError(
                f"{tensor.name} has {tensor.dims[:1]} rows, and {CONFIG_FILE} says {wanted}"
            )
        if not tensor.is_finite():
            raise ValueError(f"{tensor.name} has weights that are no numbers")
    if rows and is_ours:
        raise ValueError(f"it lacks {min(rows)}")


def iterate_tensors(graph: bytes, *, loops: bool = True) -> Iterator[GraphTensor]:
    """All tensors of an ONNX file. Raises `ValueError` for one that lies elsewhere, or no ONNX.

    loops: whether nodes may be loops.
    """
    waiting = [("ModelProto", memoryview(graph), 0)]
    while waiting:
        kind, message, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            raise ValueError("its parts are nested too deeply")
        children = _CHILDREN[kind]
        for number, value in _iterate_fields(message):
            child = children.get(number)
            if kind == "NodeProto" and number == _OPERATOR and value == b"Loop" and not loops:
                raise ValueError("it has a loop")
            if child is None:
                continue
            if not isinstance(value, memoryview):
                raise ValueError(f"{kind} has no field {number} of this kind")
            if child == _TENSOR:
                yield _read_tensor(value)
            else:
                waiting.append((child, value, depth + 1))


def _read_tensor(message: memoryview) -> GraphTensor:
    tensor = GraphTensor()
    for number, value in _iterate_fields(message):
        if number == 13 or (number == 14 and value != 0):
            raise ValueError("its weights lie in another file, which is never read")
        if number == 1:
            tensor.dims += [value] if isinstance(value, int) else _read_varints(value)
        elif number == 2 and isinstance(value, int):
            tensor.kind = value
        elif number == 8 and isinstance(value, memoryview):
            tensor.name = bytes(value).decode("utf-8", "replace")
        elif number in (4, 9, 10) and isinstance(value, memoryview):
            tensor.data.append(value)
    return tensor


def _iterate_fields(message: memoryview) -> Iterator[Field]:
    """The fields of a message: integers as they are, strings, messages and lists as bytes."""
    place = 0
    while place < len(message):
        tag, place = _read_varint(message, place)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, place = _read_varint(message, place)
            yield number, value
            continue
        if kind == _BYTES:
            size, place = _read_varint(message, place)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError("it is no ONNX file")
        if size > len(message) - place:
            raise ValueError("it ends too early")
        yield number, message[place : place + size]
        place += size


def _read_varints(packed: memoryview) -> list[int]:
    place, values = 0, []
    while place < len(packed):
        value, place = _read_varint(packed, place)
        values.append(value)
    return values


def _read_varint(message: memoryview, place: int) -> tuple[int, int]:
    """An integer of 7 bits a byte, the lowest first, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            raise ValueError("it ends too early")
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError("it is no ONNX file")
