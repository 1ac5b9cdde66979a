"""The ONNX graph of a student, built node by node from its weights (no tracing, no torch).

Inputs: `subwords` (U, P), `affixes` (U, A), `shapes` (U,) of U distinct words; `words` (B, L) and
`lengths` (B,); an open student also takes `label_subwords`, `label_affixes`, `label_shapes` of W
label words and `label_means` (C, W). Output: `logits` (B, L, T), the scores that the head's decoder
reads, whatever their kind. All sizes but T are dynamic.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper

from distilgliner.runtime.builder import Builder
from distilgliner.runtime.int8 import Int8Builder, Int8TableBuilder
from distilgliner.student.config import StudentConfig
from distilgliner.student.registry import load_part

OPSET = 17
IR_VERSION = 10


def build_graph(
    config: StudentConfig, weights: Mapping[str, np.ndarray], *, int8: bool = False
) -> onnx.ModelProto:
    """The checked graph of a student; `weights` are those of its `model.safetensors`.

    int8: tables in 8 bits, and an LSTM's weights too, see `runtime/int8.py`; else tables in fp16
    and all other weights in fp32. Raises `UserError` for a part that has no ONNX form.
    """
    builder = _build_builder(config, weights, int8=int8)
    vectors = builder.embed("subwords", "affixes", "shapes")
    words = builder.add("Gather", [vectors, "words"], axis=0)
    states = load_part("graph_encoders", config.encoder)(builder, config, words)
    scores = load_part("graph_heads", config.head)(builder, config, states)
    builder.nodes.append(helper.make_node("Identity", [scores], ["logits"]))
    graph = helper.make_graph(
        builder.nodes,
        "distilgliner",
        _build_inputs(config.is_open),
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", "L", "T"])],
        builder.constants,
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET), *builder.extra_opsets],
        producer_name="distilgliner",
    )
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return model


def _build_builder(
    config: StudentConfig, weights: Mapping[str, np.ndarray], *, int8: bool
) -> Builder:
    if not int8:
        return Builder(weights)
    return (Int8Builder if config.encoder == "bilstm" else Int8TableBuilder)(weights, config)


def _build_inputs(is_open: bool) -> list[onnx.ValueInfoProto]:
    shapes: dict[str, tuple[int, list[str]]] = {
        "subwords": (TensorProto.INT64, ["U", "P"]),
        "affixes": (TensorProto.INT64, ["U", "A"]),
        "shapes": (TensorProto.INT64, ["U"]),
        "words": (TensorProto.INT64, ["B", "L"]),
        "lengths": (TensorProto.INT32, ["B"]),
    }
    if is_open:
        shapes |= {
            "label_subwords": (TensorProto.INT64, ["W", "LP"]),
            "label_affixes": (TensorProto.INT64, ["W", "LA"]),
            "label_shapes": (TensorProto.INT64, ["W"]),
            "label_means": (TensorProto.FLOAT, ["C", "W"]),
        }
    return [helper.make_tensor_value_info(name, *shape) for name, shape in shapes.items()]
