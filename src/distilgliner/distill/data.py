"""What a run learns from: labels checked, an order that the input has no say in, some held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from distilgliner.annotate.store import AnnotationStore
from distilgliner.corpus.borders import GoldBorders, measure_borders
from distilgliner.corpus.document import Document
from distilgliner.corpus.splitters import find_splitter
from distilgliner.corpus.unspaced import has_unspaced_word
from distilgliner.distill.config import DistillConfig
from distilgliner.distill.objective.terms import use_states
from distilgliner.distill.sources.hold_out import hold_out, part_by_texts
from distilgliner.distill.sources.labels import check_floor, choose_labels, choose_splitter
from distilgliner.distill.sources.partial import find_known_labels, restrict_partial
from distilgliner.distill.sources.transfer import (
    StoredTeacher,
    TransferDocument,
    list_scores,
    read_transfer,
)
from distilgliner.distill.targets.ensemble import label_by_teachers
from distilgliner.distill.targets.teacher_calibration import calibrate_teachers
from distilgliner.errors import UserError
from distilgliner.folders import compute_fingerprint
from distilgliner.student.config import build_student_config

ENOUGH_GOLD = 1000
"""Gold documents from which a tenth is held out when other text is learned from as well (mixed)."""
ENOUGH_HELD = 30
"""Texts without gold that must be held out for the teachers' decisions to be dev of mixed."""
LEARNED = "humans, and learned from as well"
"""Where dev is from when there is too little of either to hold out any of it."""


@dataclass(frozen=True)
class DistillData:
    """What a run learns from, in the order of ids.

    The teachers of `mixed` are calibrated on the gold, see `calibrate_teachers`.
    `dev` chooses the epoch; `watched` is only reported, per epoch. Documents of people may be
    `PartialDocument`s, which say nothing of some labels.
    """

    labels: tuple[str, ...]
    teachers: tuple[StoredTeacher, ...]
    transfer: list[TransferDocument]
    gold: list[Document]
    dev: list[Document]
    dev_source: str
    word_splitter: str
    """Of the teachers, and so of the student."""
    watched: Mapping[str, Sequence[Document]]

    @property
    def has_states(self) -> bool:
        """Whether hidden states of the teacher were read."""
        return any(document.states is not None for document in self.transfer)

    def measure_borders(self) -> GoldBorders:
        """How much of the human labels, learned from or dev, lies on word borders."""
        human = [*self.gold, *(self.dev if self.dev_source == "humans" else ())]
        return measure_borders(human, find_splitter(self.word_splitter))

    def count_unspaced(self) -> tuple[int, int]:
        """Texts in scripts without spaces that the splitter cannot cut, and all texts."""
        words_of = {document.text: document.words for document in self.transfer}
        for document in (*self.gold, *self.dev):
            if document.text not in words_of:
                words_of[document.text] = document.words(self.word_splitter)
        return sum(has_unspaced_word(*item) for item in words_of.items()), len(words_of)

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
    Where that is less than `ENOUGH_HELD` texts nothing is held out: the gold is learned from and is
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
    states = moves_vectors or use_states(config.training.terms, targets, has_states=kept)
    teachers, transfer = read_transfer(stores, labels, config.target, states=states)
    data = DistillData(
        labels=labels,
        teachers=teachers,
        transfer=transfer,
        gold=_sort(restrict_partial(gold, labels, ignore_labels, "gold")),
        dev=_sort(restrict_partial(dev, labels, ignore_labels, "dev")),
        dev_source=dev_source,
        word_splitter=choose_splitter(stores),
        watched={
            name: restrict_partial(documents, labels, ignore_labels, name)
            for name, documents in (watched or {}).items()
        },
    )
    if not data.dev:
        data = _hold_out_gold(config, data)
    if targets == "mixed":
        data = replace(data, teachers=_calibrate_teachers(config, data))
    if not data.dev:
        data = _hold_out_transfer(config, data)
    _check_not_empty(config, data)
    return data


def _hold_out_gold(config: DistillConfig, data: DistillData) -> DistillData:
    """The data with dev out of its gold, if the targets have enough; see `build_data`."""
    enough = {"gold": 0, "mixed": ENOUGH_GOLD}.get(config.targets)
    if enough is None or len(data.gold) < enough:
        return data
    gold, dev = hold_out(data.gold)
    transfer = data.transfer
    if config.targets == "mixed":
        _, transfer = part_by_texts(data.transfer, dev)
    return replace(data, transfer=transfer, gold=gold, dev=dev, dev_source="humans")


def _calibrate_teachers(config: DistillConfig, data: DistillData) -> tuple[StoredTeacher, ...]:
    roles = build_student_config(config.student, config.student_options).roles
    return calibrate_teachers(data.teachers, data.transfer, data.gold, data.labels, roles=roles)


def _hold_out_transfer(config: DistillConfig, data: DistillData) -> DistillData:
    """The data with dev out of its annotated text, if that is learned from; see `build_data`."""
    if config.targets == "gold":
        return data
    with_gold, others = part_by_texts(data.transfer, data.gold)
    kept, held = hold_out(others)
    if config.targets == "mixed" and len(held) < ENOUGH_HELD:
        return replace(data, dev=data.gold, dev_source=LEARNED)
    dev = label_by_teachers(
        held,
        data.teachers,
        data.labels,
        config.target.teacher_threshold,
        biased=config.targets == "mixed",
    )
    transfer = sorted([*with_gold, *kept], key=lambda document: document.id)
    return replace(data, transfer=transfer, dev=dev, dev_source="the teacher")


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


def _check_not_empty(config: DistillConfig, data: DistillData) -> None:
    annotated = [document for document in data.transfer if document.words]
    labelled = [document for document in data.gold if document.text.strip()]
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
