"""Where the benchmarks find their data and put what they make."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The checkout."""
BENCHMARKS = ROOT / "benchmarks"
RUNS = ROOT / "runs"
"""What is annotated and trained on this machine; never committed."""
SHARED = ROOT.parent / "shared"
"""Next to the checkout: the public corpora, and the first version of the bundled teacher."""
DATA = SHARED / "data"
CORPORA = Path(__file__).parent / "corpora"
"""One file for each public corpus: its labels, texts and splits."""
