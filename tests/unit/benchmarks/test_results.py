"""What is committed of measurements is of any machine: no path of one stands in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

RESULTS = sorted((Path(__file__).parents[3] / "benchmarks").glob("*/results/*.json"))


def list_texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for item in value:
            yield from list_texts(item)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_no_path_of_a_machine(path: Path) -> None:
    texts = list(list_texts(json.loads(path.read_text(encoding="utf-8"))))
    assert texts
    assert [text for text in texts if Path(text).is_absolute()] == []
