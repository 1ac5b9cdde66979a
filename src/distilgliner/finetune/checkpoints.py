"""What a fine-tuning that was killed goes on from, and whether it is as it was written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from distilgliner.checksums import find_change, hash_file, hash_files, seal, unseal
from distilgliner.errors import UserError
from distilgliner.files import read_json, write_json

CHECKPOINTS = "checkpoints"
RUN_FILE = "finetune_run.json"
_CHECKSUMS = "checksums.json"
_STATE = "trainer_state.json"
_SHOW = "remove it"


class DamagedProgressError(UserError):
    """A curve or a checkpoint that is not as it was written; nothing can go on from it."""


def seal_checkpoint(path: Path) -> None:
    """Write down the hashes of a checkpoint's files, and of the run that it belongs to."""
    names = sorted(file.name for file in path.iterdir() if file.is_file())
    content = {"files": hash_files(path, names), "run": _hash_run(path)}
    write_json(path / _CHECKSUMS, seal(content))


def find_checkpoints(folder: Path, *, with_best: bool) -> dict[int, Path]:
    """The whole checkpoints by update; one that was cut in two by a kill is removed.

    with_best: the best one so far must be there as well, and not only the last one.
    Raises `DamagedProgressError` for one that has changed since it was written.
    """
    found = {}
    for path in sorted(folder.glob("checkpoint-*")):
        if not (path / _CHECKSUMS).is_file():  # which is written last
            shutil.rmtree(path, ignore_errors=True)
            continue
        found[int(_check_checkpoint(path)["global_step"])] = path
    if found and with_best:
        best = _read_state(found[max(found)]).get("best_global_step")
        if best and best not in found:
            raise DamagedProgressError(f"{folder} lacks the best checkpoint; {_SHOW}.")
    return found


def _check_checkpoint(path: Path) -> dict[str, Any]:
    """The state of the trainer in a checkpoint that is whole."""
    try:
        content = unseal(read_json(path / _CHECKSUMS, _SHOW, keys=("files", "run")))
    except UserError as error:
        raise DamagedProgressError(str(error)) from None
    if content is None:
        raise DamagedProgressError(f"{path / _CHECKSUMS} is damaged; {_SHOW}.")
    change = find_change(path, content["files"])
    if change is not None:
        raise DamagedProgressError(f"{path}: {change}; {_SHOW}.")
    if content["run"] != _hash_run(path):
        raise DamagedProgressError(f"{path} is of another run; {_SHOW}.")
    return _read_state(path)


def _read_state(path: Path) -> dict[str, Any]:
    state: dict[str, Any] = read_json(path / _STATE, _SHOW, keys=("global_step",))
    return state


def _hash_run(path: Path) -> str | None:
    run = path.parent.parent / RUN_FILE
    return hash_file(run) if run.is_file() else None
