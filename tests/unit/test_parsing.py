"""JSON and YAML that are no JSON and YAML, or too much of it: one line, and no traceback."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from distilgliner.errors import UserError
from distilgliner.files import read_json
from distilgliner.parsing import parse_json, parse_yaml, read_text

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[" * 100_000, "{" * 100_000, '{"a":' * 50_000, "[1e400]", "[-1e999]", "NaN"),
        *("[Infinity]", "[" + "9" * 5000 + "]", "[-" + "9" * 5000 + "]", '"\\ud8', "nul"),
    ],
)
def test_json_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        parse_json(text)


def test_json_is_what_json_says() -> None:
    assert parse_json('{"a": [1, 2.5, -1e-3, null, true, "é"]}') == {
        "a": [1, 2.5, -0.001, None, True, "é"]
    }
    assert parse_json("1" * 4000) == int("1" * 4000)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "[" * 100_000,
            "{" * 100_000,
            "- " * 50_000,
            "a: " + "9" * 5000,
            "a: [",
            "a: b: c",
            "\t:",
        ),
        *(
            "? [1]\n: 2",
            "!!python/object:os.system x",
            "a: 2026-13-45",
            "a: &a [*a]",
            "&a *a",
            BOMB,
        ),
        *("a: *b", "%YAML 9.9\n---", "a: \x00", "- !!binary ÿ", "a: 0x" + "f" * 5000 + "g: h"),
    ],
)
def test_yaml_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        parse_yaml(text)


def test_yaml_with_aliases() -> None:
    assert parse_yaml("a: &x [1, 2]\nb: *x\nc: {<<: {d: 1}, e: .5}") == {
        "a": [1, 2],
        "b": [1, 2],
        "c": {"d": 1, "e": 0.5},
    }
    assert parse_yaml("") is None


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="it is a folder"):
        read_text(tmp_path)
    with pytest.raises(ValueError, match="a device or a pipe"):
        read_text(Path("/dev/zero"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match=r"pipe cannot be read as JSON \(it is no file"):
        read_json(tmp_path / "pipe", "correct it")
    (tmp_path / "latin").write_bytes("caf\xe9".encode("latin-1"))
    with pytest.raises(ValueError, match="it is not UTF-8 at byte 3"):
        read_text(tmp_path / "latin")
    (tmp_path / "marked").write_bytes(b"\xef\xbb\xbf{}")
    assert read_json(tmp_path / "marked", "") == {}
    (tmp_path / "link").symlink_to("link")
    with pytest.raises(UserError, match="link cannot be read"):
        read_json(tmp_path / "link", "correct it")


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
def test_the_pipe_of_a_shell_is_read() -> None:
    read, write = os.pipe()
    threading.Thread(target=lambda: (os.write(write, b"a: 1"), os.close(write))).start()
    try:
        assert parse_yaml(read_text(Path(f"/dev/fd/{read}"))) == {"a": 1}
    finally:
        os.close(read)
