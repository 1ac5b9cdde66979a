"""Ways to damage files, each the same for the same seed."""

from __future__ import annotations

import os
import pickle
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

Damage = Callable[[Path], None]
"""Changes what lies at a path."""


def flip_bit(place: float) -> Damage:
    """Flip one bit; `place` from 0 to 1 says which."""

    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        bit = int(place * 8 * len(content))
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(content))

    return damage


def write(content: str | bytes) -> Damage:
    """Put something else there."""

    def damage(path: Path) -> None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    return damage


def cut(share: float) -> Damage:
    """Keep the first part of the file."""

    def damage(path: Path) -> None:
        content = path.read_bytes()
        path.write_bytes(content[: int(share * len(content))])

    return damage


def remove(path: Path) -> None:
    """Take the file away."""
    path.unlink()


def make_folder(path: Path) -> None:
    """Put a folder where the file was."""
    path.unlink(missing_ok=True)
    path.mkdir()


def make_loop(path: Path) -> None:
    """Put a link to itself where the file was."""
    path.unlink(missing_ok=True)
    path.symlink_to(path.name)


def make_pipe(path: Path) -> None:
    """Put a pipe where the file was, into which nobody writes."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def copy_from(other: Path) -> Damage:
    """Put a whole file from elsewhere there."""

    def damage(path: Path) -> None:
        shutil.copyfile(other, path)

    return damage


PICKLE_RAN = "pickle-ran"
"""The file that appears where the program of a pickle runs."""


class _Program:
    """Becomes a pickle that runs a program when it is read."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, (PICKLE_RAN,)


PICKLE = pickle.dumps(_Program())
NOT_FILES: dict[str, Damage] = {
    "gone": remove,
    "a folder": make_folder,
    "a link to itself": make_loop,
    "a pipe": make_pipe,
}
NOT_CONTENT: dict[str, Damage] = {
    "empty": write(""),
    "null": write("null"),
    "a list": write("[1, 2]"),
    "nulls": write('{"format": null, "labels": null, "curve": null, "files": null, "data": null}'),
    "brackets": write("[" * 100_000),
    "braces": write('{"a":' * 50_000),
    "1e400": write('{"threshold": 1e400, "dev_f1": 1e400}'),
    "5,000 digits": write('{"epochs": ' + "9" * 5000 + "}"),
    "NaN": write('{"threshold": NaN}'),
    "zeros": write(b"\0" * 300),
    "latin-1": write("{'é': 'ü'}".encode("latin-1")),
    "half a pair": write('"\\ud83d"'),
    "UTF-16": write('{"text": "Ada"}'.encode("utf-16")),
    "a pickle": write(PICKLE),
    "half of it": cut(0.5),
    "all but the end": cut(0.98),
}


def list_flips(seed: str, count: int) -> Iterator[tuple[str, Damage]]:
    """Flipped bits at random places, and what they are called."""
    rng = random.Random(seed)
    for _ in range(count):
        place = rng.random()
        yield f"a bit at {place:.4f}", flip_bit(place)
