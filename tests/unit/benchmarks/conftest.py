"""Lets the tests of this folder import the programs in benchmarks/."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3]))

if not all(map(find_spec, ("gliner", "onnx", "spacy"))):  # the benchmark needs all extras
    collect_ignore_glob = ["test_*.py", "**/test_*.py"]
