"""The bundled teacher, behind our interface and behind the package's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from distilgliner.annotate.decode import decode_flat
from distilgliner.annotate.spans import AnnotatedDocument, SpanScores, round_logits
from distilgliner.corpus.words import cut_words, split_words
from distilgliner.errors import UserError
from distilgliner.models import iterate_entities, set_prompts
from distilgliner.serve.lanes import GivenUpError

if TYPE_CHECKING:
    from distilgliner.annotate.teacher import Teacher

LABELS = ["date", "location", "organization", "person"]
TEXTS = [
    "Ada Lovelace met Charles Babbage at a party in London on 5 June 1833.",
    "Grace Hopper worked for the Eckert-Mauchly Computer Corporation in Philadelphia.",
    "Łukasiewicz taught in Lwów; Ōe Kenzaburō was born in Ōse, Ehime.",
    "Der Bürgermeister von Köln heißt nicht Müller-Lüdenscheidt.",
    "Москва и Санкт-Петербург — города в России.",
    "東京 is the capital of 日本 , said Shinzō Abe 🙂 .",
    "ok",
    "",
    " \t\n",
    "WHO and UNICEF staff flew from Geneva to Nairobi with Kenya Airways on Monday , he said .",
]
STORY = (
    "Emmy Noether was born in Erlangen. She taught at the University of Göttingen with "
    "David Hilbert and Felix Klein, and left for Bryn Mawr in Pennsylvania in 1933! "
    "Albert Einstein wrote to the New York Times about her.\n"
)


@pytest.mark.parametrize("threshold", [0.3, 0.5])
def test_short_texts_give_the_packages_entities(bundled_teacher: Teacher, threshold: float) -> None:
    ours = bundled_teacher.batch_predict_entities(TEXTS, LABELS, threshold=threshold)
    model = bundled_teacher.model
    theirs = [model.predict_entities(text, LABELS, threshold=threshold) for text in TEXTS]
    assert sum(map(len, theirs)) >= 12
    for mine, other in zip(ours, theirs, strict=True):
        assert [_key(e) for e in mine] == [_key(e) for e in other]
        assert [e["score"] for e in mine] == pytest.approx([e["score"] for e in other], abs=1e-5)


@pytest.mark.parametrize(
    "labels",
    [
        ["person", "location", "organization", "date"],
        ["organization", "person", "date", "location"],
        ["location", "date", "person"],
        ["person", "book", "city", "award", "company"],
    ],
)
def test_answers_are_the_packages_in_any_order_of_labels(
    bundled_teacher: Teacher, labels: list[str]
) -> None:
    """GLiNER's scores depend on the order of the labels, so an answer keeps that of the caller."""
    text = "Ada Lovelace met Charles Babbage of Cambridge University in London on 5 June 1833."
    mine = bundled_teacher.batch_predict_entities([text], labels, threshold=0.2)[0]
    other = bundled_teacher.model.predict_entities(text, labels, threshold=0.2)
    assert len(other) >= 2
    assert [_key(entity) for entity in mine] == [_key(entity) for entity in other]
    assert [e["score"] for e in mine] == pytest.approx([e["score"] for e in other], abs=1e-5)
    turned = bundled_teacher.batch_predict_entities([text], labels[::-1], threshold=0.2)[0]
    assert [entity["score"] for entity in turned] != [entity["score"] for entity in mine]


def test_own_span_head_equals_the_packages(bundled_teacher: Teacher) -> None:
    words = [cut_words(text, split_words(text)) for text in [*TEXTS, STORY]]
    assert bundled_teacher._has_marker_head
    fast = bundled_teacher.score(words, LABELS, 0.0)
    bundled_teacher._has_marker_head = False
    try:
        slow = bundled_teacher.score(words, LABELS, 0.0)
    finally:
        bundled_teacher._has_marker_head = True
    for mine, other in zip(fast, slow, strict=True):
        assert _spans(mine) == _spans(other)
        assert mine.logit == pytest.approx(other.logit, abs=1e-4)


def test_words_without_subwords_shift_nothing(bundled_teacher: Teacher) -> None:
    """In the package each word behind a lone variation selector gets its neighbour's vector."""
    plain = "I love Berlin and Marie Curie ."
    with_selector = "I ❤\ufe0f love Berlin and Marie Curie ."
    found = bundled_teacher.batch_predict_entities([plain, with_selector], LABELS, threshold=0.3)
    texts = [[(e["text"], e["label"]) for e in entities] for entities in found]
    assert texts[0] == [("Berlin", "location"), ("Marie Curie", "person")]
    assert texts[1] == texts[0]
    assert len(bundled_teacher.score([["\ufe0f"], []], LABELS, 0.0)[0]) == 0


