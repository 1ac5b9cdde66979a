"""Models by name: a folder on this machine, or a repository of the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from distilgliner.errors import UserError


def is_hub_id(name: str) -> bool:
    """Whether a name can be that of a repository, as `user/model`, and is not meant as a path."""
    return name.count("/") <= 1 and not name.startswith((".", "/", "~")) and "\\" not in name


def fetch_snapshot(name: str, what: str, **options: Any) -> Path:
    """The folder of a repository's files, downloaded when they are not in the cache yet.

    `what` names the thing in messages ("student"); `options` go to
    `huggingface_hub.snapshot_download`. Raises `UserError` when it cannot be had.
    """
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, **options))
    except Exception as error:  # a dozen kinds: offline, unknown, private, broken proxy …
        reason = str(error).strip().splitlines() or ["no reason given"]
        raise UserError(
            f"The {what} {name!r} is no folder here and could not be fetched from the Hugging Face "
            f"hub ({type(error).__name__}: {reason[0]}); check the name and the network, or give "
            "the folder of a downloaded one."
        ) from error
