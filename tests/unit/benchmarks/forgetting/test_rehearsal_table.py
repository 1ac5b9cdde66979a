"""The table of what fine-tuning forgets with text to keep."""

from __future__ import annotations

from typing import Any

from benchmarks.forgetting.rehearsal_table import build_rehearsal_section


def row(dev: float, known: float, untold: float, **more: Any) -> dict[str, Any]:
    return {"dev": dev, "known": known, "untold": untold, **more}


def test_a_row_a_corpus_with_dashes_for_what_was_not_run() -> None:
    section = build_rehearsal_section(
        {
            "date": "2026-01-02",
            "machine": {"cpu": "Z80", "cores": 1},
            "corpora": {
                "wnut17": {
                    "before": row(0.5, 0.7, 0.8),
                    "alone": row(0.6, 0.4, 0.3, gold=3291, share=1.0),
                    "web": row(0.59, 0.6, 0.5, share=0.5),
                    "tweets": row(0.58, 0.7, 0.4),
                },
                "uner_pt": {
                    "before": row(0.2, 0.7, 0.8),
                    "alone": row(0.6, 0.65, 0.7, gold=500),
                    "web": row(0.61, 0.69, 0.7),
                },
            },
        }
    )
    rows = [line for line in section.splitlines() if line.startswith("|")]
    assert rows[0].startswith("| corpus | gold | unchanged | fine-tuned | keeping")
    assert rows[0].count("|") == rows[1].count("|") == 7
    assert rows[2:] == [
        "| wnut17 | 3,291 | 50.0 (70.0, 80.0) | 60.0 (40.0, 30.0) | 59.0 (60.0, 50.0), "
        "share 0.5 | 58.0 (70.0, 40.0) |",
        "| uner_pt | 500 | 20.0 (70.0, 80.0) | 60.0 (65.0, 70.0) | 61.0 (69.0, 70.0) | — |",
    ]
    assert "Measured on 2026-01-02, Z80, 1 cores" in section