def test_scores_do_not_depend_on_the_label_order(bundled_teacher: Teacher) -> None:
    words = [cut_words(text, split_words(text)) for text in TEXTS]
    other_order = ["person", "date", "organization", "location"]
    for one, other in zip(
        bundled_teacher.score(words, LABELS, 1e-3),
        bundled_teacher.score(words, other_order, 1e-3),
        strict=True,
    ):
        assert [LABELS[i] for i in one.label_index] == [other_order[i] for i in other.label_index]
        assert np.array_equal(one.logit, other.logit)
        assert np.array_equal(one.word_start, other.word_start)


def test_scores_hardly_depend_on_the_batch(bundled_teacher: Teacher) -> None:
    texts = [*TEXTS, STORY, *(" ".join(TEXTS[i : i + 3]) for i in range(4))]
    words = [split_words(text) for text in texts]
    rows = [cut_words(text, offsets) for text, offsets in zip(texts, words, strict=True)]
    small = bundled_teacher.score(rows, LABELS, 1e-3, batch_words=128)
    large = bundled_teacher.score(rows[::-1], LABELS, 1e-3, batch_words=4096)[::-1]
    for text, offsets, one, other in zip(texts, words, small, large, strict=True):
        logits = [dict(zip(_spans(s), s.logit.tolist(), strict=True)) for s in (one, other)]
        for span in logits[0].keys() ^ logits[1].keys():  # at the floor, one may be just below it
            assert (logits[0] | logits[1])[span] == pytest.approx(np.log(1e-3 / 0.999), abs=1e-4)
        for span in logits[0].keys() & logits[1].keys():
            assert logits[0][span] == pytest.approx(logits[1][span], abs=1e-4)
        entities = [
            [
                (e.char_start, e.char_end, e.label)
                for e in decode_flat(AnnotatedDocument("", text, offsets, rounded), LABELS)
            ]
            for rounded in (_round(one), _round(other), one)
        ]
        assert entities[0] == entities[1] == entities[2]


