"""Hugging Face data sets: made in memory, since tests have no network."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.formats.huggingface import parse_dataset_name
from distilgliner.corpus.read import read_documents, read_texts
from distilgliner.errors import UserError

datasets = pytest.importorskip("datasets")

Loader = Callable[..., Any]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[str, str | None]]]:
    """Let `load_dataset` answer with rows; returns the calls it got."""

    def start(
        rows: list[dict[str, Any]], features: Any = None, known: str | None = None
    ) -> list[tuple[str, str | None]]:
        calls: list[tuple[str, str | None]] = []

        def load(name: str, config: str | None, *, split: str, streaming: bool) -> Any:
            calls.append((name, config))
            assert streaming
            if known is not None and name != known:
                raise datasets.exceptions.DatasetNotFoundError(f"no {name}")

            def generate() -> Iterator[dict[str, Any]]:
                yield from rows

            return datasets.IterableDataset.from_generator(generate, features=features)

        monkeypatch.setattr(datasets, "load_dataset", load)
        return calls

    return start


def test_class_labels_become_entities(serve: Any) -> None:
    names = ["O", "B-person", "I-person", "B-place"]
    features = datasets.Features(
        {
            "tokens": datasets.Sequence(datasets.Value("string")),
            "ner_tags": datasets.Sequence(datasets.ClassLabel(names=names)),
        }
    )
    serve([{"tokens": ["Ada", "Lovelace", "in", "Bath"], "ner_tags": [1, 2, 0, 3]}], features)
    assert list(read_documents("hf:some/set:train")) == [
        Document("Ada Lovelace in Bath", (Entity(0, 12, "person"), Entity(16, 20, "place")))
    ]


def test_tag_names(serve: Any) -> None:
    serve([{"words": ["Ada", "laughs"], "tags": ["I-person", "O"]}])
    found = list(read_documents("hf:some/set:train"))
    assert found == [Document("Ada laughs", (Entity(0, 3, "person"),))]


@pytest.mark.parametrize(
    ("row", "entities"),
    [
        ({"text": "Ada laughs"}, None),
        ({"words": ["Ada", "laughs"]}, None),
        (
            {"text": "Ada laughs", "entities": [{"start": 0, "end": 3, "label": "person"}]},
            (Entity(0, 3, "person"),),
        ),
    ],
)
def test_other_columns(serve: Any, row: dict[str, Any], entities: Any) -> None:
    serve([row])
    assert list(read_documents("hf:set:train")) == [Document("Ada laughs", entities)]


@pytest.mark.parametrize("column", ["ner", "label", "ner_labels", "bio", "token_labels"])
def test_other_names_of_the_tags(serve: Any, column: str) -> None:
    serve([{"tokens": ["Ada", "laughs"], column: ["B-person", "O"]}])
    found = list(read_documents("hf:some/set:train"))
    assert found == [Document("Ada laughs", (Entity(0, 3, "person"),))]


def test_a_column_of_tags_can_be_named(serve: Any) -> None:
    row = {"tokens": ["Ada"], "ner_tags": ["B-person"], "fine": ["B-poet"]}
    serve([row])
    (document,) = read_documents("hf:some/set:train", tag_column="fine")
    assert document.entities == (Entity(0, 3, "poet"),)
    with pytest.raises(UserError, match="no column 'coarse'; name one of tokens, ner_tags, fine"):
        list(read_documents("hf:some/set:train", tag_column="coarse"))


def test_rows_without_tags_are_unlabelled(serve: Any) -> None:
    serve([{"tokens": ["Ada"], "ner_tags": None}, {"tokens": ["Ada"], "ner_tags": ["B-person"]}])
    found = [document.entities for document in read_documents("hf:some/set:train")]
    assert found == [None, (Entity(0, 3, "person"),)]


def test_a_column_that_is_not_understood_is_named(serve: Any) -> None:
    serve([{"text": "Ada", "annotations": [{"from": 0, "to": 3}]}])
    with pytest.raises(UserError, match='the key "annotations" seems to hold labels'):
        list(read_documents("hf:some/set:train"))


def test_texts_and_slices(serve: Any) -> None:
    serve([{"text": ""}, {"text": "b"}, {"text": "c"}])
    assert list(read_texts("hf:set:train[:2]")) == ["", "b"]


@pytest.mark.parametrize(
    ("name", "known", "calls"),
    [
        ("hf:set:train", "set", [("set", None)]),
        ("hf:user/set:train", "user/set", [("user/set", None)]),
        ("hf:set/config:train", "set", [("set/config", None), ("set", "config")]),
        ("hf:user/set/config:train", "user/set", [("user/set", "config")]),
    ],
)
def test_names_and_configs(serve: Any, name: str, known: str, calls: list[Any]) -> None:
    made = serve([{"text": "a"}], known=known)
    assert len(list(read_documents(name))) == 1
    assert made == calls


def test_a_local_folder(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"text": "Ada laughs"}\n')
    assert [d.text for d in read_documents(f"hf:{tmp_path}:train")] == ["Ada laughs"]


@pytest.mark.parametrize("name", ["hf:", "hf:set", "hf::train", "hf:set:"])
def test_names_without_a_split(name: str) -> None:
    with pytest.raises(UserError, match="names no data set; write hf:NAME:SPLIT"):
        parse_dataset_name(name)


def test_unreachable_tells_to_give_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: Any, **__: Any) -> Any:
        raise ConnectionError("Couldn't reach\n the Hub.")

    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(UserError, match=r"hf:a/b:train .*reach the Hub.* give a local file") as e:
        list(read_documents("hf:a/b:train"))
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"tokens": ["a"], "ner_tags": [3]}, "example 1: the tag 3 of 'ner_tags' has no name"),
        ({"tokens": ["a", "b"], "ner_tags": ["O"]}, "one tag for every word"),
        ({"tokens": ["a", ""], "ner_tags": ["O", "O"]}, "holds an empty word"),
        ({"tokens": ["a"], "ner_tags": ["person"]}, "'person' is no tag"),
        ({"sentence": "a"}, "the object has no text"),
    ],
)
def test_columns_that_are_not_understood(serve: Any, row: dict[str, Any], message: str) -> None:
    serve([row])
    with pytest.raises(UserError, match=message):
        list(read_documents("hf:set:train"))


def test_an_empty_split(serve: Any) -> None:
    serve([])
    with pytest.raises(UserError, match="hf:set:train holds no document"):
        list(read_documents("hf:set:train"))


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UserError, match=r"pip install 'distilgliner\[datasets\]'"):
        list(read_documents("hf:set:train"))


def test_an_unreachable_hub_is_one_line_within_seconds() -> None:
    """As at a user's, where HF_HUB_OFFLINE is not set; nobody listens on the discard port."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    code = (
        "from distilgliner.cli import main\n"
        "main('evaluate --model m --input hf:some/set:train'.split())\n"
    )
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **kept,
            "HF_ENDPOINT": "http://127.0.0.1:9",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert time.perf_counter() - started < 15  # most of it imports; with its retries 25 more
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith(
        "distilgliner: hf:some/set:train cannot be read (the Hugging Face hub cannot be reached: "
    )
    assert "give a local file instead" in done.stderr
