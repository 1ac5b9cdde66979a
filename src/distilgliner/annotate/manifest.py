"""The manifest of an annotation store: everything that decides what its numbers mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from distilgliner.corpus.prompts import Prompts
from distilgliner.errors import UserError
from distilgliner.files import write_atomically

MANIFEST_FILE = "manifest.json"
FORMAT_VERSION = 1


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
    `batch_words` change no more than the last digit of a score (docs/decisions/0009)."""

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


class Manifest(_Model):
    """The settings of a store; `labels` is the label set that `label_index` counts in."""

    format: Literal["distilgliner-annotations"] = "distilgliner-annotations"
    format_version: Literal[1] = 1
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


def check_same_settings(stored: Manifest, wanted: Manifest, folder: Path) -> None:
    """Raise `UserError` naming every setting in which a store differs from a new request."""
    differences = []
    for path, name in _FIXED.items():
        old, new = (_get(manifest, path) for manifest in (stored, wanted))
        if old != new:
            differences.append(f"{name}: stored {_show(old)}, now {_show(new)}")
    if differences:
        raise UserError(
            f"{folder} was annotated with other settings ({'; '.join(differences)}); {_REMEDY}."
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

    Raises `UserError` when it is damaged or of a version that this program does not know.
    """
    path = folder / MANIFEST_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}); annotate into another folder.") from None
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UserError(
            f"{path} is not a manifest of annotations that this version reads ({where}: "
            f"{first['msg']}); annotate again into another folder."
        ) from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest atomically."""
    # A field that is not used is not written, so that earlier versions read such stores too.
    unused: dict[str, Any] = {"states": True} if manifest.states is None else {}
    if manifest.prompt.groups is None:
        unused["prompt"] = {"groups"}
    content = manifest.model_dump_json(indent=1, exclude=unused)
    write_atomically(folder / MANIFEST_FILE, content + "\n")
