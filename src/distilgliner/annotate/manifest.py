"""The manifest of an annotation store: everything that decides what its numbers mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from distilgliner.checksums import hash_texts, seal, unseal
from distilgliner.corpus.prompts import Prompts
from distilgliner.errors import UserError
from distilgliner.files import write_json
from distilgliner.parsing import parse_json, read_text

MANIFEST_FILE = "manifest.json"
FORMAT_VERSION: Literal[2] = 2
"""Since 2 a manifest has a seal, and when the store is complete the hashes of its files."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class PromptSettings(_Model):
    """How labels are put before the text."""

    label_order: Literal["sorted"] = "sorted"
    entity_token: str
    separator_token: str
    labels_per_prompt: int | None
    """None: all labels in one prompt, unless there are groups."""
    groups: tuple[tuple[str, ...], ...] | None = None
    """The labels of each prompt, sorted; None where no groups were given."""

    @property
    def prompts(self) -> Prompts:
        """How the labels are split over prompts."""
        return self.labels_per_prompt if self.groups is None else self.groups


class WindowSettings(_Model):
    """How long documents are cut."""

    max_words: int
    overlap_words: int


class BatchSettings(_Model):
    """How the work was cut. Only the shards' bounds must stay the same within a store: other
    `batch_words` change no more than the last digit of a score: decision 9 in
    docs/explanation/decisions."""

    shard_documents: int
    shard_characters: int
    batch_words: int


class StateSettings(_Model):
    """Which hidden states of the teacher's text encoder are stored for every word."""

    layers: tuple[int, ...]
    """Ascending; 0 is the embeddings, the encoder's number of layers the last one."""
    dim: int
    """D, the encoder's hidden size."""
    pooling: Literal["mean"] = "mean"
    """Over the subwords of a word."""


class CorpusRecord(_Model):
    """What was annotated; written when the store is complete."""

    fingerprint: str
    """blake2b over the ids of all documents in order, repeated ones included."""
    documents: int
    """Documents in the store: different texts."""
    duplicates: int
    """Documents of the input whose text had come before; they are stored once."""
    words: int
    shortened_words: int
    """Words of long documents too long for a window, of which the teacher saw the beginning."""
    shards: int


class ShardRecord(_Model):
    """What a shard of a complete store must be."""

    documents: int
    words: int
    entities: int
    """At probability 0.5."""
    shortened_words: int
    ids: str
    """blake2b of the ids of its documents, in their order."""
    size_bytes: int
    blake2b: str
    """Of the file."""


class Manifest(_Model):
    """The settings of a store; `labels` is the label set that `label_index` counts in."""

    format: Literal["distilgliner-annotations"] = "distilgliner-annotations"
    format_version: Literal[1, 2] = FORMAT_VERSION
    teacher: str
    """Hub id, or name of the folder."""
    teacher_hash: str
    """blake2b of the weight file."""
    teacher_kind: str
    labels: tuple[str, ...]
    floor: float
    word_splitter: str
    max_width: int
    prompt: PromptSettings
    windows: WindowSettings
    batches: BatchSettings
    versions: dict[str, str]
    states: StateSettings | None = None
    """None: scores only."""
    corpus: CorpusRecord | None = None
    complete: bool = False
    shards: tuple[ShardRecord, ...] | None = None
    """Written when the store is complete; None in stores of version 1."""
    vocabulary: dict[str, str] | None = None
    """blake2b of the files of the vocabulary, by their names; None in stores of version 1."""

    def compute_settings_hash(self) -> str:
        """32 hex digits of what decides the numbers in a shard; every shard has it too."""
        return hash_texts(repr(_get(self, path)) for path in _FIXED)


class DamagedManifestError(UserError):
    """A manifest whose content is lost; the shards are there and say themselves what they are."""


