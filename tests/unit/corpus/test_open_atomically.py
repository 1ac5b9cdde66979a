"""Files that somebody named: whole, or as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from distilgliner.corpus.write import open_atomically
from distilgliner.errors import UserError


def test_text_is_written_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    with open_atomically(path) as stream:
        stream.write("Zoë \u2028 in Kraków\n")
        assert not path.exists()
    assert path.read_bytes() == "Zoë \u2028 in Kraków\n".encode()


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), open_atomically(path) as stream:
        stream.write(f"new {1 / 0}")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(UserError, match=r"cannot be written .* choose another path"),
        open_atomically(tmp_path / "file" / "a.jsonl"),
    ):
        pass
    with pytest.raises(UserError, match="is a folder; give a file"), open_atomically(tmp_path):
        pass
