"""The CRF: forward–backward over the words by ONNX's `Scan`, as `student/chain.py` does it.

Both directions are one scan, whose body has four operators. In double precision, as in torch.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper

from distilgliner.runtime.encoders.masks import add_mask
from distilgliner.runtime.graph import Builder
from distilgliner.student.config import StudentConfig
from distilgliner.student.limits import LEAST_SCORE, SMALLEST_PROBABILITY
from distilgliner.student.tags import find_allowed

_FACTORS, _SUM_AXIS = "chain_factors", "chain_sum_axis"


def add_crf(builder: Builder, config: StudentConfig, states: str) -> str:
    """States (B, L, 2H) → log-marginals (B, L, T), as calibrated."""
    factors = _compute_factors(builder.weights["head.transitions"])
    builder.constant(_FACTORS, np.stack((factors, factors.T)))
    builder.constant(_SUM_AXIS, np.array([2], dtype=np.int64))
    scores = builder.linear(states, "head.output")
    weights = _add_weights(builder, scores, len(factors))
    backwards = _add_reverse(builder, weights)
    axis = builder.constant("axis_1", np.array([1], dtype=np.int64))
    both = [builder.add("Unsqueeze", [value, axis]) for value in (weights, backwards)]
    reached = _add_scan(builder, builder.add("Concat", both, axis=1), len(factors))
    ahead, behind = (
        builder.add("Gather", [reached, builder.constant(name, np.array(side))], axis=1)
        for side, name in enumerate(("chain_ahead", "chain_behind"))
    )
    joint = builder.add("Mul", [ahead, weights])
    joint = builder.add("Mul", [joint, _add_reverse(builder, behind)])  # (L + 1, B, T + 1)
    return _add_logarithms(builder, joint)


def _compute_factors(transitions: np.ndarray) -> np.ndarray:
    """exp(transition) where BIOES allows it, else 0; the border leads to itself."""
    allowed = find_allowed((len(transitions) - 2) // 4)
    factors = np.exp(transitions.astype(np.float64)) * allowed
    factors[-1, -1] = 1
    return factors


def _add_weights(builder: Builder, scores: str, size: int) -> str:
    """exp(score), each word's best being 1, and 1 for the border behind the end: (L + 1, B, S)."""
    best = builder.add("ReduceMax", [scores], axes=[2], keepdims=1)
    gaps = builder.add("Cast", [builder.add("Sub", [scores, best])], to=TensorProto.DOUBLE)
    least = builder.constant("least_score", np.array(LEAST_SCORE))
    weights = builder.add("Exp", [builder.add("Max", [gaps, least])])
    last = builder.constant("last_axis", np.array([-1], dtype=np.int64))
    mask = builder.add("Cast", [add_mask(builder, scores)], to=TensorProto.DOUBLE)
    mask = builder.add("Unsqueeze", [mask, last])  # (B, L, 1)
    one = builder.constant("one_double", np.array(1.0))
    border = builder.add("Sub", [one, mask])
    weights = builder.add("Concat", [builder.add("Mul", [weights, mask]), border], axis=2)
    weights = builder.add("Transpose", [weights], perm=[1, 0, 2])
    return builder.add("Concat", [weights, _add_border(builder, 1, size)], axis=0)


def _add_border(builder: Builder, count: int, size: int) -> str:
    """The border for certain: (count, B, S), the last column 1."""
    row = np.zeros((1, 1, size))
    row[0, 0, -1] = 1
    counts = builder.constant(f"count_{count}", np.array([count], dtype=np.int64))
    width = builder.constant("chain_size", np.array([size], dtype=np.int64))
    shape = builder.add("Concat", [counts, builder.add("Shape", ["lengths"]), width], axis=0)
    return builder.add("Expand", [builder.constant("border", row), shape])


def _add_reverse(builder: Builder, values: str) -> str:
    """The first axis from its end to its start."""
    ends = (np.array([value], dtype=np.int64) for value in (-1, np.iinfo(np.int64).min, 0, -1))
    names = ("from_last", "to_first", "axis_0", "backwards")
    limits = [builder.constant(name, value) for name, value in zip(names, ends, strict=True)]
    return builder.add("Slice", [values, *limits])


def _add_scan(builder: Builder, weights: str, size: int) -> str:
    """What reaches each word before its own weight: (L + 1, 2, B, S) → the same shape."""
    shape = (2, "B", size)
    body = helper.make_graph(
        [
            helper.make_node("MatMul", ["chain_state", _FACTORS], ["chain_reached"]),
            helper.make_node("Mul", ["chain_reached", "chain_weight"], ["chain_joint"]),
            helper.make_node("ReduceSum", ["chain_joint", _SUM_AXIS], ["chain_norm"], keepdims=1),
            helper.make_node("Div", ["chain_joint", "chain_norm"], ["chain_next"]),
        ],
        "chain_step",
        [_describe("chain_state", shape), _describe("chain_weight", shape)],
        [_describe("chain_next", shape), _describe("chain_reached", shape)],
    )
    first = _add_border(builder, 2, size)
    _, reached = builder.add_all("Scan", [first, weights], 2, body=body, num_scan_inputs=1)
    return reached


def _describe(name: str, shape: tuple[int | str, ...]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.DOUBLE, shape)


def _add_logarithms(builder: Builder, joint: str) -> str:
    """(L + 1, B, T + 1) → log-marginals (B, L, T) float32, scaled and shifted."""
    start = builder.constant("axis_0", np.array([0], dtype=np.int64))
    end = builder.constant("from_last", np.array([-1], dtype=np.int64))
    axis = builder.constant("axis_2", np.array([2], dtype=np.int64))
    words = builder.add("Slice", [joint, start, end, start])
    words = builder.add("Slice", [words, start, end, axis])  # (L, B, T)
    least = builder.constant("least_probability", np.array(SMALLEST_PROBABILITY))
    total = builder.add("Max", [builder.add("ReduceSum", [words, axis], keepdims=1), least])
    marginals = builder.add("Max", [builder.add("Div", [words, total]), least])
    logs = builder.add("Cast", [builder.add("Log", [marginals])], to=TensorProto.FLOAT)
    logs = builder.add("Transpose", [logs], perm=[1, 0, 2])
    for operator, name in (("Mul", "head.scale"), ("Add", "head.shift")):
        logs = builder.add(operator, [logs, builder.constant(name, builder.weights[name])])
    return logs
