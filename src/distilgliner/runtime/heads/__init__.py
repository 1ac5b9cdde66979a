"""The ONNX form of each head: a function (builder, config, states) that adds its nodes.

`states` names the encoder's states (B, L, 2H), and the name of the scores (B, L, X) is returned,
which are those that the head's `finish` gives.
"""
