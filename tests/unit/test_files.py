"""Files that are whole or not there."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from distilgliner.errors import UserError
from distilgliner.files import (
    give_usual_mode,
    hold_folder,
    read_json,
    replace_atomically,
    write_atomically,
    write_json,
)
from distilgliner.partials import is_partial


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with replace_atomically(path) as one, replace_atomically(path) as other:
        assert one != other
        one.write_text("one")
        other.write_text("other")
        assert is_partial(one)
        assert not path.exists()
    assert path.read_text() == "one"  # the last to end
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail() -> None:
        with replace_atomically(path) as partial:
            partial.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["notes.tmp", ".notes.tmp", ".emacs", "run.json"])
def test_files_of_other_people_are_not_ours(name: str) -> None:
    assert not is_partial(Path(name))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_has_no_such_number(value: float, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"loss": value})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"a\.json cannot be read as JSON .*; do this"),
        ("[]", r"a\.json is not a JSON object; do this"),
        ('{"a": 1}', r"a\.json lacks 'b'; do this"),
    ],
)
def test_damage_is_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_json(path, "do this", keys=("a", "b"))


def test_links_are_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to("target")
    write_atomically(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    (tmp_path / "dangling").symlink_to(tmp_path / "sub" / "made")
    write_atomically(tmp_path / "dangling", "new")
    assert (tmp_path / "sub" / "made").read_text() == "new"
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OSError, match="circle"):
        write_atomically(tmp_path / "circle", "new")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_an_existing_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(mode)
    with replace_atomically(path) as partial:
        assert stat.S_IMODE(partial.stat().st_mode) == mode
        other = tmp_path / "other"  # as safetensors does it
        other.touch(0o600)
        other.write_text("new")
        other.replace(partial)
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_gets_the_usual_mode(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "new", "")
        (tmp_path / "secret").touch(0o600)
        give_usual_mode([tmp_path / "secret"])
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o640}


def test_a_fifo_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(path, "content")
    assert os.read(reader, 100) == b"content"
    os.close(reader)
    assert path.is_fifo()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device_is_named(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/dev/full")
    with pytest.raises(UserError, match=r"^\S+link cannot be written \(the disk is full\); free"):
        write_atomically(link, "content")
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EBUSY, errno.EROFS])
@pytest.mark.parametrize("step", ["make", "rename"])
def test_a_file_that_can_only_be_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, step: str
) -> None:
    """In a folder that takes no new file, or a mount point of its own."""
    path = tmp_path / "file"
    path.write_text("a longer old content")
    inode = path.stat().st_ino

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    if step == "make":
        monkeypatch.setattr("distilgliner.files.create_partial", refuse)
    else:
        monkeypatch.setattr(Path, "replace", refuse)
    write_atomically(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "new"
    assert path.stat().st_ino == inode
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    for name in (".out.jsonl.123.tmp", ".out.jsonl.123-0a1b2c3d.tmp"):
        (tmp_path / name).write_text("half a text")
    others = [tmp_path / ".out.json.123-0a1b2c3d.tmp", tmp_path / ".out.jsonl.tmp"]
    for other in others:
        other.touch()
    with replace_atomically(path) as living:
        write_atomically(path, "one")
        assert living.exists()
    assert set(tmp_path.iterdir()) == {path, *others}


def test_a_name_as_long_as_names_may_be(tmp_path: Path) -> None:
    write_atomically(tmp_path / ("n" * 255), "content")
    assert [path.name for path in tmp_path.iterdir()] == ["n" * 255]


def test_a_folder_that_was_removed_is_not_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()

    def lose() -> None:
        with hold_folder(folder):
            folder.rmdir()
            write_json(folder / "sub" / "result.json", {})

    with pytest.raises(UserError, match="run was removed during the run; run the same command"):
        lose()
    assert not folder.exists()
    write_json(folder / "later.json", {})


def test_a_folder_that_was_replaced_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()

    def replace() -> None:
        with hold_folder(folder):
            folder.rename(tmp_path / "old")
            folder.mkdir()

    with pytest.raises(UserError, match="and made again; remove it and run"):
        replace()
