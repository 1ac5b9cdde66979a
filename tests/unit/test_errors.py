"""What users read when something is wrong: one sentence, with a remedy that works."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import distilgliner
from distilgliner import errors
from distilgliner.bundled import bundled_teacher
from distilgliner.errors import TORCH_ON_CPU, advise_extra, missing_extra
from tiny_store import build_tiny_student

PACKAGE = Path(distilgliner.__file__).parent


def find_chained(path: Path) -> list[str]:
    """The errors that a file raises while it handles another one, and that show that other one."""
    return [
        f"{path.name}:{node.lineno}"
        for handler in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(handler, ast.ExceptHandler)
        for node in ast.walk(handler)
        if isinstance(node, ast.Raise)
        and node.exc is not None
        and not (isinstance(node.cause, ast.Constant) and node.cause.value is None)
    ]


def test_no_error_comes_with_the_lines_of_another() -> None:
    assert [place for path in sorted(PACKAGE.rglob("*.py")) for place in find_chained(path)] == []


def test_a_chained_error_would_be_found(tmp_path: Path) -> None:
    path = tmp_path / "chained.py"
    path.write_text(
        "try:\n    f()\nexcept OSError as error:\n    raise ValueError from error\n"
        "except KeyError:\n    raise ValueError\nexcept TypeError:\n    raise\n"
    )
    assert find_chained(path) == ["chained.py:4", "chained.py:6"]


def test_torch_is_never_fetched_with_cuda_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = {"torch"}
    monkeypatch.setattr(errors, "find_spec", lambda name: name if name in installed else None)
    assert advise_extra("annotate") == "install it with: pip install 'distilgliner[annotate]'"
    installed.clear()
    for extra in ("student", "annotate", "distill", "tune", "finetune", "compare"):
        advice = str(missing_extra("anything", extra))
        assert advice.index(TORCH_ON_CPU) < advice.index(f"pip install 'distilgliner[{extra}]'")
    assert "torch" not in advise_extra("serve")


def test_without_torch_every_way_in_says_how_to_get_it(tmp_path: Path) -> None:
    build_tiny_student(tmp_path).write(tmp_path / "student")
    code = f"""
import sys
sys.modules.update(dict.fromkeys(["torch", "gliner", "transformers"]))
import distilgliner
from distilgliner import DistilGLiNER, UserError, load_predictor

def show(work):
    try:
        work()
    except UserError as error:
        print(error, error.__cause__, error.__suppress_context__)

show(lambda: distilgliner.run_distillation)
show(lambda: distilgliner.run_comparison)
show(lambda: load_predictor("bundled"))
show(lambda: load_predictor({str(tmp_path / "student")!r}))
show(lambda: distilgliner.run_annotation(["a"], teacher="bundled", labels=["b"], output="out"))
show(lambda: DistilGLiNER.from_pretrained({str(bundled_teacher())!r}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 6, done.stdout
    assert all(TORCH_ON_CPU in line and "None" in line for line in lines[:5])
    assert "holds a trained student" in lines[3]
    assert "is a GLiNER checkpoint, not a student" in lines[5]
    assert not (tmp_path / "out").exists()
