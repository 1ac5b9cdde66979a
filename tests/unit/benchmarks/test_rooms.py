"""A folder per question: programs run as scripts, and the page is made from the numbers."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.common.places import BENCHMARKS, ROOT
from benchmarks.tables import build_page

PROGRAMS = sorted(
    path
    for path in BENCHMARKS.rglob("*.py")
    if 'if __name__ == "__main__":' in path.read_text(encoding="utf-8")
)
NAMED = re.compile(r"benchmarks/[\w./]+\.(?:py|yaml|json)")


def test_the_page_is_what_the_committed_numbers_give() -> None:
    assert build_page() == (ROOT / "docs" / "explanation" / "results.md").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: str(path.relative_to(BENCHMARKS)))
def test_a_program_finds_the_others_as_a_script(path: Path) -> None:
    """The root of the checkout is on the path before anything of benchmarks/ is imported."""
    levels = len(path.relative_to(ROOT).parts) - 1
    found = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Expr) and "sys.path.insert" in ast.unparse(node):
            assert f"parents[{levels}]" in ast.unparse(node)
            found.append("path")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("benchmarks"):
            found.append("import")
    assert found[:2] in ([], ["path", "import"])
    assert found.count("path") <= 1


def test_a_program_runs_from_anywhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "unseen" / "unseen_text.py"), "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--data" in done.stdout


def test_readme_names_every_program() -> None:
    text = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    for path in PROGRAMS:
        name = str(path.relative_to(BENCHMARKS))
        if name != "runtime/scaling.py":  # started by runtime/measure.py
            assert f"{name}" in text


def test_files_of_benchmarks_that_pages_name_are_there() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *BENCHMARKS.rglob("*.py")]
    missing = {
        (page.name, name)
        for page in pages
        for name in NAMED.findall(page.read_text(encoding="utf-8"))
        if not (ROOT / name).exists() and not re.search(r"/[A-Z]+\.", name)
    }
    assert missing == set()
