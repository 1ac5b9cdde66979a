"""Guessing masked words: whole words are hidden, and learning lowers the loss."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from benchmarks.teacher.masked_words import (
    IGNORED,
    MASKED,
    SENTENCES,
    draw_batches,
    train_masked_words,
)

from distilgliner.annotate.teacher import Teacher, load_teacher
from tiny_teachers import save_tiny_teacher

TEXTS = [f"Number {word} unquestionably belongs beside Ljubljana" for word in "abcdefghij" * 4]
TEXTS = [f"{text} {place}" for place, text in enumerate(TEXTS)]


@pytest.fixture
def teacher(tmp_path: Path) -> Teacher:
    return load_teacher(save_tiny_teacher("uni-encoder span", tmp_path))


def test_all_pieces_of_a_word_are_to_be_guessed_or_none(teacher: Teacher) -> None:
    [(inputs, targets)] = draw_batches(teacher, TEXTS, 1, random.Random(1))
    tokenizer = teacher.model.data_processor.transformer_tokenizer
    pieces = tokenizer.tokenize("Ljubljana")
    assert len(pieces) > 1
    numbers = tokenizer.convert_tokens_to_ids(pieces)
    hidden = 0
    for row, wanted in zip(inputs["input_ids"].tolist(), targets.tolist(), strict=True):
        assert sum(number != IGNORED for number in wanted) >= round(MASKED * 6)
        whole = [number if w == IGNORED else w for number, w in zip(row, wanted, strict=True)]
        places = [whole[start : start + len(numbers)] for start in range(len(whole))]
        start = places.index(numbers)  # what was there can be told again
        asked = [number != IGNORED for number in wanted[start : start + len(numbers)]]
        assert len(set(asked)) == 1
        hidden += asked[0]
    assert 0 < hidden < SENTENCES
    assert tokenizer.mask_token_id in inputs["input_ids"]


def test_the_same_seed_draws_the_same_batches(teacher: Teacher) -> None:
    first, again, other = (
        [targets.tolist() for _, targets in draw_batches(teacher, TEXTS, 2, random.Random(seed))]
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_the_encoder_learns_and_its_subword_vectors_stay(teacher: Teacher) -> None:
    encoder = teacher.model.model.token_rep_layer.bert_layer.model
    vectors = encoder.get_input_embeddings().weight
    before, layer = vectors.detach().clone(), encoder.encoder.layer[0].output.dense.weight
    first = layer.detach().clone()
    losses = train_masked_words(teacher, TEXTS, 10)
    assert sum(losses[-4:]) < sum(losses[:4])
    assert (vectors == before).all()
    assert (layer != first).any()
