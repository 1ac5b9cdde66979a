"""What comes with the package: the general student. Its teacher is a distribution of its own.

`distilgliner-teacher` has the bundled GLiNER checkpoint, the corpus of the quickstart, and the
general student as it was trained, which others begin with; running a student needs none of it.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from distilgliner.errors import UserError

GENERAL = "general"
"""The name of the bundled student, wherever a student's folder or hub id is asked for."""
BUNDLED = "bundled"
"""The name of the bundled teacher, wherever a GLiNER checkpoint is asked for."""
_TEACHER_PACKAGE = "distilgliner_teacher"
_CORPUS_FILES = {
    "train": "train.inline",
    "dev": "dev.inline",
    "test": "test.inline",
    "transfer": "transfer.txt",
}


def bundled_student() -> Path:
    """The folder of the general student, exported: it runs without torch."""
    return Path(__file__).parent / GENERAL


def bundled_trained_student() -> Path:
    """The general student as it was trained, for others to begin with (needs torch).

    Raises `UserError` where `distilgliner-teacher` is not installed.
    """
    return _find_teacher_package("The weights that students begin with") / GENERAL


def bundled_teacher() -> Path:
    """The folder of the bundled GLiNER checkpoint (its README.md has sources and licences).

    Raises `UserError` where `distilgliner-teacher` is not installed.
    """
    return _find_teacher_package("The bundled teacher") / "checkpoint"


def bundled_corpus(split: str) -> Path:
    """The file of one split of the bundled corpus: "train", "dev", "test" or "transfer".

    Raises `UserError` where `distilgliner-teacher` is not installed.
    """
    return _find_teacher_package("The bundled corpus") / "corpus" / _CORPUS_FILES[split]


def bundled_lexicon() -> Path:
    """The folder with names by kind, a JSON file a label, that `transfer` is made with.

    Raises `UserError` where `distilgliner-teacher` is not installed.
    """
    return _find_teacher_package("The bundled corpus") / "corpus" / "lexicon"


def _find_teacher_package(what: str) -> Path:
    spec = find_spec(_TEACHER_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            f"{what} is a package of its own, which is not installed; install it with: "
            "pip install distilgliner-teacher"
        )
    return Path(next(iter(spec.submodule_search_locations)))
