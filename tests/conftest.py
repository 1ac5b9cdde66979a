"""Fixtures for all tests; being here also lets them import the modules of this folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from distilgliner.annotate.teacher import Teacher

os.environ["HF_HUB_OFFLINE"] = "1"  # before anything imports huggingface_hub


@pytest.fixture(scope="session")
def bundled_teacher() -> Teacher:
    """The bundled checkpoint, loaded once (it takes seconds)."""
    pytest.importorskip("gliner", reason="needs the extra 'annotate'")
    from distilgliner.annotate.teacher import load_teacher

    return load_teacher("bundled")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as their "summary", from whatever process they ran in."""
    for report in terminalreporter.getreports("passed"):
        for name, told in report.user_properties:
            if name == "summary":
                terminalreporter.write_line(told)
