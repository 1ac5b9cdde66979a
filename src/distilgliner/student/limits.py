"""Numbers that a head in torch and its ONNX form share; no torch is needed for them."""

LEAST_SCORE = -120.0
"""Of a chain: below the best tag of its word a score counts as this. At most four words in a row
multiply their worst before the sum is brought back to 1, and e^−480 is far from underflow."""
SMALLEST_PROBABILITY = 1e-300
"""Of a chain: what stands for 0 where a logarithm is taken, in double precision."""
NO_SPAN = -1e4
"""The logit of a span that would reach beyond its text."""
