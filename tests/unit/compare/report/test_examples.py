"""Example sentences: right, wrong, missed, and rightly left alone."""

from __future__ import annotations

from typing import Any

from distilgliner.compare.report.examples import Verdict, compare_example, merge_overlapping
from distilgliner.compare.results import Example

TEXT = "Ada Lovelace met Charles Babbage in London yesterday."


def entity(words: str, label: str) -> dict[str, Any]:
    start = TEXT.index(words)
    return {"start": start, "end": start + len(words), "label": label, "score": 0.9}


ADA, BABBAGE = entity("Ada Lovelace", "person"), entity("Charles Babbage", "person")
LONDON = entity("London", "place")


def compare(**predictions: list[dict[str, Any]]) -> Any:
    gold = [{**span, "score": None} for span in (ADA, BABBAGE, LONDON)]
    content = {"text": TEXT, "gold": gold, "predictions": predictions}
    return compare_example(Example.model_validate(content))


def test_every_mark() -> None:
    compared = compare(
        hard=[entity("Lovelace", "person"), LONDON, entity("yesterday", "date")],
        teacher=[entity("Ada Lovelace", "place"), BABBAGE, LONDON],
    )
    assert compared.systems == ("teacher", "hard")
    assert compared.right_everywhere == 1
    ada, babbage, yesterday = compared.places
    assert ada.verdicts == (
        Verdict("wrong", (("", "place"),)),
        Verdict("wrong", (("Lovelace", "person"),)),
    )
    assert [verdict.mark for verdict in babbage.verdicts] == ["right", "missed"]
    assert [verdict.sign for verdict in babbage.verdicts] == ["✓", "○"]
    assert yesterday.gold == ()
    assert yesterday.text == "yesterday"
    assert [verdict.mark for verdict in yesterday.verdicts] == ["none", "wrong"]


def test_pieces_make_up_the_sentence() -> None:
    compared = compare(soft=[entity("yesterday", "date"), entity("Lovelace met", "person")])
    assert "".join(piece.text for piece in compared.pieces) == TEXT
    assert [piece.label for piece in compared.pieces if piece.label] == [
        "person",
        "person",
        "place",
    ]
    assert [piece.text for piece in compared.pieces if piece.is_doubtful] == ["yesterday"]


def test_all_right_has_no_rows() -> None:
    compared = compare(soft=[LONDON, BABBAGE, ADA])
    assert compared.places == ()
    assert compared.right_everywhere == 3


def test_merging_is_transitive_and_keeps_neighbours_apart() -> None:
    assert merge_overlapping([(8, 9), (0, 3), (2, 6), (5, 8)]) == [(0, 8), (8, 9)]
