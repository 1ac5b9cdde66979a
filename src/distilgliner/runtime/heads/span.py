"""The span head: start, end and inside of every span of up to K words, added up."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from distilgliner.runtime.builder import Builder
from distilgliner.student.config import StudentConfig
from distilgliner.student.heads.limits import NO_SPAN


def add_span(builder: Builder, config: StudentConfig, states: str) -> str:
    """States (B, L, 2H) → logits (B, L, K · C) of the spans that begin at each word."""
    width = builder.weights["head.width"]
    sizes = builder.constant("span_parts", np.full(3, width.shape[1], dtype=np.int64))
    parts = [builder.linear(states, "head.output"), sizes]
    start, end, inside = builder.add_all("Split", parts, 3, axis=2)  # (B, L, C) each
    last = _add_last(builder, start, len(width))
    ends, insides = (_add_look_ahead(builder, part, last, len(width)) for part in (end, inside))
    axis = builder.constant("span_axis", np.array(2, dtype=np.int64))
    words = np.arange(1, len(width) + 1, dtype=np.float32)[:, None]
    sums = builder.add("CumSum", [insides, axis])
    means = builder.add("Div", [sums, builder.constant("span_words", words)])
    axes = builder.constant("axis_2", np.array([2], dtype=np.int64))
    logits = builder.add("Add", [builder.add("Unsqueeze", [start, axes]), ends])
    for part in (means, builder.constant("head.width", width)):
        logits = builder.add("Add", [logits, part])
    logits = _add_mask(builder, logits, last)
    shape = builder.constant("join_directions", np.array([0, 0, -1], dtype=np.int64))
    return builder.add("Reshape", [logits, shape])


def _add_last(builder: Builder, values: str, max_width: int) -> str:
    """The last word of the span of each width that begins at each word: (L, K)."""
    zero = builder.constant("zero", np.array(0, dtype=np.int64))
    one = builder.constant("one_int", np.array(1, dtype=np.int64))
    length = builder.add("Squeeze", [builder.add("Shape", [values], start=1, end=2)])
    axis = builder.constant("axis_1", np.array([1], dtype=np.int64))
    first = builder.add("Unsqueeze", [builder.add("Range", [zero, length, one]), axis])
    return builder.add("Add", [first, builder.constant("span_widths", np.arange(max_width))])


def _add_look_ahead(builder: Builder, values: str, last: str, max_width: int) -> str:
    """Values (B, L, C) of each word and the K − 1 behind it, 0 beyond the end: (B, L, K, C)."""
    pads = np.array([0, 0, 0, 0, max_width - 1, 0], dtype=np.int64)
    padded = builder.add("Pad", [values, builder.constant("span_pads", pads)])
    return builder.add("Gather", [padded, last], axis=1)


def _add_mask(builder: Builder, logits: str, last: str) -> str:
    """Logits (B, L, K, C), with `NO_SPAN` where a span would reach beyond its text."""
    axes = builder.constant("axes_1_2", np.array([1, 2], dtype=np.int64))
    lengths = builder.add("Cast", ["lengths"], to=TensorProto.INT64)
    lengths = builder.add("Unsqueeze", [lengths, axes])  # (B, 1, 1)
    axis = builder.constant("last_axis", np.array([-1], dtype=np.int64))
    within = builder.add("Unsqueeze", [builder.add("Less", [last, lengths]), axis])
    beyond = builder.constant("no_span", np.array(NO_SPAN, dtype=np.float32))
    return builder.add("Where", [within, logits, beyond])
