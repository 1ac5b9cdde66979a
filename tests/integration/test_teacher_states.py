"""Hidden states are those of the teacher's encoder, by word, and leave the scores as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("gliner", reason="needs the extra 'annotate'")

import torch

from distilgliner.annotate.encoding import count_subwords, encode_documents
from distilgliner.annotate.states import StateRecorder, find_text_encoder, read_encoder_size
from distilgliner.annotate.teacher import load_teacher
from distilgliner.annotate.windows import compute_owners
from distilgliner.corpus.prompts import compute_prompts
from distilgliner.corpus.words import cut_words, split_words
from distilgliner.errors import UserError
from tiny_teachers import KINDS, save_tiny_teacher

if TYPE_CHECKING:
    from distilgliner.annotate.teacher import Teacher

LABELS = ["date", "location", "person"]
LAYERS = (0, 3, 6)
TEXTS = [
    "Ada Lovelace met Charles Babbage at a party in London on 5 June 1833.",
    "Der Bürgermeister von Köln heißt nicht Müller-Lüdenscheidt.",
    "ok",
    "",
    "WHO and UNICEF staff flew from Geneva to Nairobi with Kenya Airways on Monday , he said .",
    "Łukasiewicz taught in Lwów; Ōe Kenzaburō was born in Ōse, Ehime.",
]
ROWS = [cut_words(text, split_words(text)) for text in TEXTS]


def _record(
    teacher: Teacher, rows: Sequence[Sequence[str]], layers: Sequence[int] = LAYERS, **options: Any
) -> list[np.ndarray]:
    recorder = StateRecorder(teacher.model, layers)
    teacher.score(rows, LABELS, 0.01, recorder=recorder, **options)
    return recorder.states


def _compute_by_hand(
    teacher: Teacher, words: Sequence[str], labels: Sequence[str], layers: Sequence[int] = LAYERS
) -> np.ndarray:
    """The states (N, L, D) of one text, from the encoder and the tokenizer themselves."""
    entity, separator = teacher.checkpoint.prompt_tokens
    prompt = [part for label in labels for part in (entity, label)] + [separator]
    if teacher.checkpoint.kind.startswith("bi-encoder"):
        prompt = []
    encoding = teacher.tokenizer(
        [[*prompt, *words]], is_split_into_words=True, return_tensors="pt", truncation=False
    )
    with torch.inference_mode():
        output = find_text_encoder(teacher.model)(
            input_ids=encoding["input_ids"],
            attention_mask=encoding["attention_mask"],
            output_hidden_states=True,
        )
    owners = encoding.word_ids(0)
    places = [
        [place for place, owner in enumerate(owners) if owner == len(prompt) + word]
        for word in range(len(words))
    ]
    hidden = [output.hidden_states[layer][0] for layer in layers]
    states = [[vectors[place].mean(dim=0).numpy() for place in places] for vectors in hidden]
    return np.array(states)


def test_states_are_those_of_the_encoder(bundled_teacher: Teacher) -> None:
    states = _record(bundled_teacher, ROWS[:1])[0]
    assert states.dtype == np.float16
    assert states.shape == (3, len(ROWS[0]), 384)
    expected = _compute_by_hand(bundled_teacher, ROWS[0], LABELS)
    assert states.astype(np.float32) == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_states_hardly_depend_on_the_batch(bundled_teacher: Teacher) -> None:
    sizes = count_subwords(bundled_teacher.tokenizer, ROWS)
    assert max(size.max() for size in sizes if len(size)) > 2
    for batch_words in (1, 4096):
        for words, states in zip(
            ROWS, _record(bundled_teacher, ROWS, batch_words=batch_words), strict=True
        ):
            assert states.shape == (3, len(words), 384)
            if words:
                expected = _compute_by_hand(bundled_teacher, words, LABELS)
                error = np.abs(states - expected).max() / np.abs(expected).max()
                assert error < 1e-2


def test_scores_are_the_same_to_the_bit(bundled_teacher: Teacher) -> None:
    recorder = StateRecorder(bundled_teacher.model, LAYERS)
    options: dict[str, Any] = {"batch_words": 200}
    before = bundled_teacher.score(ROWS, LABELS, 0.0, **options)
    with_states = bundled_teacher.score(ROWS, LABELS, 0.0, recorder=recorder, **options)
    after = bundled_teacher.score(ROWS, LABELS, 0.0, **options)
    assert sum(map(len, before)) > 1000
    for one, two, three in zip(before, with_states, after, strict=True):
        for name in type(one).__slots__:
            assert np.array_equal(getattr(one, name), getattr(two, name))
            assert np.array_equal(getattr(one, name), getattr(three, name))
    encoder = find_text_encoder(bundled_teacher.model)
    assert not encoder._forward_hooks
    assert not encoder._forward_pre_hooks


def test_a_word_of_two_windows_has_the_state_of_its_own(bundled_teacher: Teacher) -> None:
    words = (ROWS[0] + ROWS[4] + ROWS[5]) * 12
    ends = [word == "." for word in words]
    limits, _ = bundled_teacher.compute_limits(compute_prompts(LABELS))
    windows = next(encode_documents(bundled_teacher.tokenizer, [words], [ends], limits)).windows
    assert len(windows) >= 3
    places = np.arange(len(words))
    owners = compute_owners(places, places + 1, windows, len(words))
    states = _record(bundled_teacher, [words], [6], sentence_ends=[ends])[0]
    for index, (start, end) in enumerate(windows):
        expected = _compute_by_hand(bundled_teacher, words[start:end], LABELS, [6])
        own = np.flatnonzero(owners == index)
        assert 0 < len(own) < end - start
        found = states[:, own].astype(np.float32)
        assert found == pytest.approx(expected[:, own - start], rel=1e-2, abs=1e-2)


def test_words_without_subwords_have_zeros(bundled_teacher: Teacher) -> None:
    words = ["I", "❤", "\ufe0f", "love", "Berlin"]
    states, nothing = _record(bundled_teacher, [words, ["\ufe0f"]])
    assert not states[:, 2].any()
    assert not nothing.any()
    assert nothing.shape == (3, 1, 384)
    seen = [0, 1, 3, 4]
    expected = _compute_by_hand(bundled_teacher, [words[word] for word in seen], LABELS)
    assert states[:, seen].astype(np.float32) == pytest.approx(expected, rel=1e-2, abs=1e-2)


def test_of_several_prompts_the_first_counts(bundled_teacher: Teacher) -> None:
    states = _record(bundled_teacher, ROWS[:1], prompts=2)[0]
    expected = _compute_by_hand(bundled_teacher, ROWS[0], ["date", "location"])
    assert states.astype(np.float32) == pytest.approx(expected, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize(
    ("kind", "pooling"), list(zip(KINDS, ("first", "last", "mean", "max"), strict=True))
)
def test_every_kind_and_pooling(kind: str, pooling: str, tmp_path: Path) -> None:
    teacher = load_teacher(save_tiny_teacher(kind, tmp_path, subtoken_pooling=pooling))
    assert teacher.model.config.subtoken_pooling == pooling
    assert teacher.checkpoint.encoder_size == read_encoder_size(teacher.model) == (1, 32)
    for words, states in zip(ROWS, _record(teacher, ROWS, [0, 1]), strict=True):
        if words:
            expected = _compute_by_hand(teacher, words, LABELS, [0, 1])
            assert states.astype(np.float32) == pytest.approx(expected, rel=1e-2, abs=1e-2)


def test_an_encoder_that_tells_nothing(
    bundled_teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = StateRecorder(bundled_teacher.model, [6])
    monkeypatch.setattr(recorder, "_count", 12)
    with pytest.raises(UserError, match="does not tell the hidden states"):
        bundled_teacher.score(ROWS[:1], LABELS, 0.5, recorder=recorder)
