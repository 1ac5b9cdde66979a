"""The files of a student's folder: read once, within bounds, and checked against its manifest.

The manifest has the hash of every file that makes up the student. A folder without a manifest, as
older versions wrote, is read unchecked. The model card is in no hash: people write into it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from distilgliner.errors import UserError
from distilgliner.files import write_json
from distilgliner.parsing import parse_json

CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer.json"
CARD_FILE = "README.md"
WEIGHTS_FILE = "model.safetensors"
GRAPH_FILE = "model.onnx"
MANIFEST_FILE = "manifest.json"
HASHED = (CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE, GRAPH_FILE)
"""What a manifest has the hashes of, as far as it is there."""
HASHES = "blake2b"
_MEGABYTE = 2**20
_LIMITS = {
    CONFIG_FILE: 16 * _MEGABYTE,
    MANIFEST_FILE: 16 * _MEGABYTE,
    CARD_FILE: 16 * _MEGABYTE,
    TOKENIZER_FILE: 256 * _MEGABYTE,
    WEIGHTS_FILE: 2048 * _MEGABYTE,
    GRAPH_FILE: 2048 * _MEGABYTE - 1,
}
"""Bytes that a file can have at most: far more than a student needs."""


class FolderFiles:
    """A student's folder. Raises `UserError` when its manifest cannot be read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest: dict[str, Any] = {}
        if self.has(MANIFEST_FILE):
            self.manifest = self._read_manifest()
        self._hashes: dict[str, object] = self.manifest.get(HASHES, {})

    def _read_manifest(self) -> dict[str, Any]:
        manifest = self.parse(MANIFEST_FILE, self.read(MANIFEST_FILE))
        if not isinstance(manifest, dict) or not isinstance(manifest.get(HASHES, {}), dict):
            raise damaged(self.folder, f"{MANIFEST_FILE} is no JSON object with hashes")
        return manifest

    def was_exported(self) -> bool:
        """Whether the manifest is that of an exported student, even if its graph is gone."""
        return GRAPH_FILE in self._hashes and not self.has(WEIGHTS_FILE)

    def has(self, name: str) -> bool:
        """Whether there is a file of this name; a folder or a pipe is none."""
        return (self.folder / name).is_file()

    def read(self, name: str) -> bytes:
        """The content of a file, unchecked. Raises `UserError` when it cannot be had."""
        path = self.folder / name
        try:
            if not path.is_file():
                raise UserError(f"{self.folder} lacks {name}; distil the student again.")
            if path.stat().st_size > _LIMITS[name]:
                raise damaged(self.folder, f"{name} has more than {_LIMITS[name] // 10**6} MB")
            return path.read_bytes()
        except OSError as error:
            raise UserError(
                f"{path} cannot be read ({error.strerror or error}); correct its permissions, or "
                "copy the student's folder anew."
            ) from None

    def read_checked(self, name: str) -> bytes:
        """The content of a file that is the one in the manifest; else raises `UserError`."""
        content = self.read(name)
        self.check(name, content)
        return content

    def check(self, name: str, content: bytes) -> None:
        """Raise `UserError` when the manifest has another hash for a file."""
        wanted = self._hashes.get(name)
        if wanted is not None and wanted != hash_content(content):
            advice = "; labels cannot be renamed in it" if name == CONFIG_FILE else ""
            raise UserError(
                f"{self.folder} is damaged ({name} is not the file that {MANIFEST_FILE} has the "
                f"hash of, it was changed or cut off{advice}); distil the student again, or copy "
                "its folder anew."
            )

    def parse(self, name: str, content: bytes) -> Any:
        """What is in a JSON file. Raises `UserError` when it is something else."""
        path = self.folder / name
        try:
            return parse_json(content.decode("utf-8"))
        except ValueError as error:
            raise UserError(
                f"{path} is not JSON ({_first_line(error)}); distil the student again."
            ) from None


def hash_content(content: bytes) -> str:
    """32 hex digits of the content of a file."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def write_manifest(
    folder: Path, names: Iterable[str], about: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write what the manifest says, and the hashes of the files of these names; returns it.

    It is written last: a folder without one is read as it is, one with an old one not at all.
    """
    hashes = {name: hash_content((folder / name).read_bytes()) for name in names if name in HASHED}
    manifest = {**(about or {}), HASHES: hashes}
    write_json(folder / MANIFEST_FILE, manifest)
    return manifest


def damaged(folder: Path, reason: object) -> UserError:
    """The error for a folder that is a student's but cannot be used."""
    return UserError(f"{folder} is damaged ({_first_line(reason)}); distil the student again.")


def _first_line(reason: object) -> str:
    lines = str(reason).strip().splitlines()
    return lines[0][:300] if lines else type(reason).__name__
