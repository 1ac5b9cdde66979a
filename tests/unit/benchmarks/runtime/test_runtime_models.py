"""GLiNER's architectures with random weights, the training of spaCy, and long runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from benchmarks.runtime import gliner_models, scaling
from benchmarks.runtime.loaders import load_gliner, load_spacy
from benchmarks.runtime.spacy_ner import describe_spacy, train_spacy

from distilgliner.corpus.document import Document, Entity

TEXTS = ["Ada Lovelace lives in Bath.", "Bath is a city.", "Nobody here."]


def test_random_weights_find_nothing_at_any_threshold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64}
    monkeypatch.setattr(gliner_models, "_ENCODER", {**gliner_models._ENCODER, **sizes})
    monkeypatch.setattr(gliner_models, "LAYERS", {"tiny": 1})
    folder = gliner_models.build_architecture("tiny", tmp_path / "tiny")
    model = load_gliner(str(folder))
    assert model.model.config.max_width == 12
    found = model.batch_predict_entities(TEXTS, ["person", "city"], threshold=1e-9)
    assert found == [[], [], []]


def test_spacy_learns_from_documents(tmp_path: Path) -> None:
    documents = [
        Document(TEXTS[0], (Entity(0, 12, "person"), Entity(22, 26, "city"))),
        Document(TEXTS[1], (Entity(0, 3, "city"),)),  # ends within a token
    ]
    pipeline = train_spacy(tmp_path / "model", documents, documents, seed=0, max_steps=2)
    found = describe_spacy(tmp_path / "model")
    assert found["entities_between_tokens"] == {"train": 1, "dev": 1}
    assert found["parameters"] > 100_000
    model = load_spacy(str(pipeline))
    both = model.batch_predict_entities(TEXTS, ["person"])
    assert both == [model.batch_predict_entities([text], ["person"])[0] for text in TEXTS]
    assert train_spacy(tmp_path / "model", [], [], seed=0) == pipeline


class Counting:
    """A predictor that notes how many words each call had."""

    def __init__(self) -> None:
        self.words: list[int] = []

    def batch_predict_entities(self, texts: list[str], labels: Any) -> list[list[Any]]:
        self.words.append(sum(len(text.split()) for text in texts))
        return [[] for _ in texts]


def test_short_calls_are_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "_LEAST_WORDS", 30)
    predictor = Counting()
    found = scaling.measure_seconds_per_word(predictor, ["a b c"] * 4, ["x"], [10, 100])
    assert predictor.words == [12, 12, 12, 102]
    assert set(found) == {"10", "100"}
    assert scaling.count_needed_words([10, 100]) > 130


def test_without_a_network_there_is_no_share() -> None:
    class Idle:
        seconds, calls = 0.0, 0

        def reset(self) -> None: ...

    found = scaling.measure_network(Counting(), Idle(), ["a b c"] * 4, ["x"])  # type: ignore[arg-type]
    assert found == {"bulk": None, "known": None, "sentence": None}
