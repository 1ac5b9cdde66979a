"""Fixtures for all tests; being here also lets them import this folder's `tiny_teachers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from distilgliner.annotate.teacher import Teacher


@pytest.fixture(scope="session")
def bundled_teacher() -> Teacher:
    """The bundled checkpoint, loaded once (it takes seconds)."""
    pytest.importorskip("gliner", reason="needs the extra 'annotate'")
    from distilgliner.annotate.teacher import load_teacher

    return load_teacher("bundled")
