"""Word vectors that begin where the teacher's hidden states put them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from distilgliner.annotate.spans import AnnotatedDocument, build_span_scores
from distilgliner.corpus.document import Document
from distilgliner.distill.sources.transfer import TransferDocument
from distilgliner.distill.training.word_vectors import average_states, move_word_vectors, regress
from distilgliner.student.embedder import mean_bag
from distilgliner.student.folder import Student
from tiny_store import build_documents, build_tiny_student

SIZE = 12
DOCUMENTS = build_documents(30)


def annotate(document: Document, states: np.ndarray | None) -> TransferDocument:
    none = np.zeros(0)
    spans = build_span_scores(none, none, none, none)
    annotated = AnnotatedDocument(document.id, document.text, document.words(), spans, states)
    return TransferDocument((annotated,))


def find_states(document: Document) -> np.ndarray:
    """Two layers (2, L, D): the last one is that of the word, with a little of its place."""
    words = [document.text[start:end] for start, end in document.words()]
    place = np.random.default_rng(len(words)).normal(scale=0.1, size=(len(words), SIZE))
    own = np.stack([word_state(word) for word in words])
    return np.stack([np.zeros_like(own), own + place]).astype(np.float16)


def word_state(word: str) -> np.ndarray:
    seed = int.from_bytes(word.encode()[:6], "little")
    return np.random.default_rng(seed).normal(size=SIZE)


def vectors(student: Student, words: list[str]) -> torch.Tensor:
    subwords = torch.from_numpy(student.featurizer.compute_features(words).subwords)
    with torch.no_grad():
        return mean_bag(student.model.embedder.subword_embedding.weight, subwords)


@pytest.fixture
def student(tmp_path: Path) -> Student:
    return build_tiny_student(tmp_path)


TRANSFER = [annotate(document, find_states(document)) for document in DOCUMENTS]


def test_states_are_averaged_over_the_occurrences_of_a_word() -> None:
    first = annotate(Document("Ada saw Ada"), np.array([[[9, 9], [9, 9], [9, 9]],
                                                        [[3, 0], [0, 6], [0, 3]]]))  # fmt: skip
    second = annotate(Document("saw"), np.array([[[9, 9]], [[0, 0]]]))
    words, means, counts = average_states([first, annotate(Document("no states"), None), second])
    assert (words, counts.tolist()) == (["Ada", "saw"], [2, 2])
    scale = np.sqrt((1.5**2 + 1.5**2 + 3**2) / 4)  # of the mean square
    np.testing.assert_allclose(means * scale, [[1.5, 1.5], [0, 3]])


def test_the_regression_is_that_of_the_weighted_least_squares() -> None:
    rng = np.random.default_rng(0)
    states, truth = rng.normal(size=(200, 3)), rng.normal(size=(3, 2))
    exact = states @ truth + [1.0, -2.0]
    weights = rng.integers(1, 5, size=200).astype(float)
    np.testing.assert_allclose(regress(states, exact, weights), exact, atol=0.05)
    noisy = exact + rng.normal(size=exact.shape)
    # A word that counts twice is as one that stands there twice.
    twice = np.repeat(np.arange(200), weights.astype(int))
    alone = regress(states[twice], noisy[twice], np.ones(len(twice)))
    np.testing.assert_allclose(regress(states, noisy, weights)[twice], alone)


def test_vectors_go_where_the_states_put_them(student: Student) -> None:
    words, states, counts = average_states(TRANSFER)
    before = vectors(student, words)
    predicted = torch.from_numpy(regress(states, before.double().numpy(), counts)).float()
    table = student.model.embedder.subword_embedding.weight
    old = table.detach().clone()
    move_word_vectors(student, TRANSFER, 1.0)
    after = vectors(student, words)
    # Not all the way: names that are unknown to the tiny vocabulary share a subword.
    assert (after - predicted).pow(2).mean() < 0.3 * (before - predicted).pow(2).mean()
    assert (after - predicted).abs().median() < 0.1 * (before - predicted).abs().median()
    used = set(student.featurizer.compute_features(words).subwords.reshape(-1).tolist()) - {0}
    unused = [row for row in range(len(table)) if row not in used]
    assert unused
    assert torch.equal(table[unused], old[unused]), "what does not occur stays"


def test_a_share_is_a_part_of_the_way(student: Student) -> None:
    words, _, _ = average_states(TRANSFER)
    before = vectors(student, words)
    table = student.model.embedder.subword_embedding.weight
    old = table.detach().clone()
    move_word_vectors(student, TRANSFER, 0.5)
    half = (vectors(student, words) - before).norm()
    with torch.no_grad():
        table.copy_(old)
    move_word_vectors(student, TRANSFER, 1.0)
    whole = (vectors(student, words) - before).norm()
    assert 0.4 * whole < half < 0.6 * whole


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_without_share_or_states_nothing_moves(student: Student, share: float) -> None:
    old = {name: value.clone() for name, value in student.model.state_dict().items()}
    without = [annotate(document, None) for document in DOCUMENTS]
    move_word_vectors(student, TRANSFER if share == 0 else without, share)
    assert all(torch.equal(old[name], new) for name, new in student.model.state_dict().items())


def test_without_share_the_texts_are_not_looked_at(student: Student) -> None:
    old = {name: value.clone() for name, value in student.model.state_dict().items()}
    move_word_vectors(student, [None], 0.0)  # type: ignore[list-item]  # it would fail on this text
    assert all(torch.equal(old[name], new) for name, new in student.model.state_dict().items())


def test_the_same_texts_move_them_alike(student: Student) -> None:
    table = student.model.embedder.subword_embedding.weight
    old = table.detach().clone()
    moved = []
    for documents in (TRANSFER, TRANSFER):
        with torch.no_grad():
            table.copy_(old)
        move_word_vectors(student, documents, 1.0)
        moved.append(table.detach().clone())
    assert torch.equal(*moved)
