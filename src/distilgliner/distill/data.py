"""What a run learns from: labels checked, an order that the input has no say in, some held out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from distilgliner.annotate.store import AnnotationStore
from distilgliner.corpus.document import Document, text_id
from distilgliner.corpus.split import text_key
from distilgliner.distill.config import DistillConfig, TargetConfig
from distilgliner.distill.sources.partial import find_known_labels, restrict_partial
from distilgliner.distill.sources.transfer import (
    StoredTeacher,
    TransferDocument,
    list_scores,
    read_transfer,
)
from distilgliner.distill.targets.ensemble import label_by_teachers
from distilgliner.distill.targets.gold_pairs import fit_teachers
from distilgliner.errors import UserError
from distilgliner.folders import compute_fingerprint
from distilgliner.student.config import build_student_config

HELD_OUT = 10
"""Without dev documents every tenth text (by its hash) is held out, if any."""
ENOUGH_GOLD = 1000
"""Gold documents from which a tenth is held out when other text is learnt from as well (mixed)."""
ENOUGH_HELD = 30
"""Texts without gold that must be held out for the teachers' decisions to be dev of mixed."""
LEARNT = "humans, and learnt from as well"
"""Where dev is from when there is too little of either to hold out any of it."""

D = TypeVar("D", Document, TransferDocument)


@dataclass(frozen=True)
class DistillData:
    """What a run learns from, in the order of ids.

    The teachers of `mixed` are fitted to the gold, see `fit_teachers`.
    `dev` chooses the epoch; `watched` is only reported, per epoch. Documents of people may be
    `PartialDocument`s, which say nothing of some labels.
    """

    labels: tuple[str, ...]
    teachers: tuple[StoredTeacher, ...]
    transfer: list[TransferDocument]
    gold: list[Document]
    dev: list[Document]
    dev_source: str
    watched: Mapping[str, Sequence[Document]]

    @property
    def has_states(self) -> bool:
        """Whether hidden states of the teacher were read."""
        return any(document.states is not None for document in self.transfer)

    def compute_fingerprints(self) -> dict[str, str]:
        """What identifies all that decides the student, scores of all teachers included."""
        several = len(self.teachers) > 1
        return {
            "transfer": compute_fingerprint(document.text for document in self.transfer),
            "annotations": compute_fingerprint(
                part
                for document in self.transfer
                for part in list_scores(document, with_rows=several)
            ),
            "gold": compute_fingerprint(map(repr, self.gold)),
            "dev": compute_fingerprint(map(repr, self.dev)),
        }


def build_data(
    config: DistillConfig,
    stores: AnnotationStore | Sequence[AnnotationStore],
    gold: Sequence[Document] = (),
    dev: Sequence[Document] = (),
    dev_source: str = "humans",
    watched: Mapping[str, Sequence[Document]] | None = None,
    ignore_labels: Sequence[str] = (),
) -> DistillData:
    """Check labels and thresholds, and find documents for dev where none are given.

    stores: one, or several whose texts and label sets may be the same, overlap or differ. dev:
    chooses the epoch and the student's threshold. Without any, targets hard and soft hold out a
    tenth of the annotated text, with the teachers' decisions, and gold a tenth of the gold. So does
    mixed from `ENOUGH_GOLD` documents on. With fewer, mixed learns from all of its gold, and holds
    out a tenth of the other text, with the decisions of the teachers as the gold has fitted them.
    Where that is less than `ENOUGH_HELD` texts nothing is held out: the gold is learnt from and is
    dev too, and dev F1 is that of text the student knows.

    Raises `UserError` for labels that are missing or unknown, for gold that is missing or that the
    targets have no use for, for thresholds below a store's floor, and for nothing to learn from.
    """
    stores = [stores] if isinstance(stores, AnnotationStore) else list(stores)
    targets = config.targets
    for store in stores:
        check_floor(config.target, store.manifest.floor)
    if targets in ("gold", "mixed"):
        if not gold:
            raise UserError(f"Targets {targets!r} need gold documents; pass --gold FILE.")
    elif gold:
        raise UserError(
            f"Targets {targets!r} learn from no human label; leave --gold out, or pass "
            "--targets mixed."
        )
    labels = choose_labels(targets, stores, {find_known_labels(document) for document in gold})
    kept = all(store.manifest.states is not None for store in stores)
    moves_vectors = config.training.context_share > 0 and targets != "gold"
    states = moves_vectors or config.training.terms.use_states(targets, has_states=kept)
    teachers, transfer = read_transfer(stores, labels, config.target, states=states)
    data = DistillData(
        labels=labels,
        teachers=teachers,
        transfer=transfer,
        gold=_sort(restrict_partial(gold, labels, ignore_labels, "gold")),
        dev=_sort(restrict_partial(dev, labels, ignore_labels, "dev")),
        dev_source=dev_source,
        watched={
            name: restrict_partial(documents, labels, ignore_labels, name)
            for name, documents in (watched or {}).items()
        },
    )
    if not data.dev:
        data = _hold_out_gold(config, data)
    if targets == "mixed":
        data = replace(data, teachers=_fit_teachers(config, data))
    if not data.dev:
        data = _hold_out_transfer(config, data)
    _check_not_empty(config, data)
    return data


