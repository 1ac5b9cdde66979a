"""What the site of the documentation is made with: docs/building."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click
import pytest

from distilgliner.cli import COMMANDS, app

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "building"))

from command_line import build_reference  # noqa: E402
from hooks import on_config, rewrite_links  # noqa: E402

DOCS = ROOT / "docs"


def test_links_out_of_docs_lead_to_the_repository_or_nowhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    page = (
        "[a](../../pyproject.toml#x), [b](../faq.md), ![c](../images/runtime.svg), [d](https://e)"
    )
    rest = "[b](../faq.md), ![c](../images/runtime.svg), [d](https://e)"
    folder = DOCS / "how-to"
    assert rewrite_links(page, folder, ROOT, None) == f"a, {rest}"
    found = rewrite_links(page, folder, ROOT, "https://example.org/repository/")
    assert found == f"[a](https://example.org/repository/blob/main/pyproject.toml#x), {rest}"
    assert caplog.records == []
    rewrite_links("[a](../../nothing.toml)", folder, ROOT, None)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING  # which ends a strict build
    assert record.name.startswith("mkdocs.")


def test_the_navigation_has_all_pages_of_a_folder(tmp_path: Path) -> None:
    for name in ("a/2.md", "a/1.md", "b.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    config = {"nav": ["b.md", {"A": ["a/2.md", "a/*.md"]}], "docs_dir": str(tmp_path)}
    assert on_config(config)["nav"] == ["b.md", {"A": ["a/2.md", "a/1.md"]}]


def test_the_reference_has_every_option_of_every_command() -> None:
    page = build_reference(app, "distilgliner")
    sections = dict(zip(COMMANDS, page.split("\n## "), strict=True))
    context = click.Context(app)
    for name, section in sections.items():
        command = app.get_command(context, name)
        assert command is not None
        options = [option for parameter in command.params for option in parameter.opts]
        rows = [line for line in section.splitlines() if line.startswith("| `")]
        assert len(rows) == len(command.params)
        assert [option for option in options if option.lower() not in section.lower()] == []
    assert "| `--threshold` | `FLOAT` | `0.5` |" in sections["predict"]
    assert "distilgliner distill --output PATH\n" in sections["distill"]
    assert "distilgliner compare [CONFIG] --output PATH" in page
    assert "Sentinel" not in page
