"""A student's graph in 8 bits: tables, and the LSTM through onnxruntime's `DynamicQuantizeLSTM`.

That operator quantizes its inputs and its hidden states by the range that it finds in them, so the
scores of a text would depend on the texts beside it. Here the range is always the same: every
column of a table is divided by its largest weight (the next layer multiplies it back), which leaves
word vectors in [−1, 1], and each word carries one more column of +1 and one of −1; every direction
has two more units whose hidden states are +1 and −1 from the first word to the last, which hidden
states never exceed. Weights that would read those columns and units are 0.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import helper

from distilgliner.runtime.builder import Builder
from distilgliner.student.config import StudentConfig

_EXTRA = 2
_LEVELS = 127
_SATURATED = 30.0
"""A gate's input at which it is fully open, or with a minus fully closed."""
_MICROSOFT = "com.microsoft"
_TABLES = ("subword_embedding", "affix_embedding", "shape_embedding")


class Int8Builder(Builder):
    """As `Builder`, with 8 bits for a weight."""

    extra_opsets = (helper.make_opsetid(_MICROSOFT, 1),)

    def __init__(self, weights: Mapping[str, np.ndarray], config: StudentConfig) -> None:
        super().__init__(widen_weights(weights, config))

    def embed(self, subwords: str, affixes: str, shapes: str) -> str:
        """Word vectors (U, D + 2) within [−1, 1]; the last two columns are 1 and −1."""
        vectors = super().embed(subwords, affixes, shapes)
        ends = self.constant("range", np.array([[1, -1]], dtype=np.float32))
        count = self.add("Shape", [shapes])  # (U,)
        extra = self.constant("extra", np.array([_EXTRA], dtype=np.int64))
        shape = self.add("Concat", [count, extra], axis=0)
        return self.add("Concat", [vectors, self.add("Expand", [ends, shape])], axis=1)

    def look_up(self, table: str, indices: str) -> str:
        """Rows of an int8 table as fp32 in [−1, 1]."""
        step = self.constant("step", np.array(1 / _LEVELS, dtype=np.float32))
        return self.add("Mul", [super().look_up(table, indices), step])

    def lstm(self, sequence: str, layer: int) -> str:
        """(L, B, D) → (L, B, 2H), the inputs within [−1, 1] and with 1 and −1 among them."""
        w, r, b = self.stack_lstm(layer)
        hidden = r.shape[2]
        initial = np.zeros((2, 1, hidden), dtype=np.float32)
        initial[:, :, -_EXTRA:] = 1, -1
        shape = self._state_shape(hidden)
        states = [
            self.add("Expand", [self.constant(name, value), shape])
            for name, value in (("first_hidden", initial), ("first_cell", initial * _SATURATED))
        ]
        (w, w_scale), (r, r_scale) = quantize_channels(w), quantize_channels(r)
        zeros = self.constant("lstm_zero", np.zeros((2, 4 * hidden), dtype=np.int8))
        output = self.add(
            "DynamicQuantizeLSTM",
            [
                sequence,
                self.constant(f"lstm_w_{layer}", w),
                self.constant(f"lstm_r_{layer}", r),
                self.constant(f"lstm_b_{layer}", b),
                "lengths",
                *states,
                "",
                self.constant(f"lstm_w_scale_{layer}", w_scale),
                zeros,
                self.constant(f"lstm_r_scale_{layer}", r_scale),
                zeros,
            ],
            domain=_MICROSOFT,
            direction="bidirectional",
            hidden_size=hidden,
        )
        return self.join_directions(output)

    def _state_shape(self, hidden: int) -> str:
        """(2, B, H) as a tensor."""
        parts = [
            self.constant("directions", np.array([2], dtype=np.int64)),
            self.add("Shape", ["lengths"]),
            self.constant(f"hidden_{hidden}", np.array([hidden], dtype=np.int64)),
        ]
        return self.add("Concat", parts, axis=0)


class Int8TableBuilder(Builder):
    """As `Builder`, with 8 bits for the tables only: for encoders without an 8-bit operator."""

    def __init__(self, weights: Mapping[str, np.ndarray], config: StudentConfig) -> None:
        narrow, self._scales = quantize_tables(weights)
        super().__init__(narrow)

    def look_up(self, table: str, indices: str) -> str:
        """Rows of an int8 table as fp32, as they were before."""
        scale = (self._scales[table] / _LEVELS).astype(np.float32)
        return self.add(
            "Mul", [super().look_up(table, indices), self.constant(f"{table}.scale", scale)]
        )


def quantize_tables(
    weights: Mapping[str, np.ndarray],
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The weights in fp32 with int8 tables, and the largest weight of each table's columns (D,)."""
    narrow = {name: np.asarray(value, dtype=np.float32) for name, value in weights.items()}
    scales = {}
    for table in _TABLES:
        name = f"embedder.{table}.weight"
        scales[name] = np.maximum(np.abs(narrow[name]).max(axis=0), 1e-12)
        narrow[name] = np.rint(narrow[name] / scales[name] * _LEVELS).astype(np.int8)
    return narrow, scales


def quantize_channels(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(2, 4H, D) fp32 → (2, D, 4H) int8 and the scale of each of the (2, 4H) gates."""
    scale = np.maximum(np.abs(weights).max(axis=2) / _LEVELS, 1e-12).astype(np.float32)
    levels = np.rint(weights / scale[:, :, None]).astype(np.int8)
    return np.ascontiguousarray(levels.transpose(0, 2, 1)), scale


def widen_weights(
    weights: Mapping[str, np.ndarray], config: StudentConfig
) -> dict[str, np.ndarray]:
    """The weights of an equal student with int8 tables, two more columns, two more units."""
    wide, scales = quantize_tables(weights)
    scale = np.concatenate(list(scales.values()))
    if config.is_open:
        name = "head.label_tower.0.weight"
        wide[name] = _append_columns(wide[name] * scale)
    for ending in ("", "_reverse"):
        name = f"encoder.lstm.weight_ih_l0{ending}"
        wide[name] = _append_columns(wide[name] * scale)
        for layer in range(config.layers):
            _add_units(wide, f"l{layer}{ending}")
            if layer:
                name = f"encoder.lstm.weight_ih_l{layer}{ending}"
                wide[name] = _widen_states(wide[name])
    for name in ("head.output.weight", "head.word_tower.weight", "head.none.weight"):
        if name in wide:
            wide[name] = _widen_states(wide[name])
    return wide


def _append_columns(weight: np.ndarray) -> np.ndarray:
    return np.pad(weight, ((0, 0), (0, _EXTRA)))


def _widen_states(weight: np.ndarray) -> np.ndarray:
    """Columns for the states of both directions (…, 2H) → (…, 2 (H + 2))."""
    halves = np.split(weight, 2, axis=1)
    return np.concatenate([_append_columns(half) for half in halves], axis=1)


def _add_units(weights: dict[str, np.ndarray], ending: str) -> None:
    """Give one direction two units that keep the state they start with."""
    for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        name = f"encoder.lstm.{kind}_{ending}"
        gates = np.stack(np.split(weights[name], 4))  # (4, H, …)
        columns = _EXTRA if kind == "weight_hh" else 0
        spare = [(0, 0), (0, _EXTRA)] + [(0, columns)] * (gates.ndim - 2)
        gates = np.pad(gates, spare)
        if kind == "bias_ih":  # torch's gates: input closed, forget open, cell, output open
            gates[0, -_EXTRA:], gates[1, -_EXTRA:], gates[3, -_EXTRA:] = (
                -_SATURATED,
                _SATURATED,
                _SATURATED,
            )
        weights[name] = np.concatenate(list(gates))
