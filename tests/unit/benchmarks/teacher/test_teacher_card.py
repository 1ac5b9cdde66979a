"""The tables of the teacher's card, and putting new ones into a card that is there."""

from __future__ import annotations

from typing import Any

from benchmarks.teacher.card import build_table, build_unseen_table, update_card

ROW: dict[str, Any] = {"labels": 2, "sentences": 9, "f1": 0.5, "precision": 0.6, "recall": 0.4}
AFTER = {"a": ROW, "z": {**ROW, "f1": 0.1}}
BEFORE = {"a": {**ROW, "f1": 0.25}}
SCORE = {"f1": 0.5, "precision": 0.75, "recall": 0.25}
UNSEEN = {
    "corpora": {
        "new": {
            "documents": 1234,
            "labels": ["person", "place"],
            "scores": {"teacher": SCORE, "first version": {**SCORE, "f1": 0.125}},
        },
        "news": {
            "documents": 5,
            "labels": ["person"],
            "scores": {"teacher": SCORE, "first version": SCORE, "general": {"f1": 0.375}},
        },
    }
}


def test_tables() -> None:
    assert build_table(AFTER, BEFORE, {"a": {}}, {"a": 0.625}).splitlines()[2:] == [
        "| a | 2 | 9 | 25.0 | **50.0** | 60.0 | 40.0 | 62.5 |",
        "| z (not trained on) | 2 | 9 | — | **10.0** | 60.0 | 40.0 |  |",
    ]
    assert build_unseen_table(UNSEEN).splitlines()[2:] == [
        "| new | 2 | 1,234 | 12.5 | **50.0** | 75.0 | 25.0 |  |",
        "| news | 1 | 5 | 50.0 | **50.0** | 75.0 | 25.0 | 37.5 |",
    ]


def test_only_the_tables_of_a_card_change() -> None:
    found = {"scores": {"after": {"corpora": AFTER}, "before": {"corpora": BEFORE}}}
    card = "# A\ntext | with a bar\n\n| old |\n|---|\n| x |\n\nmore\n\n| old |\n|---|\n\n## End\n"
    new = update_card(card, found, {"corpora": {"a": {}}}, {}, UNSEEN)
    first = build_table(AFTER, BEFORE, {"a": {}}, {})
    second = build_unseen_table(UNSEEN)
    assert new == f"# A\ntext | with a bar\n\n{first}\n\nmore\n\n{second}\n\n## End\n"
    assert update_card(new, found, {"corpora": {"a": {}}}, {}, UNSEEN) == new
