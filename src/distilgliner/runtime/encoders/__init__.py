"""The ONNX form of each encoder: a function (builder, config, vectors) that adds its nodes.

`vectors` names word vectors (B, L, D), the graph's input `lengths` has the words of each text, and
the name of the states (B, L, 2H) is returned.
"""
