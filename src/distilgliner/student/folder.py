"""The student's folder: config.json, model.safetensors, tokenizer.json, README.md, run.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from tokenizers import Tokenizer

from distilgliner.corpus.words import WORD_SPLITTER
from distilgliner.errors import UserError
from distilgliner.files import write_atomically
from distilgliner.student.config import FORMAT, FORMAT_VERSION, StudentConfig
from distilgliner.student.features import WordFeaturizer
from distilgliner.student.model import StudentModel

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
TOKENIZER_FILE = "tokenizer.json"
CARD_FILE = "README.md"


@dataclass
class Student:
    """A model with what turns words into its inputs and its outputs into labels."""

    config: StudentConfig
    labels: tuple[str, ...]
    featurizer: WordFeaturizer
    model: StudentModel

    @property
    def is_open(self) -> bool:
        """Whether labels are an input (True) or built in (False)."""
        return self.config.head == "tower"


def write_student(student: Student, folder: Path) -> None:
    """Write a student so that `read_student` gives the same one; weights of tables go to fp16."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "word_splitter": WORD_SPLITTER,
        "labels": list(student.labels),
        "student": student.config.model_dump(),
        "subword_count": student.featurizer.subword_count,
    }
    # The parameter's name, not its place, says whether it is a table: tables are most of the bytes.
    weights = {
        name: (tensor.half() if "embedding" in name else tensor).contiguous()
        for name, tensor in student.model.state_dict().items()
    }
    write_atomically(folder / TOKENIZER_FILE, student.featurizer.tokenizer.to_str())
    write_atomically(
        folder / WEIGHTS_FILE, save(weights)
    )  # save_file would make it unreadable to others
    write_atomically(folder / CONFIG_FILE, json.dumps(config) + "\n")


def read_student(folder: Path) -> Student:
    """Read a student's folder. Raises `UserError` when it is none or is damaged."""
    config = _read_config(folder)
    for name in (WEIGHTS_FILE, TOKENIZER_FILE):
        if not (folder / name).is_file():
            raise UserError(f"{folder} lacks {name}; distil the student again.")
    try:
        student_config = StudentConfig(**config["student"])
        labels = tuple(config["labels"])
        subword_count = int(config["subword_count"])
        weights = load_file(folder / WEIGHTS_FILE)
        model = StudentModel(student_config, subword_count, len(labels))
        model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    except (KeyError, TypeError, ValueError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{folder} is damaged ({reason}); distil the student again.") from error
    tokenizer = _read_tokenizer(folder / TOKENIZER_FILE)
    model.eval()
    featurizer = WordFeaturizer(tokenizer, subword_count, student_config)
    return Student(student_config, labels, featurizer, model)


def _read_tokenizer(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing more special
        raise UserError(f"{path} is damaged ({error}); distil the student again.") from error


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise UserError(
            f"{folder} is no student: it has no {CONFIG_FILE}; give a student's folder."
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is not JSON ({error}); distil the student again.") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise UserError(f"{path} describes no DistilGLiNER student; give a student's folder.")
    if (
        config.get("format_version") != FORMAT_VERSION
        or config.get("word_splitter") != WORD_SPLITTER
    ):
        raise UserError(f"{folder} was written by another version; distil it again with this one.")
    return config


def round_tables(model: StudentModel) -> None:
    """Round the embedding tables to fp16 in place, as the folder stores them."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "embedding" in name:
                parameter.copy_(parameter.half().float())
