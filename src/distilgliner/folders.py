"""A stage's output folder: made, kept to one run at a time, never mixed with anything else."""

from __future__ import annotations

import filecmp
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from distilgliner.errors import UserError
from distilgliner.failures import name_failures
from distilgliner.files import hold_folder, read_json, write_json
from distilgliner.partials import is_partial

REMEDY = "remove the folder, or give another --output folder"


def make_folder(folder: Path) -> None:
    """Make an output folder unless it is there. Raises `UserError` when that cannot be."""
    try:
        if folder.exists() and not folder.is_dir():
            raise UserError(f"{folder} is a file; give a folder for --output.")
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"The folder {folder} cannot be made ({error.strerror}); give another --output folder."
        ) from None


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Make an output folder, and keep it to this run until the block ends.

    The lock lies on the folder itself (`flock`): no file appears in it, and the lock ends with the
    process, however that ends. Windows and some network file systems know none; there is none then.
    Raises `UserError` when the folder cannot be made, when another run has it, when it is removed
    while the block runs, and when a disk refuses what the block writes.
    """
    make_folder(folder)
    descriptor = _lock(folder)
    try:
        with name_failures(folder), hold_folder(folder):
            yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _lock(folder: Path) -> int | None:
    """The open folder, which holds the lock until it is closed; None where there is no lock."""
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise UserError(
            f"The folder {folder} cannot be read ({error.strerror}); give another --output folder."
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise UserError(f"Another run is using {folder}; wait for it or stop it.") from None
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def check_content(folder: Path, mark: str | None = None, content: str = "") -> None:
    """Check that a folder is empty, or what a stage has begun; drop what killed writes left in it.

    mark: the file that every folder of the stage has, and `content` what it says to users; None
    allows only an empty folder. Raises `UserError` otherwise, and for pipes and devices anywhere in
    it: who writes into one waits for a reader.
    """
    paths = list(folder.iterdir())
    stranger = _find_special_file(folder)
    if stranger is not None:
        raise UserError(f"{stranger} is a pipe or a device and no file; remove it.")
    if mark is None or not (folder / mark).is_file():
        if not all(map(is_partial, paths)):
            other = f" and holds no {content}" if content else ""
            raise UserError(f"{folder} is not empty{other}; give another --output folder.")
        if not os.access(folder, os.W_OK):
            raise UserError(f"{folder} cannot be written to; give another --output folder.")
    _drop_leftovers(folder)


def _find_special_file(folder: Path) -> Path | None:
    """The first path below a folder that is neither a file nor a folder, nor a link to one."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                if Path(entry).exists() and not Path(entry).is_file() and not Path(entry).is_dir():
                    return Path(entry)
            elif entry.is_dir():
                found = _find_special_file(Path(entry))
                if found is not None:
                    return found
            elif not entry.is_file():
                return Path(entry)
    return None


@contextmanager
def fill_folder(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """A folder to write files into that become those of `folder` when the block ends well.

    names: what they may be called; they are moved in this order. Files that are there already must
    be the same ones, so that a run that was cut off anywhere is completed by the next one. Raises
    `UserError` for a folder with anything else in it. The folder should be locked.
    """
    there = _drop_leftovers(folder)
    refusal = UserError(f"{folder} is not empty; give another --output folder.")
    if any(path.name not in names for path in there):
        raise refusal
    staging = folder / f".files.{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        staging.mkdir()
    except PermissionError:
        raise UserError(f"{folder} cannot be written to; give another --output folder.") from None
    try:
        yield staging
        made = {path.name for path in staging.iterdir()}
        for path in there:
            if path.name not in made or not _is_same_file(path, staging / path.name):
                raise refusal
        for name in names:
            if name in made and not (folder / name).exists():
                (staging / name).replace(folder / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _drop_leftovers(folder: Path) -> list[Path]:
    """Remove what killed writers left in a folder; returns what else is there."""
    paths = list(folder.iterdir())
    for path in filter(is_partial, paths):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return [path for path in paths if not is_partial(path)]


def _is_same_file(one: Path, other: Path) -> bool:
    return one.is_file() and filecmp.cmp(one, other, shallow=False)


def record_run(folder: Path, name: str, run: dict[str, Any], content: str) -> None:
    """Write down what the run in a folder is, or check that it is this very one.

    name: the file that says it; content: what users call such a run. Raises `UserError` for a
    folder with another run or with anything else in it.
    """
    make_folder(folder)
    check_content(folder, name, content)
    path = folder / name
    if not path.is_file():
        write_json(path, run)
    elif read_json(path, REMEDY) != json.loads(json.dumps(run)):
        raise UserError(
            f"{folder} holds a {content} with other settings or data; give another --output folder "
            "or remove this one."
        )


def compute_fingerprint(parts: Iterable[str | bytes]) -> str:
    """16 hex digits of what a run works with; the order counts."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part)
        digest.update(b"\0")
    return digest.hexdigest()
