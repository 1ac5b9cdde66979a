"""What Python callers hand over as texts and documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.texts import CheckedDocuments, check_text, list_documents, list_texts
from distilgliner.errors import UserError

TEXTS = ["Ines Prado moved to Faro.", "", "Two rows of beans."]
BAD_ROWS = [
    None,
    float("nan"),
    3,
    b"Ines",
    ["Ines"],
    {"text": "Ines"},
    Document("Ines"),
    ("a", "b"),
]


def test_every_iterable_of_strings_is_a_list_of_texts() -> None:
    class Column:
        def __iter__(self) -> Any:
            return iter(TEXTS)

    for given in (
        TEXTS,
        tuple(TEXTS),
        iter(TEXTS),
        (text for text in TEXTS),
        map(str, TEXTS),
        dict.fromkeys(TEXTS).keys(),
        dict(enumerate(TEXTS)).values(),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        Column(),
    ):
        assert list_texts(given) == TEXTS
    assert list_texts("one text") == list_texts(np.str_("one text")) == ["one text"]
    assert list_texts([]) == list_texts(iter(())) == []
    assert list_texts(["half \ud83d"]) == ["half \ud83d"]


def test_columns_of_tables_are_texts_and_tables_are_not() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": [7, 8, 9], "text": TEXTS}, index=[2, 0, 1])
    assert list_texts(frame["text"]) == TEXTS
    assert list_texts(frame["text"].iloc[::-1]) == TEXTS[::-1]
    assert list_texts(frame["text"].astype("category")) == TEXTS
    assert list_texts(pandas.Index(TEXTS)) == TEXTS
    # The labels of the index are attributes of a Series.
    assert list_texts(pandas.Series(["a", "b"], index=["columns", "column_names"])) == ["a", "b"]
    with pytest.raises(UserError, match=r'a DataFrame is a table; give .* as frame\["text"\]'):
        list_texts(frame)
    with pytest.raises(UserError, match=r'frame\["body"\] \(it has: body\)'):
        list_texts(pandas.DataFrame({"body": TEXTS}))
    with pytest.raises(UserError, match=r"texts\[1\] \(row 2\) is <NA> \(NAType\), not a string"):
        list_texts(pandas.Series(["a", pandas.NA], dtype="string"))


def test_columns_of_arrow_and_datasets() -> None:
    arrow = pytest.importorskip("pyarrow")
    assert list_texts(arrow.array(TEXTS)) == TEXTS
    assert list_texts(arrow.chunked_array([TEXTS[:1], TEXTS[1:]])) == TEXTS
    with pytest.raises(UserError, match=r'a Table is a table; .* as table\["text"\]'):
        list_texts(arrow.table({"text": TEXTS}))
    datasets = pytest.importorskip("datasets")
    dataset = datasets.Dataset.from_dict({"text": TEXTS, "n": [1, 2, 3]})
    assert list_texts(dataset["text"]) == TEXTS
    for table in (dataset, dataset.to_iterable_dataset()):
        with pytest.raises(UserError, match=r'give one of its columns, as dataset\["text"\]'):
            list_texts(table)
    with pytest.raises(UserError, match="has keys; give a list of its values"):
        list_texts(datasets.DatasetDict(train=dataset))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "texts: None is not a list"),
        (5, "texts: 5 is not a list"),
        (b"Ines", r"bytes are no text; decode them first, as \.decode\('utf-8'\)"),
        ({"text": TEXTS}, "a dict has keys"),
        (np.array([["a", "b"]]), r"texts\[0\] \(row 1\) is .*\(ndarray\), not a string"),
        (Path("texts.txt"), "is not a list"),
    ],
)
def test_what_is_no_list_of_texts(given: Any, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        list_texts(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", BAD_ROWS, ids=repr)
def test_a_row_that_is_no_text_is_named(bad: Any) -> None:
    with pytest.raises(UserError, match=r"texts\[2\] \(row 3\) is .*, not a string; .") as caught:
        list_texts([*TEXTS[:2], bad])
    assert "\n" not in str(caught.value)


def test_one_text() -> None:
    assert check_text("Ines") == check_text(np.str_("Ines")) == "Ines"
    for several in (["Ines"], ("a", "b"), iter("a"), np.array(["a"])):
        with pytest.raises(UserError, match="give several texts to batch_predict_entities"):
            check_text(several)
    for bad in (None, float("nan"), 4, b"Ines", {"text": "Ines"}):
        with pytest.raises(UserError, match=r"The text is .*, not a string"):
            check_text(bad)


def test_strings_are_documents_without_labels() -> None:
    known = Document("Ines Prado", (Entity(0, 10, "person"),))
    checked = CheckedDocuments(("Faro", known), "gold")
    assert list(checked) == list(checked) == [Document("Faro"), known]
    assert next(iter(CheckedDocuments([known], ""))) is known
    assert checked.count() == 2
    assert CheckedDocuments(iter(()), "").count() is None


def test_entities_are_sorted_and_each_once() -> None:
    left, right = Entity(0, 4, "person"), Entity(5, 10, "person")
    given: Any = Document("Ines Prado", [right, left, right])  # type: ignore[arg-type]
    assert list_documents([given], "")[0].entities == (left, right)
    numbers: Any = Entity(np.int64(0), np.int64(4), "person")
    entities = list_documents([Document("Ines", (numbers,))], "")[0].entities or ()
    assert [type(entity.char_end) for entity in entities] == [int]


def entity(start: Any, end: Any, label: Any = "person") -> Callable[[], Document]:
    return lambda: Document("Ines Prado", (Entity(start, end, label),))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (entity(0, 40), "is not inside the text of 10 characters"),
        (entity(-4, 4), "is not inside the text"),
        (entity(4, 4), "is not inside the text"),
        (entity(0, 2.5), "the offset 2.5 is no whole number"),
        (entity(False, 4), "the offset False is no whole number"),
        (entity(0, 4, ""), "the label '' is no name"),
        (entity(0, 4, None), "the label None is no name"),
        (lambda: Document("Ines Prado", (Entity(0, 8, "a"), Entity(5, 10, "b"))), "overlap"),
        (lambda: Document("Ines", ({"start": 0},)), r"\{'start': 0\} is no Entity"),  # type: ignore
        (lambda: Document("Ines", "person"), "the entities are 'person'; give a tuple"),  # type: ignore
        (lambda: Document(None), "the text is None, not a string"),  # type: ignore[arg-type]
        (lambda: None, "is None, neither a Document nor a string"),
        (lambda: {"text": "Ines"}, "neither a Document nor a string; give Document"),
    ],
)
def test_documents_that_are_none(build: Callable[[], Any], message: str) -> None:
    with pytest.raises(UserError, match=f"gold, document 2.*{message}") as caught:
        list_documents(["Faro", build()], "gold")
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match=rf"^document 1:? .*{message}"):
        list_documents([build()], "")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("train.jsonl", r"'train.jsonl' is one string; .* such as read_documents\(file\)"),
        (Document("Ines"), r"stands alone; give a list, as \[document\]"),
        ({"text": "Ines"}, "a dict has keys"),
        (7, "7 is not a list"),
    ],
)
def test_what_is_no_list_of_documents(given: Any, message: str) -> None:
    with pytest.raises(UserError, match=f"gold: .*{message}"):
        CheckedDocuments(given, "gold")
