"""What is shipped inside the package: a real GLiNER teacher, a general student of it, a corpus."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

BUNDLED = "bundled"
"""The name of the bundled teacher, wherever a checkpoint is asked for."""
GENERAL = "general"
"""The name of the bundled student, wherever a student's folder or hub id is asked for."""
_CORPUS_FILES = {
    "train": "train.inline",
    "dev": "dev.inline",
    "test": "test.inline",
    "transfer": "transfer.txt",
}


def bundled_teacher() -> Path:
    """The folder of the bundled GLiNER checkpoint (its README.md has sources and licences)."""
    return Path(str(files(__name__))) / "teacher"


def bundled_student() -> Path:
    """The folder of the student that others can begin with (its README.md has what it learnt)."""
    return Path(str(files(__name__))) / "student"


def bundled_corpus(split: str) -> Path:
    """The file of one split of the bundled corpus: "train", "dev", "test" or "transfer"."""
    return Path(str(files(__name__))) / "corpus" / _CORPUS_FILES[split]


def bundled_lexicon() -> Path:
    """The folder with names by kind, a JSON file a label, that `transfer` is made with."""
    return Path(str(files(__name__))) / "corpus" / "lexicon"
