"""The annotated text of a run: every text once, with what each teacher has said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from distilgliner.annotate.manifest import Manifest
from distilgliner.annotate.spans import AnnotatedDocument
from distilgliner.annotate.store import AnnotationStore
from distilgliner.annotate.vocabulary import VOCABULARY_FOLDER
from distilgliner.distill.config import TargetConfig
from distilgliner.errors import UserError
from distilgliner.folders import compute_fingerprint


@dataclass(frozen=True)
class StoredTeacher:
    """A checkpoint that was asked for a label set, perhaps of several stores."""

    name: str
    weight_hash: str
    labels: tuple[str, ...]
    target: TargetConfig
    """How its scores become targets."""
    weight: float = 1.0
    """Its part in the average of the teachers, or how often it is drawn."""
    vocabulary: Path = Path(VOCABULARY_FOLDER)
    """Where its tokenizer and subword vectors are."""
    gold_f1: float | None = None
    """Strict F1 of its decisions on the gold among its texts, where that was asked (`mixed`)."""

    def describe(self) -> dict[str, object]:
        """What `run.json` says of it when there are several."""
        return {
            "teacher": self.name,
            "teacher_hash": self.weight_hash,
            "labels": sorted(self.labels),
            "weight": self.weight,
        }


def name_teachers(teachers: Sequence[StoredTeacher]) -> str:
    """The names of the teachers as a phrase, each once."""
    names = list(dict.fromkeys(teacher.name for teacher in teachers))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


@dataclass(frozen=True, slots=True)
class TransferDocument:
    """A text with the annotations of one teacher or several."""

    annotations: tuple[AnnotatedDocument, ...]
    """One at least, all of the same words; `label_index` counts in the labels of the student."""
    teachers: tuple[int, ...] = (0,)
    """Whose they are, as rows of the teachers of the run, ascending."""

    @property
    def id(self) -> str:
        return self.annotations[0].id

    @property
    def text(self) -> str:
        return self.annotations[0].text

    @property
    def words(self) -> list[tuple[int, int]]:
        return self.annotations[0].words

    @property
    def states(self) -> np.ndarray | None:
        """Hidden states, of the one teacher that they were read of."""
        return next((a.states for a in self.annotations if a.states is not None), None)


def read_transfer(
    stores: Sequence[AnnotationStore], labels: Sequence[str], target: TargetConfig, *, states: bool
) -> tuple[tuple[StoredTeacher, ...], list[TransferDocument]]:
    """The teachers of some stores, and their texts in the order of ids.

    Stores of one checkpoint, label set and weight are one teacher, which counts once for a text
    that stands in several of them. Teachers come in an order that the order of the stores has no
    say in; the first of them is the one that weighs most, of equals the one with most text. It
    lends the student its tokenizer and first word vectors, and its hidden states when `states`: of
    a text that it was asked other labels for, those of the first store that has them.
    Raises `UserError` for weights that do not fit the stores, and for a text that two teachers
    split into different words.
    """
    weights = _check_weights(target.teacher_weights, stores)
    if len(stores) == 1:
        teacher = _build_teacher(stores[0], weights[0], target)
        read = sorted(stores[0].iterate(states=states), key=lambda document: document.id)
        rows = _map_labels(stores[0].labels, labels)
        return (teacher,), [TransferDocument((_relabel(document, rows),)) for document in read]
    groups = _group_stores(stores, weights)
    teachers = tuple(_build_teacher(group[0], weight, target) for group, weight in groups)
    found: dict[str, dict[int, AnnotatedDocument]] = {}
    first = groups[0][0][0].manifest
    seen: set[str] = set()  # texts that have their states
    for row, (group, _) in enumerate(groups):
        for store in group:
            indices = _map_labels(store.labels, labels)
            with_states = states and (row == 0 or _has_same_states(store.manifest, first))
            for document in store.iterate(states=with_states):
                if document.id in seen:
                    document = replace(document, states=None)
                elif with_states:
                    seen.add(document.id)
                found.setdefault(document.id, {}).setdefault(row, _relabel(document, indices))
    documents = [
        TransferDocument(tuple(by_row[row] for row in sorted(by_row)), tuple(sorted(by_row)))
        for _, by_row in sorted(found.items())
    ]
    for transfer in documents:
        _check_words(transfer, teachers)
    return teachers, documents


def list_scores(document: TransferDocument, *, with_rows: bool) -> Iterator[str | bytes]:
    """All that teachers have said of a text, for a fingerprint; `with_rows` also says who."""
    for row, annotation in zip(document.teachers, document.annotations, strict=True):
        if with_rows:
            yield str(row)
        yield from _list_scores(annotation)


def _list_scores(document: AnnotatedDocument) -> Iterator[str | bytes]:
    yield document.text
    yield np.array(document.words, dtype=np.int64).tobytes()
    spans = document.spans
    for values in (spans.word_start, spans.word_end, spans.label_index, spans.logit):
        yield values.tobytes()


def _check_weights(weights: tuple[float, ...], stores: Sequence[AnnotationStore]) -> list[float]:
    if not weights:
        return [1.0] * len(stores)
    if len(weights) != len(stores):
        raise UserError(
            f"target.teacher_weights has {len(weights)} weights for {len(stores)} stores; give one "
            "for each --annotations, in their order."
        )
    return list(weights)


def _group_stores(
    stores: Sequence[AnnotationStore], weights: Sequence[float]
) -> list[tuple[list[AnnotationStore], float]]:
    """The stores of each teacher, and its weight; sorted by what they hold."""
    groups: dict[tuple[str, ...], list[tuple[str, AnnotationStore, float]]] = {}
    for store, weight in zip(stores, weights, strict=True):
        manifest = store.manifest
        key = (
            manifest.teacher_hash,
            *sorted(store.labels),
            repr((manifest.prompt.prompts, weight)),
        )
        groups.setdefault(key, []).append((_compute_content(store), store, weight))
    ordered = []
    for key, members in groups.items():
        members.sort(key=lambda member: member[0])
        size = sum(len(store) for _, store, _ in members)
        ordered.append(((-members[0][2], -size, *key), members))
    ordered.sort(key=lambda entry: entry[0])
    return [([store for _, store, _ in members], members[0][2]) for _, members in ordered]


def _compute_content(store: AnnotationStore) -> str:
    """A fingerprint of all scores of a store, whatever their order."""
    parts = (
        part for document in sorted(store, key=lambda d: d.id) for part in _list_scores(document)
    )
    return compute_fingerprint(parts)


def _build_teacher(store: AnnotationStore, weight: float, target: TargetConfig) -> StoredTeacher:
    manifest = store.manifest
    return StoredTeacher(
        name=manifest.teacher,
        weight_hash=manifest.teacher_hash,
        labels=store.labels,
        target=target,
        weight=weight,
        vocabulary=store.folder / VOCABULARY_FOLDER,
    )


def _map_labels(stored: Sequence[str], labels: Sequence[str]) -> np.ndarray | None:
    """The index in `labels` of each label of a store; None when they are the same."""
    if tuple(stored) == tuple(labels):
        return None
    return np.array([list(labels).index(label) for label in stored], dtype=np.int32)


def _relabel(document: AnnotatedDocument, indices: np.ndarray | None) -> AnnotatedDocument:
    if indices is None:
        return document
    spans = replace(document.spans, label_index=indices[document.spans.label_index])
    return replace(document, spans=spans)


def _has_same_states(manifest: Manifest, first: Manifest) -> bool:
    """Whether a store has states of the same layers of the same checkpoint as the first one."""
    return manifest.teacher_hash == first.teacher_hash and manifest.states == first.states


def _check_words(document: TransferDocument, teachers: Sequence[StoredTeacher]) -> None:
    first = document.annotations[0]
    for row, annotation in zip(document.teachers, document.annotations, strict=True):
        if annotation.words != first.words:
            names = f"{teachers[document.teachers[0]].name} and {teachers[row].name}"
            raise UserError(
                f"The teachers {names} split the text {document.text[:40]!r} into different words, "
                "which cannot be averaged; distil from one of them."
            )
