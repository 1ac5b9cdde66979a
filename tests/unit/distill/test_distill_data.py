"""What a run learns from: checked before anything is written, whatever the order of the input."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from distilgliner.annotate.store import AnnotationStore
from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.split import text_key
from distilgliner.distill.config import TargetConfig, build_distill_config
from distilgliner.distill.data import DistillData, build_data
from distilgliner.distill.sources.labels import check_floor, choose_labels
from distilgliner.distill.sources.partial import find_known_labels, mark_partial
from distilgliner.errors import UserError
from several_stores import write_teacher_store
from tiny_store import build_documents, write_store

DOCUMENTS = build_documents(60)
TRANSFER, GOLD, DEV = DOCUMENTS[:40], DOCUMENTS[30:50], DOCUMENTS[50:]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> AnnotationStore:
    return write_store(tmp_path_factory.mktemp("store"), TRANSFER)


def build(store: AnnotationStore | list[AnnotationStore], targets: str, **data: Any) -> DistillData:
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


def test_vectors_cannot_move_without_states(store: AnnotationStore) -> None:
    training = {"context_share": 0.5, "terms": {"states": {"weight": 0.0}}}
    soft, gold = (
        build_distill_config({"targets": targets, "training": training})
        for targets in ("soft", "gold")
    )
    with pytest.raises(UserError, match=r"no hidden states of the teacher.* --states -1"):
        build_data(soft, store, dev=DEV)
    assert not build_data(gold, store, GOLD, DEV).has_states, "gold has no teacher to move them"


def test_fingerprints_see_the_smallest_step_of_a_score(
    store: AnnotationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = build(store, "soft", dev=DEV)
    changed = build(store, "soft", dev=DEV)
    changed.transfer[3].annotations[0].spans.logit[0] += 2**-10
    one, other = before.compute_fingerprints(), changed.compute_fingerprints()
    assert {name for name in one if one[name] != other[name]} == {"annotations"}


def double(documents: list[Document]) -> list[Document]:
    """Every document twice, the second time in capitals and with other white space."""
    return [
        same
        for document in documents
        for same in (document, Document(document.text.upper().replace(" ", "\n"), ()))
    ]


def test_equal_texts_are_held_out_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    doubled = write_store(tmp_path / "store", double(TRANSFER))
    data = build(doubled, "soft")
    held = {text_key(document.text) for document in data.dev}
    assert (len(held), len(data.dev), data.dev_source) == (4, 8, "the teacher")
    assert not held & {text_key(document.text) for document in data.transfer}
    data = build(doubled, "gold", gold=double(GOLD))
    assert (len(data.dev), len(data.gold), data.dev_source) == (4, 36, "humans")
    assert not {text_key(d.text) for d in data.dev} & {text_key(d.text) for d in data.gold}
    assert len(data.transfer) == 80  # of which only the number counts
    monkeypatch.setattr("distilgliner.distill.data.ENOUGH_GOLD", 40)
    data = build(doubled, "mixed", gold=double(GOLD))
    held = {text_key(document.text) for document in data.dev}
    assert (len(held), len(data.dev), data.dev_source) == (2, 4, "humans")
    assert not held & {text_key(document.text) for document in (*data.transfer, *data.gold)}


def test_little_gold_is_learnt_from_and_chooses(store: AnnotationStore) -> None:
    data = build(store, "mixed", gold=GOLD)
    assert data.dev == data.gold == sorted(GOLD, key=lambda document: document.id)
    assert len(data.transfer) == len(TRANSFER)
    assert data.dev_source == "humans, and learned from as well"
    assert build(store, "mixed", gold=GOLD, dev=DEV).dev_source == "humans"


def test_beside_little_gold_a_tenth_of_the_other_text_is_held_out(
    store: AnnotationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distilgliner.distill.data.ENOUGH_HELD", 3)
    data = build(store, "mixed", gold=GOLD)  # of the 40 texts 30 have no gold
    assert (len(data.dev), data.dev_source) == (3, "the teacher")
    assert data.gold == sorted(GOLD, key=lambda document: document.id)
    held = {document.id for document in data.dev}
    assert held.isdisjoint(document.id for document in (*data.transfer, *GOLD))
    assert len(data.transfer) == len(TRANSFER) - 3
    ids = [document.id for document in data.transfer]
    assert ids == sorted(ids)
    assert data.dev == [next(d for d in TRANSFER if d.id == one.id) for one in data.dev]


def test_there_the_teachers_decide_as_the_gold_has_fitted_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distilgliner.distill.data.ENOUGH_HELD", 3)
    timid = write_teacher_store(tmp_path, TRANSFER, logit=0.8)
    assert any(document.entities for document in build(timid, "mixed", gold=GOLD).dev)
    nothing = [Document(document.text, ()) for document in GOLD]  # as people who find no entity
    data = build(timid, "mixed", gold=nothing)
    assert data.teachers[0].target.teacher_bias > 0.8
    assert len(data.dev) == 3
    assert not any(document.entities for document in data.dev)


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


@pytest.mark.parametrize("targets", ["hard", "soft"])
def test_all_of_the_annotated_text_held_out(targets: str, tmp_path: Path) -> None:
    small = write_store(tmp_path / "store", TRANSFER[:1])
    with pytest.raises(UserError, match=r"learn from .*; annotate more text, or pass --dev FILE"):
        build(small, targets)


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


ANIMALS = ("animal", "city")


@pytest.mark.parametrize(
    ("targets", "gold", "expected"),
    [
        ("soft", set(), ("person", "city")),
        ("mixed", {None}, ("person", "city")),
        ("mixed", {("person",)}, ("person", "city")),
        ("mixed", {None, ANIMALS}, ("animal", "city", "person")),
        ("mixed", {ANIMALS}, ("animal", "city", "person")),
        ("gold", {None}, ("person", "city")),
        ("gold", set(), ("person", "city")),  # refused later
        ("gold", {ANIMALS}, ANIMALS),  # nobody teaches persons
        ("gold", {("city",), ("person",)}, ("person", "city")),
        ("gold", {None, ANIMALS}, ("animal", "city", "person")),
    ],
)
def test_the_labels_of_one_store_and_gold(
    targets: str, gold: set[Any], expected: tuple[str, ...], store: AnnotationStore
) -> None:
    assert choose_labels(targets, [store], gold) == expected


def test_labels_of_several_stores_are_sorted(store: AnnotationStore, tmp_path: Path) -> None:
    other = write_teacher_store(tmp_path, TRANSFER, ("city", "animal"))
    for stores in ([store, other], [other, store]):
        assert choose_labels("soft", stores, set()) == ("animal", "city", "person")
    assert choose_labels("soft", [store, store], set()) == ("city", "person")


def test_partial_gold_and_dev_stay_partial(store: AnnotationStore) -> None:
    cities = [
        Document(d.text, tuple(e for e in d.entities or () if e.label == "city")) for d in GOLD
    ]
    gold = [*mark_partial(cities, ["city"]), *mark_partial([Document("A cat", ())], ["animal"])]
    data = build(store, "mixed", gold=gold, dev=mark_partial(DEV, ["person", "city"]))
    assert data.labels == ("animal", "city", "person")
    assert {find_known_labels(d) for d in data.gold} == {("city",), ("animal",)}
    assert {find_known_labels(d) for d in data.dev} == {("city", "person")}
    plain = build(store, "mixed", gold=cities, dev=DEV)
    partial = build(store, "mixed", gold=mark_partial(cities, ["city"]), dev=DEV)
    one, other = plain.compute_fingerprints(), partial.compute_fingerprints()
    assert {name for name in one if one[name] != other[name]} == {"gold"}


def test_fingerprints_cover_all_stores(store: AnnotationStore, tmp_path: Path) -> None:
    other = write_teacher_store(tmp_path / "1", TRANSFER[:20], weight_hash="11")
    nearly = write_teacher_store(tmp_path / "2", TRANSFER[:20], weight_hash="11", logit=4.01)
    one = build([store, other], "soft", dev=DEV).compute_fingerprints()
    assert build([other, store], "soft", dev=DEV).compute_fingerprints() == one
    changed = build([store, nearly], "soft", dev=DEV).compute_fingerprints()
    assert {name for name in one if one[name] != changed[name]} == {"annotations"}
    alone = build(store, "soft", dev=DEV).compute_fingerprints()
    assert alone["annotations"] != one["annotations"]


def test_fingerprints_cover_who_has_said_it(tmp_path: Path) -> None:
    found = []
    for first, second in (("11", "22"), ("22", "11")):  # the same scores, by the other teacher
        stores = [
            write_teacher_store(tmp_path / f"1-{first}", TRANSFER[:20], weight_hash=first),
            write_teacher_store(tmp_path / f"2-{second}", TRANSFER[20:], weight_hash=second),
        ]
        found.append(build(stores, "soft", dev=DEV).compute_fingerprints())
    assert found[0]["transfer"] == found[1]["transfer"]
    assert found[0]["annotations"] != found[1]["annotations"]


def test_the_floor_of_every_store_counts(store: AnnotationStore, tmp_path: Path) -> None:
    other = write_teacher_store(tmp_path, TRANSFER)
    other.manifest = other.manifest.model_copy(update={"floor": 0.2})
    config = build_distill_config({"targets": "soft", "target": {"span_floor": 0.1}})
    build_data(config, [store], dev=DEV)
    with pytest.raises(UserError, match=r"span_floor=0\.1 is below the floor 0\.2"):
        build_data(config, [store, other], dev=DEV)


def test_held_out_text_is_known_for_what_its_teachers_were_asked(
    store: AnnotationStore, tmp_path: Path
) -> None:
    cities = write_teacher_store(tmp_path, DOCUMENTS[40:], ("city",), weight_hash="11")
    data = build([store, cities], "hard")
    known = {document.id: find_known_labels(document) for document in data.dev}
    by_store = {d.id: None for d in TRANSFER} | {d.id: ("city",) for d in DOCUMENTS[40:]}
    assert len(known) == 6
    assert known == {key: by_store[key] for key in known}
    assert set(known.values()) == {None, ("city",)}


def test_a_label_that_nobody_teaches(store: AnnotationStore, tmp_path: Path) -> None:
    wordless = write_teacher_store(tmp_path, [Document(" ", ())], ("animal",), weight_hash="11")
    with pytest.raises(UserError, match="no text to learn the label 'animal' from"):
        build([store, wordless], "soft", dev=DEV)
