"""Encoders: the states of a text depend on all of that text, and on nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from distilgliner.student.config import StudentConfig
from distilgliner.student.encoders.positions import compute_positions, count_heads
from distilgliner.student.encoders.transformer import TransformerEncoder
from distilgliner.student.features import build_label_words
from distilgliner.student.folder import Student, read_student, write_student
from distilgliner.student.registry import ENCODERS, load_part
from tiny_store import LABELS, build_documents, build_tiny_student

DOCUMENTS = [document.text.split() for document in build_documents(9)] + [["Ada"]]


def compute_logits(student: Student, documents: list[list[str]]) -> torch.Tensor:
    batch = student.featurizer.build_batch(documents)
    with torch.inference_mode():
        return student.model(batch, build_label_words(LABELS, student.featurizer))


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("layers", [1, 2])
def test_a_document_does_not_depend_on_its_batch(encoder: str, layers: int, tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path, "tagger", encoder=encoder, layers=layers)
    together = compute_logits(student, DOCUMENTS)
    for row, words in enumerate(DOCUMENTS):
        alone = compute_logits(student, [words])[0]
        assert torch.allclose(together[row, : len(words)], alone, atol=1e-5)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_padding_does_not_reach_the_words(encoder: str) -> None:
    config = StudentConfig(encoder=encoder, hidden_dim=8, layers=2)
    torch.manual_seed(0)
    module = load_part("encoders", encoder)(config, 6).eval()
    assert module.dim == 16
    vectors, lengths = torch.randn(2, 9, 6), torch.tensor([9, 4])
    other = vectors.clone()
    other[1, 4:] = 100.0
    with torch.inference_mode():
        states, again = module(vectors, lengths), module(other, lengths)
    assert states.shape == (2, 9, 16)
    assert torch.equal(states[0], again[0])
    assert torch.equal(states[1, :4], again[1, :4])


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_word_sees_both_sides_and_the_order(encoder: str, tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path, "tagger", encoder=encoder)
    middle = compute_logits(student, [["Ada", "met", "Bob"]])[0, 1]
    for words in (["Mary", "met", "Bob"], ["Ada", "met", "Rome"], ["Bob", "met", "Ada"]):
        assert not torch.allclose(compute_logits(student, [words])[0, 1], middle, atol=1e-5)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_folder_gives_the_same_student(encoder: str, tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path / "store", "tagger", encoder=encoder)
    write_student(student, tmp_path / "student")
    again = read_student(tmp_path / "student")
    assert again.config.encoder == encoder
    # tables are stored in fp16
    assert torch.allclose(
        compute_logits(again, DOCUMENTS), compute_logits(student, DOCUMENTS), atol=1e-2
    )


def test_attention_is_a_distribution_over_the_words_of_the_text() -> None:
    config = StudentConfig(encoder="transformer", hidden_dim=32, layers=2)
    torch.manual_seed(0)
    module = TransformerEncoder(config, 6).eval()
    module(torch.randn(2, 5, 6), torch.tensor([5, 3]))
    assert len(module.attentions) == 2
    for attention in module.attentions:
        assert attention.shape == (2, 2, 5, 5)
        assert torch.allclose(attention.sum(-1), torch.ones(2, 2, 5))
        assert attention[1, :, :, 3:].abs().max() == 0


def test_heads_divide_the_width() -> None:
    assert [count_heads(dim) for dim in (256, 192, 96, 32, 16, 100)] == [8, 6, 3, 1, 1, 2]


def test_positions_are_those_of_the_paper() -> None:
    positions = compute_positions(3, 4) / 0.1
    # sin(p), cos(p), sin(p / 100), cos(p / 100)
    np.testing.assert_allclose(positions[0], [0, 1, 0, 1], atol=1e-6)
    np.testing.assert_allclose(positions[2], [0.9093, -0.4161, 0.0200, 0.9998], atol=1e-4)
