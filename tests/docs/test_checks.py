"""What the test of the pages finds fault with, on small pages of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from outputs import find_shown_values, match_output
from session import PageSession
from shell import SnippetError
from shrink import shrink_command


def run_page(folder: Path, text: str) -> PageSession:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    session = PageSession(folder, fetch=lambda name, target: None, quick=True)
    for example in session.parse(page).examples():
        example.evaluate()
    return session


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("pip install 'distilgliner[spacey]'", "no extra 'spacey'"),
        ("pip install distilgliner-general", "no part of this project"),
        ("make quikstart", "no quikstart"),
        ("make browser STUDNT=small", "no STUDNT"),
        ("python -m http.serve", "no such module"),
        ("python benchmarks/quality/nothing.py", "no benchmarks/quality/nothing.py"),
        ("frobnicate notes.txt", "do not know how"),
        ("distilgliner annotate --imput notes.txt", "ends with 2"),
        ("head -n 1 nothing.txt", "ends with 1"),
    ],
)
def test_a_line_that_is_not_true_is_found(line: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SnippetError, match=told.replace("(", r"\(")):
        run_page(tmp_path, f"```sh\n{line}\n```\n")


def test_true_lines_are_checked_and_run(tmp_path: Path) -> None:
    lines = [
        "pip install torch --index-url https://example.org/cpu",
        "pip install 'distilgliner[spacy,presidio]'  # both",
        "make browser STUDENT=../small",
        "python -m http.server -d browser/dist 8000",
        "distilgliner --version > version.txt",
        "cat version.txt",
    ]
    page = "```sh\n" + "\n".join(lines) + "\n```\n\n```text\ndistilgliner …\n```\n"
    session = run_page(tmp_path, page)
    assert (session.ran, session.checked) == (2, 4)
    assert (tmp_path / "version.txt").read_text().startswith("distilgliner 0")


@pytest.mark.parametrize(
    "page",
    [
        "```python\nsum([1, 2])\nlist('ab')\n# ['a', 'c']\n```\n",
        "```python\nprint('one')\n```\n\n```text\ntwo\n```\n",
        "```sh\ncat page.md\n```\n\n```text\nnothing\n```\n",
    ],
)
def test_an_output_that_did_not_come_out_is_found(page: str, tmp_path: Path) -> None:
    with pytest.raises(SnippetError, match="The page shows"):
        run_page(tmp_path, page)


def test_numbers_may_differ_a_little() -> None:
    assert match_output("F1 79.3, 5,000 words", "F1  79.9, 5,020 words\n", tolerance=0.02)
    assert not match_output("F1 79.3", "F1 69.3", tolerance=0.02)
    assert not match_output("F1 79.3", "recall 79.3", tolerance=0.02)
    assert match_output("100 words/s", "9,000 words/s", tolerance=0.02)
    assert match_output("[{'score': …}, …]", "[{'score': 0.5}, {'score': 0.7}]", tolerance=0.02)


def test_only_outputs_are_compared_in_comments() -> None:
    source = "f(1)\n# a remark\ng(2)\n# [1,\n#  2]\nx = 1\n# [3]\n"
    assert find_shown_values(source) == {1: "[1,\n 2]"}


def test_commands_get_less_to_do() -> None:
    short = shrink_command(["annotate", "--input", "notes.txt", "--input", "-", "--output", "a"])
    assert short == ["annotate", "--input", "notes.txt[:24]", "--input", "-", "--output", "a"]
    short = shrink_command(["distill", "--annotations", "a", "--initial", "general"])
    assert "student_options.hidden_dim=16" not in short
