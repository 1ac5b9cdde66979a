"""What annotation tools export: read, or refused with the key that is not understood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.read import read_documents, read_texts
from distilgliner.errors import Notice, UserError

TEXT = "Ida Berg left Oslo."
GOLD = (Entity(0, 8, "person"), Entity(14, 18, "city"))
LISTS = [[0, 8, "person"], [14, 18, "city"]]
OBJECTS = [
    {"start": 0, "end": 8, "label": "person"},
    {"start": 14, "end": 18, "label": "city"},
]
TOKENS = ["Ida", "Berg", "left", "Oslo", "."]
TAGS = ["B-person", "I-person", "O", "B-city", "O"]


def task(*annotations: dict[str, Any], **data: str) -> dict[str, Any]:
    return {"id": 1, "data": data or {"text": TEXT}, "annotations": list(annotations)}


def labelled(*spans: list[Any], **more: Any) -> dict[str, Any]:
    result: list[dict[str, Any]] = [
        {
            "type": "labels",
            "value": {"start": start, "end": end, "text": TEXT[start:end], "labels": [label]},
        }
        for start, end, label in spans
    ]
    result += [
        {"type": "choices", "value": {"choices": ["news"]}},
        {"type": "relation", "from_id": "a", "to_id": "b"},
    ]
    return {"result": result, "was_cancelled": False, **more}


def read(tmp_path: Path, record: Any, name: str = "gold.jsonl") -> list[Document]:
    path = tmp_path / name
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    return list(read_documents(path))


@pytest.mark.parametrize(
    "record",
    [
        {"text": TEXT, "label": LISTS},
        {"text": TEXT, "labels": LISTS, "id": 4, "Comments": []},
        {
            "text": TEXT,
            "entities": [
                {"id": 1, "label": "person", "start_offset": 0, "end_offset": 8},
                {"id": 2, "label": "city", "start_offset": 14, "end_offset": 18},
            ],
            "relations": [{"id": 3, "from_id": 1, "to_id": 2, "type": "left"}],
        },
        {"text": TEXT, "spans": OBJECTS, "answer": "accept"},
        {
            "text": TEXT,
            "tokens": [{"text": "Ida", "start": 0, "end": 3, "id": 0}],
            "spans": [{**item, "token_start": 0, "token_end": 1} for item in OBJECTS],
        },
        {
            "text": TEXT,
            "label": [
                {"start": 0, "end": 8, "text": "Ida Berg", "labels": ["person"]},
                {"start": 14, "end": 18, "text": "Oslo", "labels": ["city"]},
            ],
            "annotator": 1,
        },
        task(labelled(*LISTS)),
        task(labelled(*LISTS), labelled(*reversed(LISTS))),
        task(labelled([0, 3, "city"], was_cancelled=True), labelled(*LISTS)),
        task(labelled(*LISTS), note=TEXT),
        {"text": TEXT, "entities": LISTS},
        [TEXT, {"entities": LISTS}],
        {"text": TEXT, "entities": {"person": [[0, 8]], "city": [[14, 18]]}},
        {"input": TEXT, "output": {"entities": {"person": ["Ida Berg"], "city": ["Oslo"]}}},
        {
            "text": TEXT,
            "entities": [
                {"entity_group": item["label"], "word": TEXT[item["start"] : item["end"]], **item}
                for item in OBJECTS
            ],
        },
        {"text": TEXT, "entities": None, "spans": OBJECTS},
        {"text": TEXT, "entities": OBJECTS, "predictions": LISTS, "tags": ["travel"]},
        {"text": TEXT, "tokens": TOKENS, "ner_tags": TAGS},
    ],
)
def test_exports_that_are_understood(tmp_path: Path, record: Any) -> None:
    assert read(tmp_path, record) == [Document(TEXT, GOLD)]
    assert list(read_texts(tmp_path / "gold.jsonl")) == [TEXT]
    assert read(tmp_path, [record], "gold.json") == [Document(TEXT, GOLD)]


@pytest.mark.parametrize("key", ["ner_tags", "tags", "ner", "labels", "bio_tags"])
@pytest.mark.parametrize("tags", [TAGS, ["B-person", "E-person", "O", "S-city", "O"]])
def test_a_tag_for_each_word(tmp_path: Path, key: str, tags: list[str]) -> None:
    words = "words" if key == "tags" else "tokens"
    (document,) = read(tmp_path, {words: TOKENS, key: tags})
    assert document == Document("Ida Berg left Oslo .", GOLD)


def test_ner_annotator(tmp_path: Path) -> None:
    export = {"classes": ["PERSON"], "annotations": [[TEXT, {"entities": LISTS}], None]}
    assert read(tmp_path, export, "gold.json") == [Document(TEXT, GOLD)]


def test_names_of_labels_are_no_tags(tmp_path: Path) -> None:
    record = {"tokenized_text": ["Ida", "Berg"], "ner": [[0, 1, "person"]], "label": ["x", "y"]}
    assert read(tmp_path, record) == [Document("Ida Berg", (Entity(0, 8, "person"),))]
    assert read(tmp_path, {**record, "ner": []}) == [Document("Ida Berg", ())]


@pytest.mark.parametrize("key", ["label", "labels", "spans", "annotations"])
def test_an_empty_list_says_that_there_is_none(tmp_path: Path, key: str) -> None:
    assert read(tmp_path, {"text": TEXT, key: []}) == [Document(TEXT, ())]


@pytest.mark.parametrize(
    "record",
    [
        {"text": TEXT},
        {"text": TEXT, "label": "travel", "tags": []},
        {"text": TEXT, "label": 3, "meta": {"labels": ["a"]}},
        {"text": TEXT, "labels": None},
        {"text": TEXT, "title": "[a list] of [1, 2]", "source": '["a", 1]', "note": "[" * 900},
        task(),
        {"data": {"text": TEXT}, "predictions": [labelled(*LISTS)]},
        {"tokens": TOKENS, "ner_tags": None},
    ],
)
def test_records_without_labels(tmp_path: Path, record: Any) -> None:
    assert read(tmp_path, record)[0].entities is None


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"text": TEXT, "spans": OBJECTS, "answer": "reject"}, "the \"answer\" 'reject'"),
        ({"text": TEXT, "entities": [], "answer": "ignore"}, "the \"answer\" 'ignore'"),
        (task(labelled(*LISTS, was_cancelled=True)), "skipped or cancelled"),
        ({"text": TEXT, "label": [], "annotation_approver": None}, "no entity and no approval"),
        ({"text": TEXT, "label": [], "is_confirmed": False}, "no entity and no approval"),
    ],
)
def test_what_nobody_stands_for_is_unlabelled(tmp_path: Path, record: Any, reason: str) -> None:
    with pytest.warns(Notice, match=f"1 record does not count .* {reason}, first .*line 1"):
        assert read(tmp_path, record) == [Document(TEXT, None)]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"text": TEXT, "labels": ["person", "city"]}, 'the key "labels" seems to hold labels'),
        ({"text": TEXT, "annotations": {"a": 1}}, 'the key "annotations" seems'),
        ({"text": TEXT, "highlights": OBJECTS}, 'the key "highlights" seems'),
        ({"text": TEXT, "predictions": OBJECTS}, 'the key "predictions" seems'),
        ({"text": TEXT, "ner_tags": "B-person I-person O"}, 'the key "ner_tags" seems'),
        ({"text": TEXT, "entity_group": [{"word": "Ida"}]}, 'the key "entity_group" seems'),
        ({"tokens": TOKENS, "ner_tags": [1, 2, 0, 3, 0]}, '"ner_tags" are numbers without names'),
        ({"tokens": TOKENS, "ner_tags": TAGS[:4]}, 'the key "ner_tags" seems'),
        ({"tokens": TOKENS, "tags": ["NNP", "NNP", "VBD", "NNP", "."]}, "'NNP' is no tag"),
        ({"tokens": TOKENS, "entities": OBJECTS}, 'the key "entities" seems'),
        ({"tokens": TOKENS, "ner": [[0, 1, "person"]]}, 'the key "ner" seems'),
        ({"text": TEXT, "tokens": TOKENS, "spans": LISTS}, 'the key "spans" seems'),
        ({"text": TEXT, "spans": OBJECTS, "label": LISTS}, 'both "spans" and "label" may be'),
        ({"text": TEXT, "entities": [], "spans": OBJECTS}, 'both "entities" and "spans" may be'),
        ({"text": TEXT, "entities": [{"text": "Oslo", "label": "city"}]}, 'with "start", "end"'),
        ({"text": TEXT, "label": [[0, 8, "a"], [14, 18]]}, 'the key "label" seems'),
        (
            {"text": TEXT, "spans": [{"start": 0, "end": 3, "labels": ["a", "b"]}]},
            "must have one label",
        ),
        (
            {"input": TEXT, "output": {"entities": {"city": ["Rome"]}}},
            "'Rome' .* is not in the text",
        ),
        (task(labelled(*LISTS), labelled([0, 3, "person"])), "have different entities; keep one"),
        (task(labelled(*LISTS), a="one", b="two"), "is the text cannot be told"),
        (
            {"text": "Ida", "tokens": ["Eva"], "ner_tags": ["O"]},
            "the word 'Eva' is not in the text",
        ),
        ({"text": TEXT, "span_labels": json.dumps(LISTS)}, 'the key "span_labels" seems'),
        ({"text": TEXT, "found": json.dumps(OBJECTS)}, 'the key "found" seems'),
        ({"text": TEXT, "mask": str([(0, 8, "person")])}, 'the key "mask" seems'),
        ({"text": TEXT, "objects": [{"name": "city"}]}, 'the key "objects" seems'),
        ({"input": TEXT, "output": ["Oslo <> city"]}, 'the key "output" seems'),
        ({"text": "a\u0000b"}, "holds the character NUL"),
    ],
)
def test_what_is_not_understood_names_the_key(tmp_path: Path, record: Any, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read(tmp_path, record)
    assert str(caught.value).startswith(f"{tmp_path / 'gold.jsonl'}, line 1")
    assert "\n" not in str(caught.value)


def test_every_place_of_a_text_is_an_entity(tmp_path: Path) -> None:
    text = "Oslo, New Oslo and Oslotown"
    record = {"input": text, "output": {"entities": {"city": ["Oslo"], "place": ["New Oslo"]}}}
    (document,) = read(tmp_path, record)
    assert document.entities == (Entity(0, 4, "city"), Entity(6, 14, "place"))


def test_an_array_in_a_file_of_lines_names_the_format(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="pass --format json"):
        read(tmp_path, [{"text": TEXT}])
