"""Hashes of what a run leaves, by which damage is told from what was written.

A *seal* is the hash of a JSON object's own content, kept in it as `checksum`. It guards against
damage and mix-ups, not against someone who writes a new one on purpose. What a clock has measured
(keys that end in `seconds`) is left out, so that the same run has the same seal everywhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_BYTES = 16
_BLOCK = 1 << 20
_SEAL = "checksum"


def hash_file(path: Path) -> str:
    """32 hex digits: blake2b of a file's bytes."""
    digest = hashlib.blake2b(digest_size=_BYTES)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def hash_texts(texts: Iterable[str]) -> str:
    """32 hex digits: blake2b of texts without zero characters, in their order."""
    digest = hashlib.blake2b(digest_size=_BYTES)
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def hash_files(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """The hashes of files by their names in a folder; those that are not there are left out."""
    return {name: hash_file(folder / name) for name in names if (folder / name).is_file()}


def find_change(folder: Path, hashes: Mapping[str, str]) -> str | None:
    """What is wrong with the first file that is not as hashed, as "NAME is missing"; None if none.

    The names are paths in the folder.
    """
    for name, expected in hashes.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        try:
            found = hash_file(path)
        except OSError as error:
            return f"{name} cannot be read ({error.strerror})"
        if found != expected:
            return f"{name} has changed since it was written"
    return None


def seal(content: Mapping[str, Any]) -> dict[str, Any]:
    """The object with its seal as the last key; it must be JSON."""
    bare = {key: value for key, value in content.items() if key != _SEAL}
    return {**bare, _SEAL: _compute_seal(bare)}


def is_sealed(content: Mapping[str, Any]) -> bool:
    """Whether an object has a seal, right or wrong."""
    return _SEAL in content


def unseal(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """The object without its seal; None when the seal is wrong or not there."""
    bare = {key: value for key, value in content.items() if key != _SEAL}
    return bare if content.get(_SEAL) == _compute_seal(bare) else None


def _compute_seal(bare: Mapping[str, Any]) -> str:
    # Through JSON once, so that tuples and keys that are numbers count as what they are read as.
    read = _drop_times(json.loads(json.dumps(bare)))
    canonical = json.dumps(read, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(canonical.encode("utf-8"), digest_size=_BYTES).hexdigest()


def _drop_times(content: Any) -> Any:
    if isinstance(content, list):
        return [_drop_times(value) for value in content]
    if isinstance(content, dict):
        return {
            key: _drop_times(value) for key, value in content.items() if not key.endswith("seconds")
        }
    return content
