"""The CRF: forward–backward over the words by ONNX's `Scan`, as `student/chain.py` does it.

Both directions are one scan, in double precision as in torch. A step of it takes `STRIDE` words,
for onnxruntime's way to a step costs more than what is computed there: two operators a word, and
two that bring the sum of all weights back to 1. The border behind a text leads only to itself, so
texts are filled up to whole steps with it.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper

from distilgliner.runtime.builder import Builder
from distilgliner.runtime.encoders.masks import add_mask
from distilgliner.student.config import StudentConfig
from distilgliner.student.heads.limits import LEAST_SCORE, SMALLEST_PROBABILITY
from distilgliner.student.tags import find_allowed

STRIDE = 4
"""Words of a step of the scan."""
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
    joint = builder.add("Mul", [joint, _add_reverse(builder, behind)])  # (N, B, T + 1)
    return _add_logarithms(builder, joint)


def _compute_factors(transitions: np.ndarray) -> np.ndarray:
    """exp(transition) where BIOES allows it, else 0; the border leads to itself."""
    allowed = find_allowed((len(transitions) - 2) // 4)
    factors = np.exp(transitions.astype(np.float64)) * allowed
    factors[-1, -1] = 1
    return factors


def _add_weights(builder: Builder, scores: str, size: int) -> str:
    """exp(score), each word's best being 1, and 1 for the border behind the end: (N, B, S).

    N is the least multiple of `STRIDE` above L.
    """
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
    stride = builder.constant("stride", np.array([STRIDE], dtype=np.int64))
    length = builder.add("Shape", [weights], start=0, end=1)
    missing = builder.add("Sub", [stride, builder.add("Mod", [length, stride])])
    return builder.add("Concat", [weights, _add_border(builder, missing, size)], axis=0)


def _add_border(builder: Builder, counts: str, size: int) -> str:
    """The border for certain: (count, B, S), the last column 1; `counts` has one number."""
    row = np.zeros((1, 1, size))
    row[0, 0, -1] = 1
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
    """What reaches each word before its own weight: (N, 2, B, S) → the same shape.

    The weights so far sum to 1 at the first word of each step; only ratios within a word count.
    """
    shape = (2, "B", size)
    state = "chain_state"
    nodes = []
    for place in range(STRIDE):
        reached, joint = f"chain_reached_{place}", f"chain_joint_{place}"
        nodes.append(helper.make_node("MatMul", [state, _FACTORS], [reached]))
        nodes.append(helper.make_node("Mul", [reached, f"chain_weight_{place}"], [joint]))
        state = joint
    nodes.append(helper.make_node("ReduceSum", [state, _SUM_AXIS], ["chain_norm"], keepdims=1))
    nodes.append(helper.make_node("Div", [state, "chain_norm"], ["chain_next"]))
    names = ("state", *(f"weight_{place}" for place in range(STRIDE)))
    results = ("next", *(f"reached_{place}" for place in range(STRIDE)))
    body = helper.make_graph(
        nodes,
        "chain_step",
        [_describe(f"chain_{name}", shape) for name in names],
        [_describe(f"chain_{name}", shape) for name in results],
    )
    first = _add_border(builder, builder.constant("two", np.array([2], dtype=np.int64)), size)
    inputs = [first, *(_add_every(builder, weights, place) for place in range(STRIDE))]
    outputs = builder.add_all("Scan", inputs, 1 + STRIDE, body=body, num_scan_inputs=STRIDE)
    axis = builder.constant("axis_1", np.array([1], dtype=np.int64))
    steps = [builder.add("Unsqueeze", [reached, axis]) for reached in outputs[1:]]
    joined = builder.add("Concat", steps, axis=1)  # (N / STRIDE, STRIDE, 2, B, S)
    return builder.add("Reshape", [joined, builder.add("Shape", [weights])])


def _add_every(builder: Builder, weights: str, place: int) -> str:
    """The weights of the words at one place of each step: (N / STRIDE, 2, B, S)."""
    limits = {f"place_{place}": place, "to_last": np.iinfo(np.int64).max, "axis_0": 0}
    limits["stride"] = STRIDE
    names = [
        builder.constant(name, np.array([value], dtype=np.int64)) for name, value in limits.items()
    ]
    return builder.add("Slice", [weights, *names])


def _describe(name: str, shape: tuple[int | str, ...]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.DOUBLE, shape)


def _add_logarithms(builder: Builder, joint: str) -> str:
    """(N, B, T + 1) → log-marginals (B, L, T) float32, scaled and shifted."""
    start = builder.constant("axis_0", np.array([0], dtype=np.int64))
    end = builder.constant("from_last", np.array([-1], dtype=np.int64))
    axis = builder.constant("axis_2", np.array([2], dtype=np.int64))
    length = builder.add("Shape", ["words"], start=1, end=2)
    words = builder.add("Slice", [joint, start, length, start])
    words = builder.add("Slice", [words, start, end, axis])  # (L, B, T)
    least = builder.constant("least_probability", np.array(SMALLEST_PROBABILITY))
    total = builder.add("Max", [builder.add("ReduceSum", [words, axis], keepdims=1), least])
    marginals = builder.add("Max", [builder.add("Div", [words, total]), least])
    logs = builder.add("Cast", [builder.add("Log", [marginals])], to=TensorProto.FLOAT)
    logs = builder.add("Transpose", [logs], perm=[1, 0, 2])
    for operator, name in (("Mul", "head.scale"), ("Add", "head.shift")):
        logs = builder.add(operator, [logs, builder.constant(name, builder.weights[name])])
    return logs
