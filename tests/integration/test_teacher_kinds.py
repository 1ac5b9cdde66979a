"""Every architecture of the gliner package scores and decodes as the package itself does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distilgliner.annotate.teacher import Teacher, load_teacher
from tiny_teachers import KINDS, save_tiny_teacher

TEXTS = [
    "Ada Lovelace wrote to Charles Babbage from London in 1843.",
    "The engine stood in Dorset Street .",
    "Nobody came",
    "Łódź and Zürich are cities; so is São Paulo!",
    "In a village of La Mancha, the name of which I have no desire to call to mind, there lived "
    "not long since one of those gentlemen that keep a lance in the lance-rack, an old buckler, "
    "a lean hack, and a greyhound for coursing.",
]
LABELS = ["city", "person", "year"]


@pytest.fixture(scope="module", params=KINDS)
def teacher(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Teacher:
    folder = tmp_path_factory.mktemp("teacher")
    # Token models decode spans of any width in the package: let ours be as wide as the texts.
    width = 60 if request.param.endswith("token") else 6
    return load_teacher(save_tiny_teacher(request.param, folder, max_width=width))


def test_kind_is_found_without_loading(teacher: Teacher) -> None:
    names = {
        "uni-encoder span": "UniEncoderSpanGLiNER",
        "uni-encoder token": "UniEncoderTokenGLiNER",
        "bi-encoder span": "BiEncoderSpanGLiNER",
        "bi-encoder token": "BiEncoderTokenGLiNER",
    }
    assert names[teacher.checkpoint.kind] == type(teacher.model).__name__


def test_decoded_entities_equal_the_packages(teacher: Teacher) -> None:
    threshold = _some_threshold(teacher)
    ours = teacher.batch_predict_entities(TEXTS, LABELS, threshold=threshold)
    theirs = [teacher.model.predict_entities(t, LABELS, threshold=threshold) for t in TEXTS]
    assert sum(map(len, theirs)) > 5
    for mine, other in zip(ours, theirs, strict=True):
        assert [_key(e) for e in mine] == [_key(e) for e in other]
        assert [e["score"] for e in mine] == pytest.approx([e["score"] for e in other], abs=1e-4)


def test_span_scores_equal_the_definition(teacher: Teacher) -> None:
    """All spans with floor 0: for token models the least of start, end and inside logits."""
    words = [text.split() for text in TEXTS[:3]]
    scores = teacher.score(words, LABELS, 0.0)
    for row, found in zip(words, scores, strict=True):
        widths = range(1, teacher.max_width + 1)
        spans = [(s, s + w) for s in range(len(row)) for w in widths if s + w <= len(row)]
        assert len(found) == len(spans) * len(LABELS)
        if teacher.checkpoint.is_token_model:
            batch = teacher.model.collate_batch([{"tokenized_text": row, "ner": None}], LABELS)
            logits = teacher.model.run_batch(batch)[0][0].numpy()  # (L, C, 3)
            expected = {
                (s, e, c): min(logits[s, c, 0], logits[e - 1, c, 1], logits[s:e, c, 2].min())
                for s, e in spans
                for c in range(len(LABELS))
            }
            for s, e, c, logit in _rows(found):
                assert logit == pytest.approx(expected[s, e, c], abs=1e-4)


def test_no_entity_is_longer_than_the_longest_span(teacher: Teacher) -> None:
    found = teacher.score([["x"] * 80], LABELS, 0.0)[0]
    assert (found.word_end - found.word_start).max() == teacher.max_width


def test_relative_positions_know_no_limit_but_the_words(tmp_path: Path) -> None:
    folder = save_tiny_teacher(
        "uni-encoder token",
        tmp_path / "t",
        tokenizer_limit=10**9,
        encoder_config={
            "model_type": "deberta-v2",
            "vocab_size": 30525,
            "hidden_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 64,
            "relative_attention": True,
            "position_biased_input": False,
            "pos_att_type": ["p2c", "c2p"],
        },
    )
    teacher = load_teacher(folder)
    assert teacher.max_subwords is None
    words = ["antidisestablishmentarianism"] * 200  # 1,200 subwords, but below max_len
    assert len(teacher.score([words], LABELS, 0.0)[0]) > 200


def _some_threshold(teacher: Teacher) -> float:
    """The threshold that one span in twenty of random weights exceeds."""
    logits = np.concatenate(
        [s.logit for s in teacher.score([text.split() for text in TEXTS], LABELS, 0.0)]
    )
    # In the widest gap there, or a span could lie on the threshold itself.
    near = np.unique(np.quantile(logits, np.linspace(0.93, 0.97, 200), method="nearest"))
    gap = int(np.diff(near).argmax())
    return float(1 / (1 + np.exp(-(near[gap] + near[gap + 1]) / 2)))


def _rows(found: object) -> list[tuple[int, int, int, float]]:
    columns = (found.word_start, found.word_end, found.label_index, found.logit)  # type: ignore[attr-defined]
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _key(entity: dict[str, object]) -> tuple[object, ...]:
    return entity["start"], entity["end"], entity["label"], entity["text"]
