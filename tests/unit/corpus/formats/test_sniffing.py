"""Files that are called text and hold something else are refused, and texts like them are read."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from distilgliner.corpus.read import read_documents, read_texts
from distilgliner.errors import UserError

COLUMNS = "Ada B-person\nLovelace I-person\nlaughs O\n\nLeeds B-place\n"
MISNAMED = {
    "jsonl": '\ufeff\n{"text": "Ada laughs", "entities": []}\n',
    "json": '[\n{"text": "Ada laughs", "entities": []}\n]\n',
    "conll": COLUMNS,
}


@pytest.mark.parametrize("format", MISNAMED)
def test_text_by_its_name_only(tmp_path: Path, format: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(MISNAMED[format])
    for read in (read_documents, read_texts):
        with pytest.raises(UserError, match=rf"a\.txt begins as .*; pass --format {format}, or"):
            list(read(path))
        assert "Ada" in next(iter(read_texts(path, format=format)))
        assert len(list(read_documents(path, format="text"))) == len(
            MISNAMED[format].strip("\ufeff\n").replace("\n\n", "\n").splitlines()
        )


def test_columns_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(COLUMNS.encode())))
    with pytest.raises(UserError, match=r"^standard input begins as columns .* --format conll"):
        list(read_texts("-"))


@pytest.mark.parametrize(
    "content",
    [
        "Vitamin B-12\nVitamin B-6\n",
        "[1] Ada\n[2] Leeds\n",
        "{curly} words\n",
        "Type O\nType A\n",
        "Blood of type O\nAgain type O\n",
        '["a", "b"]\n',
        "Ada B-person\nand a text\n",
    ],
)
def test_texts_stay_texts(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(content)
    assert "".join(f"{text}\n" for text in read_texts(path)) == content
