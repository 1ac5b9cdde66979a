"""Stages of the package, made quick for the pages: what takes long is done once, or briefly."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest


@contextmanager
def train_quickly() -> Iterator[None]:
    """Fine-tuning takes one epoch, and the bundled teacher is loaded once."""
    from distilgliner.finetune.config import FinetuneConfig

    with pytest.MonkeyPatch.context() as patch:
        _load_the_teacher_once(patch)
        _reduce_vectors_once(patch)
        patch.setattr(FinetuneConfig.model_fields["epochs"], "default", 1)
        FinetuneConfig.model_rebuild(force=True)
        patch.setattr("distilgliner.pipeline.deploy._SPEED_SECONDS", 0.1)
        yield
    FinetuneConfig.model_rebuild(force=True)


def _load_the_teacher_once(patch: pytest.MonkeyPatch) -> None:
    """Training changes the weights, so what it was given is not given to others."""
    from distilgliner.annotate import teacher
    from distilgliner.finetune import train

    load, train_teacher, loaded = teacher.load_teacher, train.train_teacher, {}

    def load_once(checkpoint: Any, **options: Any) -> Any:
        name = getattr(checkpoint, "name", checkpoint)
        if name != "bundled":
            return load(checkpoint, **options)
        if name not in loaded:
            loaded[name] = load(checkpoint, **options)
        loaded[name].prompts = None
        return loaded[name]

    def train_and_forget(*arguments: Any, **options: Any) -> Any:
        loaded.clear()
        return train_teacher(*arguments, **options)

    patch.setattr(teacher, "load_teacher", load_once)
    patch.setattr(train, "train_teacher", train_and_forget)


def _reduce_vectors_once(patch: pytest.MonkeyPatch) -> None:
    from distilgliner.annotate import vocabulary

    reduce, reduced = vocabulary.reduce_vectors, {}

    def reduce_once(table: np.ndarray) -> np.ndarray:
        key = zlib.crc32(np.ascontiguousarray(table))
        if key not in reduced:
            reduced[key] = reduce(table)
        return reduced[key]

    patch.setattr(vocabulary, "reduce_vectors", reduce_once)
