"""Models by name: a folder on this machine, or a repository of the Hugging Face hub."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

from distilgliner.bundled import (
    BUNDLED,
    GENERAL,
    bundled_student,
    bundled_teacher,
    bundled_trained_student,
)
from distilgliner.errors import Notice, UserError

_BUILT_IN = {GENERAL: bundled_student, BUNDLED: bundled_teacher}


def find_built_in(id_or_folder: str | Path) -> Path | None:
    """The folder of a bundled model by its name, "general" or "bundled"; None for other names.

    A `Path` is never such a name. Warns when there is a folder of that name as well, which is not
    what is opened: "./general" names it.
    """
    if not isinstance(id_or_folder, str) or id_or_folder not in _BUILT_IN:
        return None
    if Path(id_or_folder).is_dir():
        warnings.warn(
            f"{id_or_folder!r} is the bundled model, not the folder of that name here; "
            f"write './{id_or_folder}' for the folder.",
            Notice,
            stacklevel=1,  # the same for all callers, so that it is said once
        )
    return _BUILT_IN[id_or_folder]()


def is_hub_id(name: str) -> bool:
    """Whether a name can be that of a repository, as `user/model`, and is not meant as a path."""
    return name.count("/") <= 1 and not name.startswith((".", "/", "~")) and "\\" not in name


def locate_folder(id_or_folder: str | Path, what: str, **options: Any) -> Path:
    """The folder that is meant, or the snapshot of the hub for an id; see `fetch_snapshot`.

    "general" is the bundled student and "bundled" the bundled teacher, whatever folders there are.
    A `Path` is never an id. Raises `UserError` when there is neither.
    """
    if not isinstance(id_or_folder, (str, os.PathLike)) or not str(id_or_folder).strip():
        raise UserError(f"{id_or_folder!r} names no {what}; give a folder or a hub id.")
    built_in = find_built_in(id_or_folder)
    if id_or_folder == BUNDLED and built_in is not None and what == "student":
        raise UserError(
            f"{BUNDLED!r} is the bundled teacher, not a student; {GENERAL!r} is the bundled "
            f"student, and distilgliner.load_predictor({BUNDLED!r}) opens the teacher."
        )
    name, folder = str(id_or_folder), built_in or Path(id_or_folder).expanduser()
    if folder.is_dir():
        if options.get("revision") not in (None, "main"):
            raise UserError(
                f"{name} is a folder and has no revision {options['revision']!r}; leave revision "
                "out, or give a hub id."
            )
        return folder
    if folder.exists():
        raise UserError(f"{name} is a file; give the {what}'s folder.")
    if isinstance(id_or_folder, Path) or not is_hub_id(name):
        raise UserError(f"There is no folder {name}; give a {what}'s folder or a hub id.")
    return fetch_snapshot(name, what, **options)


def locate_trained_student(id_or_folder: str | Path) -> Path:
    """As `locate_folder`, but "general" is the general student with the weights of its training.

    Raises `UserError` where those are not installed.
    """
    folder = locate_folder(id_or_folder, "student")
    return bundled_trained_student() if id_or_folder == GENERAL else folder


def fetch_snapshot(name: str, what: str, **options: Any) -> Path:
    """The folder of a repository's files, downloaded when they are not in the cache yet.

    `what` names the thing in messages ("student"); `options` go to
    `huggingface_hub.snapshot_download`. Raises `UserError` when it cannot be had.
    """
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, **options))
    except Exception as error:  # a dozen kinds: offline, unknown, private, broken proxy …
        raise UserError(
            f"The {what} {name!r} is no folder here and could not be fetched from the Hugging Face "
            f"hub ({_describe(error)}); check the name and the network, or give the folder of a "
            "downloaded one."
        ) from None


def push_folder(folder: Path, repo_id: str, *, private: bool, token: str | None) -> str:
    """Upload a folder to a model's repository, made if need be; returns the commit's address.

    Raises `UserError` when the hub refuses or cannot be reached.
    """
    from huggingface_hub import HfApi

    try:
        api = HfApi(token=token)
        api.create_repo(repo_id, private=private, exist_ok=True)
        return str(api.upload_folder(repo_id=repo_id, folder_path=str(folder)))
    except Exception as error:  # as above
        raise UserError(
            f"{repo_id!r} could not be uploaded to the Hugging Face hub ({_describe(error)}); "
            "check the name, the network and the token, or use save_pretrained with a folder."
        ) from None


def _describe(error: Exception) -> str:
    reason = str(error).strip().splitlines() or ["no reason given"]
    return f"{type(error).__name__}: {reason[0]}"
