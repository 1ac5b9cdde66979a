"""The file that a stage writes last: that it has finished, with what, and the hashes of its output.

A finished run is believed only as long as all that is there as it was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from distilgliner.checksums import find_change, hash_files, is_sealed, seal, unseal
from distilgliner.errors import UserError
from distilgliner.files import read_json, write_json
from distilgliner.progress import notify

_FILES = "files"


def write_finish(
    mark: Path, result: Mapping[str, Any], files: Iterable[str], *, indent: int | None = 1
) -> dict[str, Any]:
    """Write the result of a run with `files`, the hashes of its files, and a seal; returns that.

    files: names of files in the folder of `mark`, or paths in it.
    """
    content = seal({**result, _FILES: hash_files(mark.parent, files)})
    write_json(mark, content, indent=indent)
    return content


def read_finish(mark: Path, remedy: str, keys: Sequence[str]) -> dict[str, Any]:
    """What `write_finish` wrote; one of an earlier version need only have the keys.

    The files are not looked at. Raises `UserError` with the remedy when it is damaged.
    """
    result: dict[str, Any] = read_json(mark, remedy, keys=keys)
    if is_sealed(result) and unseal(result) is None:
        raise UserError(f"{mark} has changed since it was written; {remedy}.")
    return result


def find_damage(mark: Path, keys: Sequence[str], needed: Sequence[str]) -> str | None:
    """What is wrong with the output of a finished run, as "model.safetensors is missing".

    None when nothing is. needed: files that must be there whatever the mark says.
    Raises `UserError` when the mark itself is damaged.
    """
    files = read_finish(mark, "", keys).get(_FILES, {})
    for name in needed:
        if not (mark.parent / name).is_file():
            return f"{name} is missing"
    return find_change(mark.parent, files) if isinstance(files, dict) else None


def recall_finish(
    mark: Path, remedy: str, keys: Sequence[str], needed: Sequence[str]
) -> dict[str, Any] | None:
    """The result of a run that has finished and is as it was left; else None: it is to be made.

    That it has changed is told, and the mark removed, so that a kill does not bring it back.
    Raises `UserError` with the remedy when the mark is damaged, which alone says what there was.
    """
    if not mark.exists():
        return None
    result = read_finish(mark, remedy, keys)
    damage = find_damage(mark, keys, needed)
    if damage is None:
        return result
    notify(f"{mark.parent} had finished, but {damage}; it is made anew.")
    mark.unlink()
    return None
