"""A student as it is trained: its description and the weights of its torch model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from distilgliner.files import write_atomically
from distilgliner.student.config import StudentConfig
from distilgliner.student.description import Description, read_description, write_description
from distilgliner.student.features import WordBatch, WordFeatures, WordFeaturizer
from distilgliner.student.folder_files import (
    CONFIG_FILE,
    MANIFEST_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    FolderFiles,
    damaged,
    write_manifest,
)
from distilgliner.student.model import StudentModel
from distilgliner.student.registry import ENCODERS, HEADS
from distilgliner.version import __version__


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
        _threads.used = True
        scores: np.ndarray = self.model(batch, label_words).numpy()
        return scores

    def set_threads(self, count: int) -> None:
        """How many threads torch may use, in this whole process; in a forked one it stays one."""
        if not _threads.forked:
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
    (folder / MANIFEST_FILE).unlink(missing_ok=True)  # of what lay there before
    # Not save_file, which makes files that other users cannot read.
    write_atomically(folder / WEIGHTS_FILE, save(weights))
    write_description(
        Description(student.config, student.labels, student.featurizer, student.card), folder
    )
    names = (CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE)
    write_manifest(folder, names, {"distilgliner": __version__})


def read_student(folder: Path) -> Student:
    """Read a student's folder. Raises `UserError` when it is none or is damaged."""
    files = FolderFiles(folder)
    description = read_description(files)
    config, labels, featurizer = description.config, description.labels, description.featurizer
    try:
        weights = load(files.read_checked(WEIGHTS_FILE))
        _check_shapes(weights, config, featurizer.subword_count, len(labels))
        model = StudentModel(config, featurizer.subword_count, len(labels))
        model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    except (TypeError, ValueError, SafetensorError, RuntimeError, MemoryError) as error:
        raise damaged(folder, f"{WEIGHTS_FILE}: {error}") from None
    for name in sorted(weights):
        if not torch.isfinite(weights[name]).all():
            raise damaged(folder, f"{WEIGHTS_FILE}: {name} has weights that are no numbers")
    model.eval()
    return Student(config, labels, featurizer, model, description.card)


def _check_shapes(
    weights: dict[str, Tensor], config: StudentConfig, subword_count: int, label_count: int
) -> None:
    """Raise `ValueError` where a config asks for more than the weights are, before it is built."""
    if config.encoder not in ENCODERS or config.head not in HEADS:
        return  # another package's parts, which may need more than shapes
    with torch.device("meta"):
        wanted = StudentModel(config, subword_count, label_count).state_dict()
    for name, tensor in wanted.items():
        if name not in weights:
            raise ValueError(f"it lacks {name}")
        if weights[name].shape != tensor.shape:
            shapes = f"{tuple(weights[name].shape)}, and {CONFIG_FILE} says {tuple(tensor.shape)}"
            raise ValueError(f"{name} is {shapes}")


def round_tables(model: StudentModel) -> None:
    """Round the embedding tables to fp16 in place, as the folder stores them."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "embedding" in name:
                parameter.copy_(parameter.half().float())


@dataclass
class _Threads:
    """What has become of torch's threads in this process."""

    used: bool = False
    forked: bool = False


_threads = _Threads()


def _use_one_thread() -> None:
    """In a forked process: torch would wait for threads that are not there."""
    if _threads.used:
        _threads.forked = True
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_use_one_thread)
