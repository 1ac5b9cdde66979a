"""Numbers that a head in torch and its ONNX form share; no torch is needed for them."""

LEAST_SCORE = -120.0
"""Of a chain: below the best tag of its word a score counts as this. Seven words multiply before a
sum is brought back to 1 (runtime/heads/crf.py: a word, and three on either side). A text can always
take the best tag of every second word, so that four of them are worst: e^−480 is no underflow."""
SMALLEST_PROBABILITY = 1e-300
"""Of a chain: what stands for 0 where a logarithm is taken, in double precision."""
NO_SPAN = -1e4
"""The logit of a span that would reach beyond its text."""
