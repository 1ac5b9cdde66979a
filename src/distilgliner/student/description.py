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

from distilgliner.corpus.splitters import check_student_splitter
from distilgliner.errors import UserError
from distilgliner.files import write_atomically
from distilgliner.student.config import FORMAT, FORMAT_VERSION, StudentConfig
from distilgliner.student.features import WordBatch, WordFeatures, WordFeaturizer
from distilgliner.student.folder_files import (
    CARD_FILE,
    CONFIG_FILE,
    TOKENIZER_FILE,
    FolderFiles,
    damaged,
)
from distilgliner.student.registry import Group, has_part
from distilgliner.student.subwords import build_tokenizer


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
        "word_splitter": description.featurizer.word_splitter,
        "labels": list(description.labels),
        "student": description.config.to_dict(),
        "subword_count": description.featurizer.subword_count,
    }
    write_atomically(folder / TOKENIZER_FILE, description.featurizer.tokenizer.to_str())
    if description.card:
        write_atomically(folder / CARD_FILE, description.card)
    write_atomically(folder / CONFIG_FILE, json.dumps(config, indent=1) + "\n")


def read_description(files: FolderFiles) -> Description:
    """Read all of a student but its weights.

    Raises `UserError` when that is none, is damaged, or has a part that no package here brings.
    """
    folder = files.folder
    if not files.has(CONFIG_FILE):
        raise UserError(
            f"{folder} is no student: it has no {CONFIG_FILE}; give a student's folder."
        )
    content = files.read(CONFIG_FILE)
    raw = _parse_config(files, content)
    try:
        config = StudentConfig.from_dict(raw["student"])
        subword_count = _read_count(raw["subword_count"])
        labels = _read_labels(raw["labels"])
    except KeyError as error:
        raise damaged(folder, f"{CONFIG_FILE} lacks {error}") from None
    except (TypeError, ValueError) as error:
        raise damaged(folder, error) from None
    # Only now: of what is wrong in itself, the fault says more than a hash.
    files.check(CONFIG_FILE, content)
    tokenizer = build_tokenizer(files.read_checked(TOKENIZER_FILE), folder / TOKENIZER_FILE)
    featurizer = WordFeaturizer(tokenizer, subword_count, config, raw["word_splitter"])
    return Description(config, labels, featurizer, _read_card(files))


def _parse_config(files: FolderFiles, content: bytes) -> dict[str, Any]:
    folder = files.folder
    config = files.parse(CONFIG_FILE, content)
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise UserError(
            f"{folder / CONFIG_FILE} describes no DistilGLiNER student; give a student's folder."
        )
    splitter = config.get("word_splitter")
    if config.get("format_version") != FORMAT_VERSION or not isinstance(splitter, str):
        raise UserError(f"{folder} was written by another version; distil it again with this one.")
    check_student_splitter(splitter)
    _check_parts(config, folder)
    return config


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


def _read_count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"subword_count must be a whole number from 0 up, not {value!r}")
    return value


def _read_labels(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list) else []
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise ValueError("labels must be a list of names")
    if len(set(names)) < len(names):
        raise ValueError("labels has a name twice")
    return tuple(names)


def _read_card(files: FolderFiles) -> str:
    if not files.has(CARD_FILE):
        return ""
    try:
        return files.read(CARD_FILE).decode("utf-8")
    except UnicodeDecodeError:
        raise damaged(files.folder, f"{CARD_FILE} is not UTF-8") from None