_REMEDY = "pass the store's settings, or choose another --output folder"
# What must be equal to continue a store: manifest field, and its name for the user.
_FIXED = {
    ("teacher_hash",): "the teacher's weights",
    ("labels",): "the labels (--labels)",
    ("floor",): "the floor (--floor)",
    ("word_splitter",): "the word splitter",
    ("max_width",): "the longest span",
    ("prompt", "labels_per_prompt"): "--labels-per-prompt",
    ("prompt", "groups"): "the prompts (each --labels is one)",
    ("prompt", "entity_token"): "the teacher's entity marker",
    ("prompt", "separator_token"): "the teacher's separator",
    ("windows",): "the windows of long documents",
    ("states",): "the layers of hidden states (--states)",
    ("batches", "shard_documents"): "the number of documents per shard",
    ("batches", "shard_characters"): "the number of characters per shard",
}


def check_same_settings(
    stored: Manifest, wanted: Manifest, folder: Path, remedy: str = _REMEDY
) -> None:
    """Raise `UserError` naming every setting in which a store differs from a new request."""
    differences = []
    for path, name in _FIXED.items():
        old, new = (_get(manifest, path) for manifest in (stored, wanted))
        if old != new:
            differences.append(f"{name}: stored {_show(old)}, now {_show(new)}")
    if differences:
        raise UserError(
            f"{folder} was annotated with other settings ({'; '.join(differences)}); {remedy}."
        )


def _get(manifest: Manifest, path: tuple[str, ...]) -> Any:
    value: Any = manifest
    for name in path:
        value = getattr(value, name)
    return value


def _show(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(
            f"({_show(part)})" if isinstance(part, tuple) else f"{part}" for part in value
        )
    if isinstance(value, StateSettings):
        return _show(value.layers)
    if isinstance(value, WindowSettings):
        return f"{value.max_words} words, {value.overlap_words} shared"
    return str(value)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a store, or None when the folder has none.

    Raises `UserError` when it is of a version that this program does not know, and
    `DamagedManifestError` when it is no JSON or was changed after it was written.
    """
    path = folder / MANIFEST_FILE
    if not path.exists():
        return None
    try:
        content = parse_json(read_text(path))
    except (OSError, ValueError) as error:
        raise _damaged(path, f"the file: Invalid JSON, {error}") from None
    if not isinstance(content, dict):
        raise _damaged(path, "the file: it is no JSON object")
    bare = unseal(content)
    # One of a store that is not complete needs none: the shards say themselves what they are.
    needs_seal = content.get("format_version") == FORMAT_VERSION and content.get("complete", True)
    if bare is None and needs_seal:
        raise _damaged(path, _find_problem(content) or "it has changed since it was written")
    content = bare or {key: value for key, value in content.items() if key != "checksum"}
    problem = _find_problem(content)
    if problem is not None:
        raise UserError(
            f"{path} is not a manifest of annotations that this version reads ({problem}); "
            "annotate again into another folder."
        )
    return _validate(content)


def _validate(content: dict[str, Any]) -> Manifest:
    # As JSON, in which lists are tuples, and numbers no strings.
    return Manifest.model_validate_json(json.dumps(content))


def _find_problem(content: dict[str, Any]) -> str | None:
    try:
        manifest = _validate({key: value for key, value in content.items() if key != "checksum"})
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"
    if manifest.complete and manifest.shards is not None:
        corpus, shards = manifest.corpus, manifest.shards
        sums = (len(shards), sum(s.documents for s in shards), sum(s.words for s in shards))
        if corpus is None or sums != (corpus.shards, corpus.documents, corpus.words):
            return "shards: their sums are not those of the corpus"
    return None


def _damaged(path: Path, reason: str) -> DamagedManifestError:
    return DamagedManifestError(
        f"{path} is damaged ({reason}); run the same distilgliner annotate command again, which "
        "checks the shards and writes it anew."
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest atomically, with its seal."""
    content = manifest.model_dump(mode="json", exclude_none=False)
    unused = ("states", "shards", "vocabulary")
    content = {
        key: value for key, value in content.items() if value is not None or key not in unused
    }
    if manifest.prompt.groups is None:
        del content["prompt"]["groups"]
    write_json(folder / MANIFEST_FILE, content if manifest.format_version == 1 else seal(content))
