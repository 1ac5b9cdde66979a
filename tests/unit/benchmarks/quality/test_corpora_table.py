"""The page's table of the ten corpora says what is committed."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.quality.corpora_table import PAGE_ROWS, update_quality

ROOT = Path(__file__).parents[4]


def test_the_page_has_the_committed_numbers() -> None:
    result = json.loads((ROOT / "benchmarks/quality/results/corpora.json").read_text())
    text = (ROOT / "docs/explanation/quality.md").read_text(encoding="utf-8")
    assert text == update_quality(text, result)
    assert len([name for name in result["corpora"] if f"| {name} (" in text]) == 10


def test_a_row_keeps_its_description() -> None:
    text = "# A\n\n| corpus | … |\n|---|---|\n| one (tweets) | 0 |\n| **mean of 1** | 0 |\nend\n"
    rows = {name: {"test_f1": 0.5 + place / 100} for place, name in enumerate(PAGE_ROWS)}
    found = update_quality(text, {"corpora": {"one": {"test_f1": 0.8, "rows": rows}}})
    assert found.splitlines()[4:] == [
        "| one (tweets) | 80.0 | 50.0 | 62.5 % | 51.0 | 52.0 | 53.0 | 54.0 |",
        "| **mean of 1** | **80.0** | **50.0** | **62.5 %** | **51.0** | **52.0** | **53.0** "
        "| **54.0** |",
        "end",
    ]
