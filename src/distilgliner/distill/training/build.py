"""A fresh student: its vocabulary, and its first word vectors from the teacher."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from tokenizers import Tokenizer

from distilgliner.corpus.words import WORD_SPLITTER
from distilgliner.student.config import StudentConfig
from distilgliner.student.features import FIRST_SUBWORD_ROW, WordFeaturizer
from distilgliner.student.folder import Student
from distilgliner.student.model import StudentModel


def build_student(
    config: StudentConfig,
    labels: Iterable[str],
    tokenizer: Tokenizer,
    vectors: np.ndarray,
    seed: int,
    word_splitter: str = WORD_SPLITTER,
) -> Student:
    """A student with random weights, but with the teacher's reduced subword vectors (V, D).

    word_splitter: the teacher's, see `corpus/splitters.py`.
    """
    labels = tuple(labels)
    torch.manual_seed(seed)
    model = StudentModel(config, len(vectors), len(labels))
    dim = min(config.subword_dim, vectors.shape[1])
    table = model.embedder.subword_embedding.weight
    with torch.no_grad():
        table[FIRST_SUBWORD_ROW:, :dim] = torch.from_numpy(vectors[:, :dim])
        table[:FIRST_SUBWORD_ROW] = 0
    featurizer = WordFeaturizer(tokenizer, len(vectors), config, word_splitter)
    return Student(config, labels, featurizer, model)
