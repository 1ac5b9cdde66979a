"""Files that are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from distilgliner.errors import UserError
from distilgliner.files import read_json, replace_atomically, write_json
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
