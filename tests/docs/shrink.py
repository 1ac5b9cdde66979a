"""Commands of pages, made quick: tiny students, few updates, little text."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

SIZES = {
    "subword_dim": 16,
    "affix_dim": 8,
    "affix_buckets": 512,
    "shape_dim": 4,
    "shape_buckets": 64,
    "hidden_dim": 16,
}
_OPTION = "student_options.{}={}"
QUICK = [
    *(word for size in SIZES.items() for word in ("--set", _OPTION.format(*size))),
    *("--set", "training.min_updates=0", "--set", "training.batch_documents=4"),
]
_EXTRA = {
    "distill": [*QUICK, "--epochs", "2"],
    "tune": [*QUICK, "--trials", "1", "--repeat", "1", "--set", "training.epochs=1"],
    "compare": [
        *("--arms", "gold,soft", "--seeds", "0", "--epochs", "1", "--workers", "1"),
        *("--set", "cost_rounds=0", "--set", "training.batch_documents=4"),
        *(word for size in SIZES.items() for word in ("--set", _OPTION.format(*size))),
    ],
    "finetune": ["--epochs", "1", "--set", "interpolation=[]"],
}
_TEXTS = {
    "annotate": {"--input": 24},
    "distill": {"--input": 40, "--gold": 30, "--dev": 20},
    "finetune": {"--gold": 8, "--dev": 8, "--keep": 12},
    "tune": {"--gold": 30, "--dev": 20},
    "compare": {"--gold": 20, "--transfer": 20, "--dev": 12, "--test": 12},
    "export": {"--dev": 20},
    "evaluate": {"--gold": 20, "--input": 20},
}


def shrink_command(arguments: Sequence[str]) -> list[str]:
    """The arguments of `distilgliner`, with less to do and the same way to go."""
    command, *rest = arguments
    shrunk = [command]
    limits, option = _TEXTS.get(command, {}), ""
    if command == "distill" and "--teacher" in rest:  # which learns the gold first
        limits = {"--input": 40, "--gold": 8, "--dev": 8}
    if "--labels-of" in rest:  # which names files as they stand in other options
        limits = {}
    for word in rest:
        shrunk.append(_cut(word, limits[option]) if option in limits else word)
        option = word
    if _begins_with_general(rest):
        return [*shrunk, "--epochs", "1", "--set", "training.min_updates=0"]
    return [*shrunk, *_EXTRA.get(command, [])]


def _cut(source: str, texts: int) -> str:
    return source if source == "-" or source.endswith("]") else f"{source}[:{texts}]"


def _begins_with_general(arguments: Sequence[str]) -> bool:
    """Whether the sizes are those of the general student."""
    return ("--initial", "general") in itertools.pairwise(arguments)
