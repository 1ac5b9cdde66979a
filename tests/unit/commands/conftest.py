"""An exported student for commands that run as programs of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from distilgliner.runtime.export import run_export
from distilgliner.student.folder import write_student
from tiny_store import build_tiny_student


@pytest.fixture(scope="package")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny student, as ONNX."""
    folder = tmp_path_factory.mktemp("student")
    write_student(build_tiny_student(folder / "vocabulary"), folder / "trained")
    run_export(folder / "trained", folder / "exported")
    return folder / "exported"
