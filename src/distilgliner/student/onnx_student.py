"""A student as it is deployed: its description and an ONNX graph. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from distilgliner.files import write_atomically
from distilgliner.student.config import StudentConfig
from distilgliner.student.decoding.decoders import count_columns
from distilgliner.student.description import Description, read_description, write_description
from distilgliner.student.features import (
    WordBatch,
    WordFeatures,
    WordFeaturizer,
    build_label_words,
)
from distilgliner.student.folder_files import (
    CONFIG_FILE,
    GRAPH_FILE,
    MANIFEST_FILE,
    TOKENIZER_FILE,
    FolderFiles,
    damaged,
    write_manifest,
)
from distilgliner.student.graph_check import check_graph
from distilgliner.student.onnx_session import GraphSession

LABELS_AT_ONCE = 1024
"""Of an open student, in one run of the graph,"""
LABEL_WORDS_AT_ONCE = 8192
"""and the words of their names."""
_LARGE = 256 * 1024
"""Words times labels of a run from which onnxruntime gives back the memory that it took."""


def read_onnx_student(folder: Path) -> OnnxStudent:
    """Open an exported student. Raises `UserError` when it is none or is damaged."""
    files = FolderFiles(folder)
    description = read_description(files)
    graph = files.read_checked(GRAPH_FILE)
    try:
        check_graph(graph, description.config, description.featurizer.subword_count)
        student = OnnxStudent(graph, description, files.manifest)
        student.try_out()
    except Exception as error:  # onnxruntime has a dozen kinds
        raise damaged(folder, f"{GRAPH_FILE}: {error}") from None
    return student


class OnnxStudent:
    """Scores words with onnxruntime, for any number of threads at once.

    It keeps the graph itself, and so can be saved, pickled and copied whatever becomes of the
    folder that it was read from. manifest: what is said of it there.
    """

    config: StudentConfig
    labels: tuple[str, ...]
    featurizer: WordFeaturizer

    def __init__(
        self,
        graph: bytes,
        description: Description,
        manifest: Mapping[str, Any] | None = None,
        threads: int = 0,
    ) -> None:
        self.config = description.config
        self.labels = description.labels
        self.featurizer = description.featurizer
        self._graph = graph
        self._description = description
        self._manifest = dict(manifest or {})
        self.set_threads(threads)

    def __reduce__(self) -> tuple[Any, ...]:
        parts = (self._graph, self._description, self._manifest, self._session.threads)
        return OnnxStudent, parts

    def set_threads(self, count: int) -> None:
        """How many threads one call may use; 0 means one per core."""
        self._session = GraphSession(self._graph, count)

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
        is_large = inputs["words"].size * len(inputs.get("label_means", ())) > _LARGE
        return self._session.run("logits", inputs, give_back=is_large)

    def try_out(self) -> None:
        """Score two words; raises `ValueError` for scores of another shape, or that are none."""
        labels = self.labels[:1] if self.config.is_open else self.labels
        label_words = build_label_words(labels, self.featurizer) if self.config.is_open else []
        scores = self.score(self.featurizer.build_batch([["a", "b"]]), label_words)
        columns = count_columns(self.config, len(labels))
        if scores.shape[:2] != (1, 2) or columns not in (None, *scores.shape[2:]):
            raise ValueError(f"it has scores {scores.shape} of two words and {len(labels)} labels")
        if scores.dtype != np.float32 or not np.isfinite(scores).all():
            raise ValueError("its scores are no numbers")

    def write(self, folder: Path) -> None:
        """Write the student into another folder, or once more into its own."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST_FILE).unlink(missing_ok=True)  # of what lay there before
        write_atomically(folder / GRAPH_FILE, self._graph)
        write_description(self._description, folder)
        write_manifest(folder, (CONFIG_FILE, GRAPH_FILE, TOKENIZER_FILE), self._manifest)


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
