"""What a run learns from: checked before the folder is claimed, whatever the order of the input."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from distilgliner.annotate.store import AnnotationStore
from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.split import text_key
from distilgliner.distill.config import TargetConfig, build_distill_config
from distilgliner.distill.data import DistillData, build_data, check_floor
from distilgliner.errors import UserError
from tiny_store import build_documents, write_store

DOCUMENTS = build_documents(60)
TRANSFER, GOLD, DEV = DOCUMENTS[:40], DOCUMENTS[30:50], DOCUMENTS[50:]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> AnnotationStore:
    return write_store(tmp_path_factory.mktemp("store"), TRANSFER)


def build(store: AnnotationStore, targets: str, **data: Any) -> DistillData:
    return build_data(build_distill_config({"targets": targets}), store, **data)


def shuffle(documents: list[Document], seed: int) -> list[Document]:
    return random.Random(seed).sample(documents, len(documents))


def test_the_order_of_the_input_has_no_say(store: AnnotationStore, tmp_path: Path) -> None:
    twice = [*GOLD, Document(GOLD[0].text, ())]  # labelled twice, differently
    one = build(store, "mixed", gold=twice, dev=DEV)
    for seed in range(3):
        other_store = write_store(tmp_path / str(seed), shuffle(TRANSFER, seed))
        data = build(other_store, "mixed", gold=shuffle(twice, seed), dev=shuffle(DEV, seed))
        assert [d.id for d in data.transfer] == [d.id for d in one.transfer]
        assert (data.gold, data.dev) == (one.gold, one.dev)
        assert data.compute_fingerprints() == one.compute_fingerprints()


def test_fingerprints_see_the_smallest_step_of_a_score(
    store: AnnotationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = build(store, "soft", dev=DEV)
    changed = build(store, "soft", dev=DEV)
    changed.transfer[3].spans.logit[0] += 2**-10
    one, other = before.compute_fingerprints(), changed.compute_fingerprints()
    assert {name for name in one if one[name] != other[name]} == {"annotations"}


def double(documents: list[Document]) -> list[Document]:
    """Every document twice, the second time in capitals and with other white space."""
    return [
        same
        for document in documents
        for same in (document, Document(document.text.upper().replace(" ", "\n"), ()))
    ]


def test_equal_texts_are_held_out_together(tmp_path: Path) -> None:
    doubled = write_store(tmp_path / "store", double(TRANSFER))
    data = build(doubled, "mixed", gold=double(GOLD))
    held = {text_key(document.text) for document in data.dev}
    assert len(held) == 4
    assert len(data.dev) == 8
    assert not held & {text_key(document.text) for document in (*data.transfer, *data.gold)}
    data = build(doubled, "gold", gold=double(GOLD))
    assert (len(data.dev), len(data.gold)) == (4, 36)
    assert not {text_key(d.text) for d in data.dev} & {text_key(d.text) for d in data.gold}


@pytest.mark.parametrize("targets", ["hard", "soft"])
def test_gold_without_a_use_is_refused(targets: str, store: AnnotationStore) -> None:
    message = f"'{targets}' learn from no human label; leave --gold out, or pass --targets mixed"
    with pytest.raises(UserError, match=message):
        build(store, targets, gold=GOLD)


def test_all_of_the_gold_held_out(store: AnnotationStore) -> None:
    message = r"no document to learn from with targets 'gold'; give more text with --gold, or pass"
    with pytest.raises(UserError, match=message):
        build(store, "gold", gold=GOLD[:1])
    assert build(store, "gold", gold=GOLD[:1], dev=DEV).gold == GOLD[:1]


@pytest.mark.parametrize("targets", ["hard", "soft", "mixed"])
def test_all_of_the_annotated_text_held_out(targets: str, tmp_path: Path) -> None:
    small = write_store(tmp_path / "store", TRANSFER[:1])
    gold = [TRANSFER[0]] if targets == "mixed" else []
    with pytest.raises(UserError, match=r"learn from .*; annotate more text, or pass --dev FILE"):
        build(small, targets, gold=gold)


def test_documents_without_a_word_are_nothing_to_learn_from(store: AnnotationStore) -> None:
    with pytest.raises(UserError, match="no document to learn from with targets 'gold'"):
        build(store, "gold", gold=[Document(" ", ()), Document("", ())], dev=DEV)


@pytest.mark.parametrize(
    ("settings", "floor", "message"),
    [
        ({"teacher_threshold": 0.001}, 0.01, r"target\.teacher_threshold=0\.001 is below .*0\.01"),
        ({"span_floor": 0.0001}, 0.01, r"target\.span_floor=0\.0001 is below the floor 0\.01 of"),
        ({"span_floor": 0.05}, 0.1, r"target\.span_floor=0\.05 .*; give 0\.1 at least, or annot"),
        ({"span_floor": 0.01, "teacher_threshold": 0.01}, 0.01, None),
        ({"span_floor": 0}, 0.01, None),  # all that is stored
        ({}, 0.1, None),
        ({"span_floor": 1e-9}, 0.0, None),
    ],
)
def test_thresholds_below_the_floor(
    settings: dict[str, float], floor: float, message: str | None
) -> None:
    config = TargetConfig.model_validate(settings)
    if message is None:
        check_floor(config, floor)
        return
    with pytest.raises(UserError, match=message):
        check_floor(config, floor)


def test_the_floor_of_the_store_is_what_counts(store: AnnotationStore) -> None:
    config = build_distill_config({"targets": "hard", "target": {"teacher_threshold": 0.0009}})
    with pytest.raises(UserError, match=r"below the floor 0\.001 of the annotations"):
        build_data(config, store, dev=[Document("Ada", (Entity(0, 3, "person"),))])
