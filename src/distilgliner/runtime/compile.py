"""Compiling an open student for a list of labels: its label tower becomes a closed head.

The score of label c in role r is (W_r s + b_r) · l_c / √E, linear in the state s of the word, so
once the label vectors l_c are known it is one row of a matrix. Less to store, less to compute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from distilgliner.errors import UserError
from distilgliner.student.description import Description
from distilgliner.student.features import WordFeatures, build_label_words
from distilgliner.student.tags import ROLES

Weights = Mapping[str, np.ndarray]


def compile_labels(
    description: Description, weights: Weights, labels: Sequence[str]
) -> tuple[Description, dict[str, np.ndarray]]:
    """The closed student that scores `labels` as the open one does, and its weights.

    Raises `UserError` when the student is closed already.
    """
    config = description.config
    if not config.is_open:
        raise UserError(
            "This student is closed: its labels are built in; export it without --labels."
        )
    names = tuple(labels)
    vectors = [
        _embed(features, weights) for features in build_label_words(names, description.featurizer)
    ]
    head = _compute_head(np.stack(vectors), weights, ROLES if config.roles else 1)
    kept = {name: value for name, value in weights.items() if not name.startswith("head.")}
    closed = replace(config, head="tagger")
    return replace(description, config=closed, labels=names), {**kept, **head}


def _compute_head(vectors: np.ndarray, weights: Weights, roles: int) -> dict[str, np.ndarray]:
    """Weight (1 + C · R, 2H) and bias of the closed head; row 0 is "none"."""
    hidden = np.tanh(_apply("head.label_tower.0", vectors, weights))
    labels = _apply("head.label_tower.2", hidden, weights)  # (C, E)
    width = labels.shape[1]
    labels = labels * width**-0.5
    words = _read("head.word_tower.weight", weights).reshape(roles, width, -1)  # (R, E, 2H)
    biases = _read("head.word_tower.bias", weights).reshape(roles, width)
    rows = np.einsum("ce,reh->crh", labels, words).reshape(-1, words.shape[2])
    shifts = np.einsum("ce,re->cr", labels, biases).reshape(-1)
    weight = np.concatenate((_read("head.none.weight", weights), rows))
    bias = np.concatenate((_read("head.none.bias", weights), shifts))
    return {
        "head.output.weight": weight.astype(np.float32),
        "head.output.bias": bias.astype(np.float32),
    }


def _embed(features: WordFeatures, weights: Weights) -> np.ndarray:
    """The mean vector (D,) of the words of a name, as `WordEmbedder`."""
    parts = [
        _mean_bag(weights["embedder.subword_embedding.weight"], features.subwords),
        _mean_bag(weights["embedder.affix_embedding.weight"], features.affixes),
        weights["embedder.shape_embedding.weight"][features.shapes].astype(np.float32),
    ]
    mean: np.ndarray = np.concatenate(parts, axis=1).mean(axis=0)
    return mean


def _mean_bag(table: np.ndarray, indices: np.ndarray) -> np.ndarray:
    used = indices != 0
    total = (table[indices].astype(np.float32) * used[:, :, None]).sum(axis=1)
    mean: np.ndarray = total / np.maximum(used.sum(axis=1, keepdims=True), 1)
    return mean


def _apply(name: str, values: np.ndarray, weights: Weights) -> np.ndarray:
    return values @ _read(f"{name}.weight", weights).T + _read(f"{name}.bias", weights)


def _read(name: str, weights: Weights) -> np.ndarray:
    return weights[name].astype(np.float32)
