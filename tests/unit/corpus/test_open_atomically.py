"""Files that somebody named: whole, or as they were."""

from __future__ import annotations

import os
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


def test_a_descriptor_goes_on_where_it_is(tmp_path: Path) -> None:
    """As of `--output /dev/stdout >> log`: the log is neither replaced nor begun anew."""
    log = tmp_path / "log"
    log.write_text("before\n")
    with log.open("a") as file:
        with open_atomically(f"/dev/fd/{file.fileno()}") as stream:
            stream.write("one\n")
            assert log.read_text() == "before\none\n"  # each line at once
        file.write("after\n")
    assert log.read_text() == "before\none\nafter\n"
    with pytest.raises(UserError, match=r"/dev/fd/999 cannot be written \(it is closed\)"):
        open_atomically("/dev/fd/999").__enter__()


def test_the_reader_of_a_fifo_leaves(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def write() -> None:
        with open_atomically(path) as stream:
            stream.write("one\n")
            os.close(reader)
            stream.write("two\n")

    with pytest.raises(BrokenPipeError):
        write()


def test_errors_of_others_in_the_block_stay(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), open_atomically(tmp_path / "a.txt"):
        (tmp_path / "missing").read_text()
    assert list(tmp_path.iterdir()) == []
