"""A fresh student: its vocabulary, and its first word vectors from the teacher."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from tokenizers import Tokenizer

from distilgliner.student.config import StudentConfig
from distilgliner.student.features import WordFeaturizer
from distilgliner.student.folder import Student
from distilgliner.student.model import StudentModel

RESERVED_ROWS = 2
"""Rows of the subword table before the vocabulary: padding and the unknown subword."""


def build_student(
    config: StudentConfig,
    labels: Iterable[str],
    tokenizer: Tokenizer,
    vectors: np.ndarray,
    seed: int,
) -> Student:
    """A student with random weights, but with the teacher's reduced subword vectors (V, D)."""
    labels = tuple(labels)
    rows = {index: index + RESERVED_ROWS for index in range(len(vectors))}
    torch.manual_seed(seed)
    model = StudentModel(config, len(vectors) + RESERVED_ROWS, len(labels))
    dim = min(config.subword_dim, vectors.shape[1])
    table = model.embedder.subword_embedding.weight
    with torch.no_grad():
        table[RESERVED_ROWS:, :dim] = torch.from_numpy(vectors[:, :dim])
        table[RESERVED_ROWS - 1] = 0
    return Student(config, labels, WordFeaturizer(tokenizer, rows, config), model)
