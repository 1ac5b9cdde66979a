"""The parts of a comparison's data are kept apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from distilgliner.compare.config import build_compare_config
from distilgliner.compare.data import ComparisonData, read_comparison_data
from distilgliner.corpus.document import Document, Entity
from distilgliner.errors import UserError
from tiny_store import write_jsonl

ADA = Document("Ada saw Rome", (Entity(0, 3, "person"), Entity(8, 12, "city")))
BOB = Document("Bob sleeps", (Entity(0, 3, "person"),))
ZOE = Document("Zoë sulks", (Entity(0, 3, "person"), Entity(4, 9, "mood")))
EVE = Document("Eve left", ())
TOM = Document("Tom came", ())


def read(folder: Path, parts: dict[str, list[Document]], **settings: Any) -> ComparisonData:
    sources = {name: str(write_jsonl(folder / f"{name}.jsonl", parts[name])) for name in parts}
    raw = {"labels": ["person", "city"], "ignore_labels": ["mood"], **sources, **settings}
    return read_comparison_data(build_compare_config(raw))


def texts(documents: list[Document]) -> list[str]:
    return [document.text.split()[0] for document in documents]


def test_parts(tmp_path: Path) -> None:
    parts = {"gold": [ADA, ZOE], "transfer": [BOB, ADA], "dev": [EVE], "test": [TOM, TOM]}
    data = read(tmp_path, parts)
    assert texts(data.gold) == ["Ada", "Zoë"]
    assert data.gold[1].entities == (Entity(0, 3, "person"),)  # without the ignored label
    assert texts(data.transfer) == ["Bob", "Ada"]
    assert all(document.entities is None for document in data.transfer)
    assert texts(data.test) == ["Tom", "Tom"]  # test is measured as it is
    assert data.notes == []
    sizes = {
        name: (part.documents, part.words, part.entities) for name, part in data.describe().items()
    }
    assert sizes == {
        "gold": (2, 5, 3),
        "transfer": (2, 5, None),
        "dev": (1, 2, 0),
        "test": (2, 4, 0),
    }


def test_nothing_of_dev_or_test_is_learnt_from(tmp_path: Path) -> None:
    everything = [ADA, BOB, EVE, TOM, ADA]
    data = read(
        tmp_path, {"gold": everything, "transfer": everything, "dev": [EVE, TOM], "test": [TOM]}
    )
    assert texts(data.gold) == texts(data.transfer) == ["Ada", "Bob"]
    assert texts(data.dev) == ["Eve"]
    assert texts(data.test) == ["Tom"]
    assert data.notes == [
        "1 documents of dev also stand in test and were left out.",
        "2 documents of gold also stand in dev or test and were left out.",
        "2 documents of transfer also stand in dev or test and were left out.",
    ]


def test_case_and_white_space_make_no_other_text(tmp_path: Path) -> None:
    changed = [Document("EVE  left\n", ()), Document(" tom came", ())]
    everything = [ADA, *changed]
    data = read(tmp_path, {"gold": everything, "transfer": everything, "dev": [EVE], "test": [TOM]})
    assert data.gold == [ADA]
    assert texts(data.transfer) == ["Ada"]


@pytest.mark.parametrize("part", ["gold", "transfer", "dev", "test"])
def test_fingerprints_tell_the_parts_apart(part: str, tmp_path: Path) -> None:
    parts = {"gold": [ADA], "transfer": [BOB], "dev": [EVE], "test": [TOM]}
    before = read(tmp_path, parts).compute_fingerprints()
    assert read(tmp_path, parts).compute_fingerprints() == before
    changed = read(tmp_path, {**parts, part: [Document("Joe ran", ())]}).compute_fingerprints()
    assert {name for name in before if before[name] != changed[name]} == {part}


def test_fingerprints_see_labels_where_they_are_used(tmp_path: Path) -> None:
    parts = {"gold": [ADA], "transfer": [ADA], "dev": [EVE], "test": [TOM]}
    before = read(tmp_path, parts).compute_fingerprints()
    bare = [Document(ADA.text, ())]
    changed = read(tmp_path, {**parts, "gold": bare, "transfer": bare}).compute_fingerprints()
    assert {name for name in before if before[name] != changed[name]} == {"gold"}


def test_several_sources(tmp_path: Path) -> None:
    more = str(write_jsonl(tmp_path / "more.jsonl", [BOB, ADA]))
    parts = {"transfer": [ADA], "dev": [EVE], "test": [TOM]}
    sources = [str(tmp_path / "transfer.jsonl"), f"{more}[:1]"]
    write_jsonl(tmp_path / "transfer.jsonl", [ADA])
    data = read(tmp_path, parts, gold=[more], transfer=sources)
    assert texts(data.transfer) == ["Ada", "Bob"]
    assert texts(data.gold) == ["Bob", "Ada"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"dev": [TOM]}, "No document is left in dev"),
        ({"transfer": [TOM, EVE]}, "No document is left in transfer"),
        ({"gold": [TOM, EVE]}, "No document is left in gold"),
        ({"gold": [ADA, Document("Ada", (Entity(0, 3, "god"),))]}, "gold.jsonl, line 2: unkn"),
        ({"test": [Document("Ada", (Entity(0, 3, "god"),))]}, "test.jsonl, line 1: unknown"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, parts: dict[str, list[Document]], message: str
) -> None:
    good = {"gold": [ADA], "transfer": [BOB], "dev": [EVE], "test": [TOM]}
    with pytest.raises(UserError, match=message):
        read(tmp_path, {**good, **parts})


def test_labels_are_needed_but_for_transfer(tmp_path: Path) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("Mary left\n")
    parts = {"gold": [ADA], "transfer": [BOB], "dev": [EVE], "test": [TOM]}
    assert texts(read(tmp_path, parts, transfer=str(plain)).transfer) == ["Mary"]
    for name in ("gold", "dev", "test"):
        with pytest.raises(UserError, match=r"plain\.txt, line 1, has no human labels; give"):
            read(tmp_path, parts, **{name: str(plain)})
