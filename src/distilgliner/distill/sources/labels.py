"""The labels of a run, and whether its stores have the scores that it needs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from distilgliner.annotate.store import AnnotationStore
from distilgliner.corpus.splitters import check_student_splitter
from distilgliner.distill.config import TargetConfig
from distilgliner.errors import UserError


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


def choose_splitter(stores: Sequence[AnnotationStore]) -> str:
    """The word splitter of the stores, by which the student must split too.

    Raises `UserError` when they have several, or one that students do not have.
    """
    names = sorted({store.manifest.word_splitter for store in stores})
    if len(names) > 1:
        raise UserError(
            f"The teachers split words differently ({' and '.join(names)}), and a student can "
            "split only as one of them; distil from annotations with one splitter."
        )
    check_student_splitter(names[0])
    return names[0]


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
