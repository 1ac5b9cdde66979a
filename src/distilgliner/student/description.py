"""What every student's folder holds beside its weights: config.json, tokenizer.json, README.md.

Reading it needs no torch, so that an exported student runs without.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from tokenizers import Tokenizer

from distilgliner.corpus.words import WORD_SPLITTER
from distilgliner.errors import UserError
from distilgliner.files import write_atomically
from distilgliner.student.config import FORMAT, FORMAT_VERSION, StudentConfig
from distilgliner.student.features import WordBatch, WordFeatures, WordFeaturizer
from distilgliner.student.registry import Group, has_part

CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer.json"
CARD_FILE = "README.md"
WEIGHTS_FILE = "model.safetensors"
GRAPH_FILE = "model.onnx"
MANIFEST_FILE = "manifest.json"


class ScoringStudent(Protocol):
    """A student that scores words, whatever runs its network."""

    config: StudentConfig
    labels: tuple[str, ...]
    featurizer: WordFeaturizer

    def score(self, batch: WordBatch, label_words: Sequence[WordFeatures]) -> np.ndarray:
        """Scores (B, L, X) float32; `label_words` has the words of each label's name."""
        ...

    def set_threads(self, count: int) -> None:
        """How many threads one call may use."""
        ...

    def write(self, folder: Path) -> None:
        """Write a folder that opens as this student."""
        ...


@dataclass(frozen=True)
class Description:
    """The architecture, the labels and the word features of a student, and its model card."""

    config: StudentConfig
    labels: tuple[str, ...]
    featurizer: WordFeaturizer
    card: str = ""


def write_description(description: Description, folder: Path) -> None:
    """Write all of a student but its weights; config.json is last, it makes the folder one."""
    config = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "word_splitter": WORD_SPLITTER,
        "labels": list(description.labels),
        "student": description.config.to_dict(),
        "subword_count": description.featurizer.subword_count,
    }
    write_atomically(folder / TOKENIZER_FILE, description.featurizer.tokenizer.to_str())
    if description.card:
        write_atomically(folder / CARD_FILE, description.card)
    write_atomically(folder / CONFIG_FILE, json.dumps(config, indent=1) + "\n")


def read_description(folder: Path) -> Description:
    """Read all of a student but its weights.

    Raises `UserError` when that is none, is damaged, or has a part that no package here brings.
    """
    raw = _read_config(folder)
    _check_parts(raw, folder)
    path, card = folder / TOKENIZER_FILE, folder / CARD_FILE
    if not path.is_file():
        raise UserError(f"{folder} lacks {TOKENIZER_FILE}; distil the student again.")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing more special
        raise UserError(f"{path} is damaged ({error}); distil the student again.") from None
    try:
        config = StudentConfig.from_dict(raw["student"])
        return Description(
            config,
            tuple(raw["labels"]),
            WordFeaturizer(tokenizer, int(raw["subword_count"]), config),
            card.read_text(encoding="utf-8") if card.is_file() else "",
        )
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise damaged(folder, error) from None


def damaged(folder: Path, reason: object) -> UserError:
    """The error for a folder that is a student's but cannot be read."""
    first = (str(reason).splitlines() or ["unreadable"])[0]
    return UserError(f"{folder} is damaged ({first}); distil the student again.")


def _check_parts(raw: dict[str, Any], folder: Path) -> None:
    architecture = raw.get("student")
    parts: dict[Group, str] = {"encoders": "encoder", "heads": "head"}
    for group, key in parts.items():
        name = architecture.get(key) if isinstance(architecture, dict) else None
        if isinstance(name, str) and not has_part(group, name):
            raise UserError(
                f"{folder} has the {key} {name!r}, which no installed package brings; install the "
                "one that it was distilled with."
            )


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise UserError(
            f"{folder} is no student: it has no {CONFIG_FILE}; give a student's folder."
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is not JSON ({error}); distil the student again.") from None
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise UserError(f"{path} describes no DistilGLiNER student; give a student's folder.")
    version = (config.get("format_version"), config.get("word_splitter"))
    if version != (FORMAT_VERSION, WORD_SPLITTER):
        raise UserError(f"{folder} was written by another version; distil it again with this one.")
    return config