def test_long_documents_are_not_truncated(bundled_teacher: Teacher) -> None:
    text = STORY * 30  # 1,200 words; the teacher reads 256
    words = cut_words(text, split_words(text))
    scores = bundled_teacher.score([words], ["person"], 0.0)[0]
    spans = {(start, end) for start, end, _ in _spans(scores)}
    widths = range(1, bundled_teacher.max_width + 1)
    assert spans == {
        (start, start + width)
        for start in range(len(words))
        for width in widths
        if start + width <= len(words)
    }
    found = bundled_teacher.batch_predict_entities([text], LABELS, threshold=0.1)[0]
    places = {e["start"] // len(STORY) for e in found if e["label"] == "person"}
    assert places == set(range(30))


def test_windows_obey_the_subword_limit(bundled_teacher: Teacher) -> None:
    """Long words fill BERT's 512 positions long before `max_len` words."""
    word = "Pneumonoultramicroscopicsilicovolcanoconiosis"
    text = " ".join([word] * 150 + ["Marie Curie lives in Paris ."])
    found = bundled_teacher.batch_predict_entities([text], LABELS, threshold=0.3)[0]
    assert [(e["text"], e["start"]) for e in found if e["label"] == "location"] == [
        ("Paris", len(text) - 7)
    ]


@pytest.mark.parametrize("giant", ["я-" * 3000 + "я", "東" * 2000])
def test_a_giant_word_does_no_harm(bundled_teacher: Teacher, giant: str) -> None:
    before = bundled_teacher.shortened_words
    texts = [giant, f"Marie Curie lives in {giant} near Paris ."]
    found = bundled_teacher.batch_predict_entities(texts, LABELS, threshold=0.3)
    assert bundled_teacher.shortened_words == before + 2
    assert "Marie Curie" in [e["text"] for e in found[1]]


def test_many_labels_in_several_prompts(bundled_teacher: Teacher) -> None:
    labels = ["person", "location", "date"]
    words = [cut_words(TEXTS[0], split_words(TEXTS[0]))]
    together = bundled_teacher.score(words, labels, 0.0, prompts=2)[0]
    alone = bundled_teacher.score(words, ["person"], 0.0)[0]
    persons = together.label_index == 0
    assert np.array_equal(together.logit[persons], alone.logit)
    assert np.array_equal(together.word_end[persons], alone.word_end)
    order = [(s, e, labels[c]) for s, e, c in _spans(together)]
    assert order == sorted(order)


def test_groups_of_labels(bundled_teacher: Teacher) -> None:
    """As the prompts of the groups alone, in the order of one prompt, whatever theirs was."""
    labels = ["person", "location", "date"]
    words = [cut_words(TEXTS[0], split_words(TEXTS[0]))]
    groups = [["person", "date"], ["location"]]
    together = bundled_teacher.score(words, labels, 0.0, prompts=groups)[0]
    for group in groups:
        alone = bundled_teacher.score(words, group, 0.0)[0]
        mine = np.isin(together.label_index, [labels.index(label) for label in group])
        assert np.array_equal(together.logit[mine], alone.logit)
    order = [(s, e, labels[c]) for s, e, c in _spans(together)]
    assert order == sorted(order)
    turned = bundled_teacher.score(words, labels, 0.0, prompts=[g[::-1] for g in groups[::-1]])[0]
    assert np.array_equal(turned.logit, together.logit)
    assert np.array_equal(turned.label_index, together.label_index)


def test_white_space_of_labels_decides_nothing(bundled_teacher: Teacher) -> None:
    words = [cut_words(TEXTS[0], split_words(TEXTS[0]))]
    clean = bundled_teacher.score(words, ["person", "location"], 0.0)[0]
    padded = bundled_teacher.score(words, [" person ", "location"], 0.0)[0]
    assert np.array_equal(padded.logit, clean.logit)
    assert np.array_equal(padded.label_index, clean.label_index)
    found = bundled_teacher.batch_predict_entities([TEXTS[0]], [" person "], threshold=0.3)[0]
    assert found
    assert {entity["label"] for entity in found} == {" person "}


def test_a_checkpoint_that_is_asked_in_groups(bundled_teacher: Teacher) -> None:
    labels = ["person", "location", "date"]
    text = "Marie Curie was born in Warsaw in 1867 ."
    set_prompts(bundled_teacher, [["person"], ["location", "date"]])
    try:
        found = bundled_teacher.batch_predict_entities([text], labels, threshold=0.01)[0]
        with pytest.raises(UserError, match="'date' is in a prompt, but not among the labels"):
            bundled_teacher.batch_predict_entities([text], ["person", "location"])
    finally:
        set_prompts(bundled_teacher, None)
    alone = bundled_teacher.batch_predict_entities([text], ["person"], threshold=0.01)[0]
    score = {(e["start"], e["end"]): e["score"] for e in alone}
    persons = [entity for entity in found if entity["label"] == "person"]
    assert persons
    assert all(score[e["start"], e["end"]] == e["score"] for e in persons)


def test_labels_that_leave_no_room(bundled_teacher: Teacher) -> None:
    labels = [f"a rather long label number {index}" for index in range(80)]
    with pytest.raises(UserError, match=r"--labels-per-prompt \d+ "):
        bundled_teacher.score([["Hello"]], labels, 0.5)
    assert len(bundled_teacher.score([["Hello"]], labels, 0.0, prompts=40)[0]) == 80


def test_labels_that_the_tokenizer_drops(bundled_teacher: Teacher) -> None:
    with pytest.raises(UserError, match="tokenizer knows"):
        bundled_teacher.score([["Hello"]], ["\ufe0f"], 0.5)
    with pytest.raises(UserError, match="named twice"):
        bundled_teacher.score([["Hello"]], ["a", "a"], 0.5)
    with pytest.raises(UserError, match="marker"):
        bundled_teacher.score([["Hello"]], ["<<ENT>>"], 0.5)
    with pytest.raises(UserError, match="no labels of its own"):
        bundled_teacher.batch_predict_entities(["Hello"])


def _key(entity: dict[str, object]) -> tuple[object, ...]:
    return entity["start"], entity["end"], entity["label"], entity["text"]


def _spans(scores: SpanScores) -> list[tuple[int, int, int]]:
    columns = (scores.word_start, scores.word_end, scores.label_index)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _round(scores: SpanScores) -> SpanScores:
    rounded = round_logits(scores.logit).astype(np.float32)
    return SpanScores(scores.word_start, scores.word_end, scores.label_index, rounded)


def test_half_a_character_is_read_as_a_question_mark(bundled_teacher: Teacher) -> None:
    texts = ["Ada \ud800 Lovelace lives in London\udfff .", "Ada ? Lovelace lives in London? ."]
    broken, clean = bundled_teacher.batch_predict_entities(texts, LABELS, threshold=0.3)
    assert clean
    assert [_key(entity)[:2] for entity in broken] == [_key(entity)[:2] for entity in clean]
    assert all(texts[0][e["start"] : e["end"]] == e["text"] for e in broken)
    with pytest.raises(UserError, match="has half a character"):
        bundled_teacher.batch_predict_entities(["Ada"], ["per\ud800son"])


def test_a_server_can_pause_and_end_a_long_answer(bundled_teacher: Teacher) -> None:
    pauses = []
    steps = iterate_entities(
        bundled_teacher, [STORY * 30, "", "Ada"], LABELS, 0.5, lambda: pauses.append(1)
    )
    found = dict(row for rows in steps for row in rows)
    assert list(found) == [0, 2]
    assert len(found[0]) > 60
    assert len(pauses) > 1

    def give_up() -> None:
        raise GivenUpError

    with pytest.raises(GivenUpError):
        list(iterate_entities(bundled_teacher, [STORY * 30], LABELS, 0.5, give_up))
    assert bundled_teacher.on_batch is None
