"""JSON records in their three shapes, and everything that can be wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.read import read_documents
from distilgliner.errors import UserError

TEXT = "Ada Lovelace moved to Leeds"
TOKENS = TEXT.split()
GOLD = (Entity(0, 12, "person"), Entity(22, 27, "location"))


def read(tmp_path: Path, *records: Any, name: str = "notes.jsonl") -> list[Document]:
    path = tmp_path / name
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return list(read_documents(path))


@pytest.mark.parametrize(
    "record",
    [
        {
            "text": TEXT,
            "entities": [
                {"start": 22, "end": 27, "label": "location"},
                {"start": 0, "end": 12, "label": " person "},
            ],
        },
        {"tokens": TOKENS, "spans": [[0, 2, "person"], [4, 5, "location"]]},
        {"tokenized_text": TOKENS, "ner": [[0, 1, "person"], [4, 4, "location"]]},
    ],
)
def test_three_shapes_are_the_same_document(tmp_path: Path, record: dict[str, Any]) -> None:
    assert read(tmp_path, record) == [Document(TEXT, GOLD)]
    (tmp_path / "a.json").write_text(json.dumps([record, record]))
    assert list(read_documents(tmp_path / "a.json")) == [Document(TEXT, GOLD)] * 2


@pytest.mark.parametrize(
    ("record", "entities"),
    [
        ({"text": TEXT}, None),
        ({"text": TEXT, "entities": None}, None),
        ({"text": TEXT, "entities": []}, ()),
        ({"tokens": TOKENS}, None),
        ({"tokens": TOKENS, "spans": []}, ()),
        ({"tokenized_text": TOKENS}, None),
        ({"tokenized_text": TOKENS, "ner": []}, ()),
    ],
)
def test_unlabelled_is_not_the_same_as_no_entity(
    tmp_path: Path, record: dict[str, Any], entities: tuple[()] | None
) -> None:
    assert read(tmp_path, record) == [Document(TEXT, entities)]


def test_other_keys_blank_lines_and_scores(tmp_path: Path) -> None:
    entity = {"start": 0, "end": 3, "text": "Ada", "label": "person", "score": 0.75}
    (document,) = read(tmp_path, "", {"id": 7, "text": "Ada", "entities": [entity]}, " ")
    assert document.entities is not None
    assert document.entities[0].score == 0.75
    for score in (None, 1, 1.0):
        (document,) = read(tmp_path, {"text": "Ada", "entities": [{**entity, "score": score}]})
        assert document.entities is not None
        assert document.entities[0].score == 1.0


def test_an_entity_named_twice_counts_once(tmp_path: Path) -> None:
    entity = {"start": 0, "end": 3, "label": "person"}
    (document,) = read(tmp_path, {"text": "Ada", "entities": [entity, entity]})
    assert document.entities == (Entity(0, 3, "person"),)


def entity(start: Any, end: Any, label: Any = "x", **more: Any) -> dict[str, Any]:
    item = {"start": start, "end": end, "label": label, **more}
    return {"text": "Ada laughs", "entities": [item]}


def spans(*items: Any) -> dict[str, Any]:
    return {"tokens": ["Ada", "laughs"], "spans": list(items)}


def ner(*items: Any) -> dict[str, Any]:
    return {"tokenized_text": ["Ada", "laughs"], "ner": list(items)}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ('{"text": "a"', "broken JSON at column 13"),
        ("{'text': 'a'}", "broken JSON at column 2"),
        ("[" * 100_000, "JSON that cannot be read"),
        ('{"text": ' + "1" * 5000 + "}", "JSON that cannot be read"),
        ("[1]", "no JSON object"),
        ("3", "no JSON object"),
        ({"sentence": "a"}, "the object has no text"),
        ({"text": 3}, '"text" must be a string, not a number'),
        ({"text": None}, '"text" must be a string, not null'),
        ({"text": ""}, "the text is empty"),
        ({"text": " \n"}, "the text is empty"),
        ({"tokens": []}, "the text is empty"),
        ({"tokens": "Ada laughs"}, '"tokens" must be a list of strings'),
        ({"tokens": ["Ada", 3]}, '"tokens" must be a list of strings'),
        ({"tokens": ["Ada", ""]}, '"tokens" holds an empty word'),
        ({"tokenized_text": [None]}, '"tokenized_text" must be a list of strings'),
        ('{"text": "half \\ud83d"}', "half a character"),
        ({"text": "Ada", "entities": {}}, '"entities" must be a list of objects, not an object'),
        ({"text": "Ada", "entities": ["x"]}, "the entity 'x' must be an object"),
        ({"text": "Ada", "entities": [{"start": 0, "end": 1}]}, 'with "start", "end" and "label"'),
        (entity("0", 3), "must be whole numbers"),
        (entity(0, 3.0), "must be whole numbers"),
        (entity(False, True), "must be whole numbers"),
        (entity(0, 3, ""), "the label '' must be a string that is not empty"),
        (entity(0, 3, 7), "the label 7 must be a string"),
        (entity(0, 3, score="high"), "\"score\" of .*'high'.* must be a number; correct it"),
        (entity(0, 3, score=True), '"score" of .* must be a number'),
        (entity(0, 3, score=[0.5]), '"score" of .* must be a number'),
        (entity(0, 3, score=10**400), '"score" of .* must be a number'),
        (entity(0, 11), "is not inside the text of 10 characters"),
        (entity(-1, 3), "is not inside the text"),
        (entity(3, 3), "is not inside the text"),
        (entity(4, 3), "is not inside the text"),
        (entity(3, 4), "only white space"),
        (spans([0, 3, "x"]), "is not inside the 2 words"),
        (spans([-1, 1, "x"]), "is not inside the 2 words"),
        (spans([1, 1, "x"]), "is not inside the 2 words"),
        (spans([0, 1]), r"must be \[first word, end, label\]"),
        (spans("x"), r"must be \[first word, end, label\]"),
        (spans([0, "1", "x"]), "must be whole numbers"),
        (spans([0, 1, None]), "the label None"),
        ({"tokens": ["a"], "spans": 3}, '"spans" must be a list of spans, not a number'),
        (ner([0, 2, "x"]), r"correct its word offsets \(end inclusive\)"),
        (ner([1, 0, "x"]), "is not inside the 2 words"),
        ({"tokenized_text": ["a"], "ner": "x"}, '"ner" must be a list of spans, not a string'),
        (spans([0, 2, "x"], [1, 2, "y"]), "overlap"),
        (ner([0, 0, "x"], [0, 0, "y"]), "overlap"),
    ],
)
def test_faults_name_file_and_line(tmp_path: Path, record: Any, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read(tmp_path, {"text": "good"}, "", record)
    assert "notes.jsonl, line 3: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_faults_in_an_array_name_the_record(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text(json.dumps([{"tokenized_text": ["a"]}, {"text": 3}]))
    with pytest.raises(UserError, match=r'train\.json, record 2: "text" must be a string'):
        list(read_documents(path))
    path.write_text('[\n{"text": "a"},\n{"text" "b"}]')
    with pytest.raises(UserError, match=r"train\.json: broken JSON at line 3"):
        list(read_documents(path))
    path.write_text('{"text": "a"}')
    with pytest.raises(UserError, match=r"must hold one array .* --format jsonl"):
        list(read_documents(path))