def _hold_out_gold(config: DistillConfig, data: DistillData) -> DistillData:
    """The data with dev out of its gold, if the targets have enough; see `build_data`."""
    enough = {"gold": 0, "mixed": ENOUGH_GOLD}.get(config.targets)
    if enough is None or len(data.gold) < enough:
        return data
    gold, dev = _hold_out(data.gold)
    transfer = data.transfer
    if config.targets == "mixed":
        _, transfer = _part_by_texts(data.transfer, dev)
    return replace(data, transfer=transfer, gold=gold, dev=dev, dev_source="humans")


def _fit_teachers(config: DistillConfig, data: DistillData) -> tuple[StoredTeacher, ...]:
    roles = build_student_config(config.student, config.student_options).roles
    return fit_teachers(data.teachers, data.transfer, data.gold, data.labels, roles=roles)


def _hold_out_transfer(config: DistillConfig, data: DistillData) -> DistillData:
    """The data with dev out of its annotated text, if that is learnt from; see `build_data`."""
    if config.targets == "gold":
        return data
    with_gold, others = _part_by_texts(data.transfer, data.gold)
    kept, held = _hold_out(others)
    if config.targets == "mixed" and len(held) < ENOUGH_HELD:
        return replace(data, dev=data.gold, dev_source=LEARNT)
    dev = label_by_teachers(
        held,
        data.teachers,
        data.labels,
        config.target.teacher_threshold,
        biased=config.targets == "mixed",
    )
    transfer = sorted([*with_gold, *kept], key=lambda document: document.id)
    return replace(data, transfer=transfer, dev=dev, dev_source="the teacher")


def _part_by_texts(documents: Sequence[D], known: Sequence[Document]) -> tuple[list[D], list[D]]:
    """The documents whose text is one of `known`, and the others."""
    keys = {text_key(document.text) for document in known}
    sides: tuple[list[D], list[D]] = ([], [])
    for document in documents:
        sides[text_key(document.text) not in keys].append(document)
    return sides


def choose_labels(
    targets: str,
    stores: Sequence[AnnotationStore],
    gold: Collection[tuple[str, ...] | None],
) -> tuple[str, ...]:
    """The labels of the student: all that stores and gold were annotated for.

    gold: the label sets of the gold, None for gold that was annotated for all labels. Those of a
    single store keep its order, any other union is sorted. Targets `gold` have the store's labels
    only when some gold was annotated for all.
    """
    own = {label for known in gold for label in known or ()}
    if targets != "gold" or None in gold or not gold:
        own.update(*(store.labels for store in stores))
    if len(stores) == 1 and own == set(stores[0].labels):
        return stores[0].labels
    return tuple(sorted(own))


def check_floor(target: TargetConfig, floor: float) -> None:
    """Raise `UserError` for thresholds that would need spans which a store's floor has left out.

    A `span_floor` of 0 means all that is stored, and the default one is never refused.
    """
    asked = {"teacher_threshold": target.teacher_threshold}
    if target.span_floor > 0 and "span_floor" in target.model_fields_set:
        asked["span_floor"] = target.span_floor
    for name, value in asked.items():
        if value < floor:
            raise UserError(
                f"target.{name}={value:g} is below the floor {floor:g} of the annotations, which "
                f"lack the spans between; give {floor:g} at least, or annotate with a lower "
                "--floor."
            )


def _sort(documents: list[Document]) -> list[Document]:
    """By id; equal texts by their entities, so that the order of the input never counts."""
    return sorted(
        documents,
        key=lambda document: (
            document.id,
            document.entities or (),
            find_known_labels(document) or (),
        ),
    )


def _hold_out(documents: Sequence[D]) -> tuple[list[D], list[D]]:
    """Every tenth text in the order of their hashes, which are as good as random.

    Equal texts (see `text_key`) stay on one side.
    """
    keys = sorted({text_key(document.text) for document in documents})
    held = set(sorted(keys, key=text_id)[::HELD_OUT])
    sides: tuple[list[D], list[D]] = ([], [])
    for document in documents:
        sides[text_key(document.text) in held].append(document)
    return sides


def _check_not_empty(config: DistillConfig, data: DistillData) -> None:
    annotated = [document for document in data.transfer if document.words]
    labelled = [document for document in data.gold if document.words()]
    if config.targets == "gold":
        annotated = []
    if not annotated and not labelled:
        more = "give more text with --gold" if config.targets == "gold" else "annotate more text"
        raise UserError(
            f"There is no document to learn from with targets {config.targets!r}; {more}, or pass "
            "--dev FILE, so that none is held out."
        )
    rows = {row for document in annotated for row in document.teachers}
    known = {label for row in rows for label in data.teachers[row].labels}
    for document in labelled:
        known.update(find_known_labels(document) or data.labels)
    for label in data.labels:
        if label not in known:
            raise UserError(
                f"There is no text to learn the label {label!r} from; annotate more text for it, "
                "or pass --dev FILE, so that none is held out."
            )
