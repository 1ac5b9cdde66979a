"""Numbers that a head in torch and its ONNX form share; no torch is needed for them."""

LEAST_SCORE = -250.0
"""Of a chain: below the best tag of its word a score counts as this. e^−500 is still far from
underflow, and at most two words in a row can multiply their worst."""
SMALLEST_PROBABILITY = 1e-300
"""Of a chain: what stands for 0 where a logarithm is taken, in double precision."""
NO_SPAN = -1e4
"""The logit of a span that would reach beyond its text."""
