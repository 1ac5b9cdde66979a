"""White space at borders is left out, and what is odd is said once."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.labelled import read_labelled_documents
from distilgliner.corpus.read import read_documents
from distilgliner.corpus.texts import list_documents
from distilgliner.errors import Notice


def record(text: str, *spans: tuple[int, int, str]) -> str:
    return json.dumps(
        {
            "text": text,
            "entities": [
                {"start": start, "end": end, "label": label} for start, end, label in spans
            ],
        }
    )


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def read(path: Path, **options: Any) -> tuple[list[Document], list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = list(read_documents(path, **options))
    return found, [str(item.message) for item in caught if item.category is Notice]


BLANKS = [" ", "\t", "\r\n", "\u00a0", "\u2009", "\u3000", "\u200b", "\ufeff", "\u2060", "\x85"]


@pytest.mark.parametrize("blank", BLANKS)
def test_blanks_at_the_borders_of_an_entity(tmp_path: Path, blank: str) -> None:
    text = f"In{blank}Oslo{blank}now"
    start, end = 2, 2 + 2 * len(blank) + 4
    found, told = read(write(tmp_path / "a.jsonl", record(text, (start, end, "city"))))
    assert found[0].entities == (Entity(start + len(blank), end - len(blank), "city"),)
    assert len(told) == 1
    assert "white space at the borders of 1 entity or word was left out" in told[0]
    assert "a.jsonl, line 1" in told[0]


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u200b"])
def test_blanks_at_the_borders_of_words(tmp_path: Path, blank: str) -> None:
    tokens = ["In", f"{blank}New", f"York{blank}", "now"]
    gold = json.dumps({"tokens": tokens, "spans": [[1, 3, "city"]]})
    found, told = read(write(tmp_path / "a.jsonl", gold))
    assert found == [Document("In New York now", (Entity(3, 11, "city"),))]
    assert "2 entities or words" in told[0]
    columns = "".join(
        f"{token}\t{tag}\n" for token, tag in zip(tokens, ["O", "B-c", "I-c", "O"], strict=True)
    )
    found, _ = read(write(tmp_path / "a.conll", columns))
    assert found == [Document("In New York now", (Entity(3, 11, "c"),))]


def test_inline_markup(tmp_path: Path) -> None:
    found, told = read(write(tmp_path / "a.inline", "In [ Oslo |city] now"))
    assert found == [Document("In  Oslo  now", (Entity(4, 8, "city"),))]
    assert len(told) == 1


def test_the_same_entity_with_and_without_blanks_is_one(tmp_path: Path) -> None:
    found, _ = read(write(tmp_path / "a.jsonl", record("Oslo now", (0, 4, "c"), (0, 5, "c"))))
    assert found[0].entities == (Entity(0, 4, "c"),)


def test_clean_gold_says_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", record("Oslo", (0, 4, "c")), record("Bern", (0, 4, "c")))
    assert read(path)[1] == []


def test_duplicates_and_contradictions_are_counted(tmp_path: Path) -> None:
    oslo, other = record("Oslo", (0, 4, "city")), record("Oslo", (0, 4, "team"))
    path = write(tmp_path / "a.jsonl", oslo, oslo, record("Bern"), other, oslo, record("Bern"))
    _, told = read(path)
    assert told == [
        f"1 text is labelled again with other entities; keep one of the two, first {path}, line 4, "
        f"against {path}, line 1",
        f"3 labelled texts had been read before, with the same entities, first {path}, line 2, as "
        f"{path}, line 1",
    ]


def test_texts_without_labels_are_no_duplicates(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "a"}', '{"text": "a"}')
    assert read(path)[1] == []


def test_only_what_is_read_of_a_slice_counts(tmp_path: Path) -> None:
    oslo = record("Oslo", (0, 4, "city"))
    path = write(tmp_path / "a.jsonl", oslo, record("Bern"), oslo)
    assert read(Path(f"{path}[:2]"))[1] == []


def test_several_files_that_are_used_as_one(tmp_path: Path) -> None:
    one = write(tmp_path / "a.jsonl", record("Oslo", (0, 4, "city")))
    two = write(tmp_path / "b.jsonl", record("Oslo", (0, 4, "team")))
    with pytest.warns(Notice, match=r"b\.jsonl, line 1, against .*a\.jsonl, line 1"):
        read_labelled_documents([str(one), str(two)], None)


def test_documents_of_python_are_stripped_and_told() -> None:
    document = Document("In Oslo now", (Entity(2, 8, "city"),))
    with pytest.warns(Notice, match="white space at the borders of 1 entity"):
        assert list_documents([document], "gold")[0].entities == (Entity(3, 7, "city"),)
