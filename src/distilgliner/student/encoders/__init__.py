"""Sequence encoders, one a file: word vectors (B, L, D) of `lengths` (B,) → states (B, L, 2H).

An encoder is a torch module made of (config, input_dim) with an attribute `dim`, the width of its
states. A document's states must not depend on the batch that it is in. `runtime/encoders` has the
ONNX form of each.
"""
