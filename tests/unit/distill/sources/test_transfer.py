"""Stores as the teachers of a run, whatever their order."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distilgliner.annotate.manifest import StateSettings, write_manifest
from distilgliner.annotate.spans import AnnotatedDocument
from distilgliner.annotate.store import AnnotationStore, open_store
from distilgliner.corpus.document import Document
from distilgliner.distill.config import TargetConfig
from distilgliner.distill.sources.transfer import (
    StoredTeacher,
    TransferDocument,
    list_scores,
    name_teachers,
    read_transfer,
)
from distilgliner.errors import UserError
from distilgliner.folders import compute_fingerprint
from several_stores import write_teacher_store
from tiny_store import LABELS, build_documents

DOCUMENTS = build_documents(12)
SORTED = ("city", "person")


def read(
    stores: list[AnnotationStore], labels: tuple[str, ...] = SORTED, **target: Any
) -> tuple[tuple[StoredTeacher, ...], list[TransferDocument]]:
    return read_transfer(stores, labels, TargetConfig(**target), states=False)


def fingerprint(documents: list[TransferDocument]) -> str:
    parts = (part for document in documents for part in list_scores(document, with_rows=True))
    return compute_fingerprint(parts)


def test_one_store_is_read_as_it_is(tmp_path: Path) -> None:
    store = write_teacher_store(tmp_path, DOCUMENTS)
    (teacher,), documents = read([store], LABELS)
    assert (teacher.name, teacher.labels, teacher.weight) == ("tiny-teacher", LABELS, 1.0)
    assert teacher.vocabulary == tmp_path / "vocabulary"
    assert [document.id for document in documents] == sorted(d.id for d in DOCUMENTS)
    assert {document.teachers for document in documents} == {(0,)}
    stored = {document.id: document.spans.label_index.tolist() for document in store}
    for document in documents:
        assert document.annotations[0].spans.label_index.tolist() == stored[document.id]


def test_labels_count_in_those_of_the_student(tmp_path: Path) -> None:
    store = write_teacher_store(tmp_path, DOCUMENTS)  # person, city
    _, documents = read([store], ("animal", "city", "person"))
    stored = {document.id: document.spans.label_index for document in store}
    for document in documents:
        expected = np.where(stored[document.id] == 0, 2, 1)
        assert np.array_equal(document.annotations[0].spans.label_index, expected)


def test_texts_of_some_teachers_and_of_all(tmp_path: Path) -> None:
    one = write_teacher_store(tmp_path / "1", DOCUMENTS[:8], teacher="one", weight_hash="aa")
    other = write_teacher_store(tmp_path / "2", DOCUMENTS[4:], teacher="other", weight_hash="bb")
    teachers, documents = read([one, other])
    assert [teacher.name for teacher in teachers] == ["one", "other"]
    by_id = {document.id: document.teachers for document in documents}
    assert [by_id[d.id] for d in DOCUMENTS] == [(0,)] * 4 + [(0, 1)] * 4 + [(1,)] * 4
    assert name_teachers(teachers) == "one and other"


def test_neither_the_order_of_stores_nor_of_labels_counts(tmp_path: Path) -> None:
    stores = [
        write_teacher_store(tmp_path / "1", DOCUMENTS[:8], weight_hash="bb"),
        write_teacher_store(tmp_path / "2", DOCUMENTS[4:], weight_hash="aa", logit=2.0),
        write_teacher_store(tmp_path / "3", DOCUMENTS, LABELS[::-1], weight_hash="cc"),
        write_teacher_store(tmp_path / "4", DOCUMENTS[::2], weight_hash="bb", logit=1.0),
    ]
    seen = set()
    for order in permutations(stores):
        teachers, documents = read(list(order))
        hashes = tuple(teacher.weight_hash for teacher in teachers)
        seen.add((hashes, teachers[0].vocabulary, fingerprint(documents)))
    assert len(seen) == 1
    # of equal weights the teacher with most text is first: bb has 8 and 6 documents
    assert seen.pop()[0] == ("bb", "cc", "aa")


def test_one_teacher_in_two_stores_counts_once(tmp_path: Path) -> None:
    stores = [
        write_teacher_store(tmp_path / "1", DOCUMENTS[:8]),
        write_teacher_store(tmp_path / "2", DOCUMENTS[4:], LABELS[::-1]),
    ]
    teachers, documents = read(stores)
    assert len(teachers) == 1
    assert len(documents) == 12
    assert {document.teachers for document in documents} == {(0,)}
    assert name_teachers(teachers) == "tiny-teacher"


def test_weights_belong_to_the_stores_in_their_order(tmp_path: Path) -> None:
    one = write_teacher_store(tmp_path / "1", DOCUMENTS, weight_hash="aa")
    other = write_teacher_store(tmp_path / "2", DOCUMENTS, weight_hash="bb")
    for stores, weights in (([one, other], (1.0, 3.0)), ([other, one], (3.0, 1.0))):
        teachers, _ = read(stores, teacher_weights=weights)
        assert [(t.weight_hash, t.weight) for t in teachers] == [("bb", 3.0), ("aa", 1.0)]
    with pytest.raises(UserError, match="has 3 weights for 2 stores; give one for each"):
        read([one, other], teacher_weights=(1.0, 1.0, 1.0))


def test_teachers_that_split_words_differently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = [
        write_teacher_store(tmp_path / name, [Document("Ada left", ())], weight_hash=name)
        for name in ("aa", "bb")
    ]
    iterate = AnnotationStore.iterate

    def split(store: AnnotationStore, states: bool = False) -> Any:
        for document in iterate(store, states):
            words = [(0, 8)] if store is stores[1] else document.words
            yield AnnotatedDocument(document.id, document.text, words, document.spans)

    monkeypatch.setattr(AnnotationStore, "iterate", split)
    with pytest.raises(UserError, match=r"split the text 'Ada left' into different words"):
        read(stores)


def test_states_come_from_all_stores_of_the_first_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each text once, of the first store that has it; never those of another checkpoint."""
    settings = StateSettings(layers=(6,), dim=1)
    parts = (("a", DOCUMENTS[:8], "00", ["person"]), ("b", DOCUMENTS[6:10], "00", ["city"]))
    value = {}
    stores = []
    for name, documents, checkpoint, labels in (*parts, ("c", DOCUMENTS[9:], "11", ["person"])):
        store = write_teacher_store(tmp_path / name, documents, labels, weight_hash=checkpoint)
        write_manifest(store.folder, store.manifest.model_copy(update={"states": settings}))
        stores.append(open_store(store.folder))
        value[store.folder] = ord(name)
    read_plain = AnnotationStore.iterate

    def read_states(store: AnnotationStore, states: bool = False) -> Any:
        for document in read_plain(store):
            numbers = np.full((1, len(document.words), 1), value[store.folder], dtype=np.float16)
            yield replace(document, states=numbers if states else None)

    monkeypatch.setattr(AnnotationStore, "iterate", read_states)
    _, documents = read_transfer(stores, SORTED, TargetConfig(), states=True)
    found = {
        document.id: None if document.states is None else chr(int(document.states[0, 0, 0]))
        for document in documents
    }
    assert [found[document.id] for document in DOCUMENTS] == [*"aaaaaaaabb", None, None]
    kept = [[a.states is not None for a in document.annotations] for document in documents]
    assert max(map(sum, kept)) == 1


def test_states_are_wanted_of_the_first_teacher_only(tmp_path: Path) -> None:
    stores = [
        write_teacher_store(tmp_path / name, DOCUMENTS, weight_hash=name) for name in ("aa", "bb")
    ]
    with pytest.raises(UserError, match=r"aa has no hidden states of the teacher"):
        read_transfer(stores, SORTED, TargetConfig(), states=True)
