"""What is shipped inside the package: a small real GLiNER teacher and a small corpus."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

_CORPUS_FILES = {
    "train": "train.inline",
    "dev": "dev.inline",
    "test": "test.inline",
    "transfer": "transfer.txt",
}


def bundled_teacher() -> Path:
    """The folder of the bundled GLiNER checkpoint (its README.md has sources and licences)."""
    return Path(str(files(__name__))) / "teacher"


def bundled_corpus(split: str) -> Path:
    """The file of one split of the bundled corpus: "train", "dev", "test" or "transfer"."""
    return Path(str(files(__name__))) / "corpus" / _CORPUS_FILES[split]


def bundled_lexicon() -> Path:
    """The folder with names by kind, a JSON file a label, that `transfer` is made with."""
    return Path(str(files(__name__))) / "corpus" / "lexicon"
