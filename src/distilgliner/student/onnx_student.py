"""A student as it is deployed: its description and an ONNX graph. Needs no torch."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort

from distilgliner.student.config import StudentConfig
from distilgliner.student.description import (
    GRAPH_FILE,
    MANIFEST_FILE,
    Description,
    damaged,
    read_description,
    write_description,
)
from distilgliner.student.features import WordBatch, WordFeatures, WordFeaturizer

LABELS_AT_ONCE = 1024
"""Of an open student, in one run of the graph,"""
LABEL_WORDS_AT_ONCE = 8192
"""and the words of their names."""
_LARGE = 256 * 1024
"""Words times labels of a run from which onnxruntime gives back the memory that it took."""


def read_onnx_student(folder: Path) -> OnnxStudent:
    """Open an exported student. Raises `UserError` when it is none or is damaged."""
    return OnnxStudent(folder, read_description(folder))


class OnnxStudent:
    """Scores words with onnxruntime."""

    config: StudentConfig
    labels: tuple[str, ...]
    featurizer: WordFeaturizer

    def __init__(self, folder: Path, description: Description) -> None:
        self.config = description.config
        self.labels = description.labels
        self.featurizer = description.featurizer
        self._description = description
        self._graph = folder / GRAPH_FILE
        self.set_threads(0)

    def set_threads(self, count: int) -> None:
        """How many threads one call may use; 0 means one per core."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = count
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(
                str(self._graph), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime has a dozen kinds
            raise damaged(self._graph.parent, error) from None

    def score(self, batch: WordBatch, label_words: Sequence[WordFeatures]) -> np.ndarray:
        """Scores (B, L, X) float32; `label_words` has the words of each label's name."""
        inputs = {
            "subwords": batch.features.subwords,
            "affixes": batch.features.affixes,
            "shapes": batch.features.shapes,
            "words": batch.words,
            "lengths": batch.lengths.astype(np.int32),
        }
        if not self.config.is_open:
            return self._run(inputs)
        parts = [
            self._run(inputs | build_label_inputs(chunk)) for chunk in _cut_labels(label_words)
        ]
        if len(parts) == 1:
            return parts[0]
        # The first column of each part is that of no entity, which no label changes.
        return np.concatenate([parts[0], *(part[:, :, 1:] for part in parts[1:])], axis=2)

    def _run(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        options = None
        if inputs["words"].size * len(inputs.get("label_means", ())) > _LARGE:
            options = ort.RunOptions()
            options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        logits: np.ndarray = self._session.run(["logits"], inputs, options)[0]
        return logits

    def write(self, folder: Path) -> None:
        """Copy the student into another folder."""
        folder.mkdir(parents=True, exist_ok=True)
        source = self._graph.parent
        if folder.resolve() != source.resolve():
            for name in (GRAPH_FILE, MANIFEST_FILE):
                if (source / name).is_file():
                    shutil.copyfile(source / name, folder / name)
        write_description(self._description, folder)


def _cut_labels(label_words: Sequence[WordFeatures]) -> list[Sequence[WordFeatures]]:
    """The labels in parts: what averages their names grows with labels times words."""
    parts: list[Sequence[WordFeatures]] = []
    first = words = 0
    for index, features in enumerate(label_words):
        words += len(features.shapes)
        if index > first and (index - first >= LABELS_AT_ONCE or words > LABEL_WORDS_AT_ONCE):
            parts.append(label_words[first:index])
            first, words = index, len(features.shapes)
    return [*parts, label_words[first:]]


def build_label_inputs(label_words: Sequence[WordFeatures]) -> dict[str, np.ndarray]:
    """The words of all C label names, one after the other, and what averages each name (C, W)."""
    counts = [len(features.shapes) for features in label_words]
    means = np.zeros((len(counts), sum(counts)), dtype=np.float32)
    start = 0
    for row, count in enumerate(counts):
        means[row, start : start + count] = 1 / count
        start += count
    return {
        "label_subwords": _stack([features.subwords for features in label_words]),
        "label_affixes": _stack([features.affixes for features in label_words]),
        "label_shapes": np.concatenate([features.shapes for features in label_words]),
        "label_means": means,
    }


def _stack(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays (W, P) of different widths one below the other, filled up with 0."""
    width = max(array.shape[1] for array in arrays)
    return np.concatenate(
        [np.pad(array, ((0, 0), (0, width - array.shape[1]))) for array in arrays]
    )
