"""A student as it is trained: its description and the weights of its torch model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from distilgliner.errors import UserError
from distilgliner.files import write_atomically
from distilgliner.student.config import StudentConfig
from distilgliner.student.description import (
    WEIGHTS_FILE,
    Description,
    damaged,
    read_description,
    write_description,
)
from distilgliner.student.features import WordBatch, WordFeatures, WordFeaturizer
from distilgliner.student.model import StudentModel


@dataclass
class Student:
    """A torch model with what turns words into its inputs and its outputs into labels."""

    config: StudentConfig
    labels: tuple[str, ...]
    featurizer: WordFeaturizer
    model: StudentModel
    card: str = ""

    @torch.inference_mode()
    def score(self, batch: WordBatch, label_words: Sequence[WordFeatures]) -> np.ndarray:
        """Scores (B, L, X) float32; `label_words` has the words of each label's name."""
        scores: np.ndarray = self.model(batch, label_words).numpy()
        return scores

    def set_threads(self, count: int) -> None:
        """How many threads torch may use, in this whole process."""
        torch.set_num_threads(count)

    def write(self, folder: Path) -> None:
        """See `write_student`."""
        write_student(self, folder)


def write_student(student: Student, folder: Path) -> None:
    """Write a student so that `read_student` gives the same one; weights of tables go to fp16."""
    # The parameter's name, not its place, says whether it is a table: tables are most of the bytes.
    weights = {
        name: (tensor.half() if "embedding" in name else tensor).contiguous()
        for name, tensor in student.model.state_dict().items()
    }
    # Not save_file, which makes files that other users cannot read.
    write_atomically(folder / WEIGHTS_FILE, save(weights))
    write_description(
        Description(student.config, student.labels, student.featurizer, student.card), folder
    )


def read_student(folder: Path) -> Student:
    """Read a student's folder. Raises `UserError` when it is none or is damaged."""
    description = read_description(folder)
    config, labels, featurizer = description.config, description.labels, description.featurizer
    if not (folder / WEIGHTS_FILE).is_file():
        raise UserError(f"{folder} lacks {WEIGHTS_FILE}; distil the student again.")
    try:
        weights = load_file(folder / WEIGHTS_FILE)
        model = StudentModel(config, featurizer.subword_count, len(labels))
        model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    except (TypeError, ValueError, SafetensorError, RuntimeError) as error:
        raise damaged(folder, error) from None
    model.eval()
    return Student(config, labels, featurizer, model, description.card)


def round_tables(model: StudentModel) -> None:
    """Round the embedding tables to fp16 in place, as the folder stores them."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "embedding" in name:
                parameter.copy_(parameter.half().float())
