"""Agreement with the teacher: strict span scores against what it said in an annotation store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from distilgliner.annotate.decode import decode_flat
from distilgliner.corpus.document import Entity, text_id
from distilgliner.errors import UserError
from distilgliner.metrics.spans import Scores, Span, compute_span_quality, entity_spans

if TYPE_CHECKING:
    from distilgliner.annotate.store import AnnotationStore


def decode_teacher(
    store: AnnotationStore, texts: Sequence[str], threshold: float = 0.5
) -> list[tuple[Entity, ...]]:
    """The teacher's entities for each text, in the order of `texts`.

    Raises `UserError` when the store lacks a text, or spans that exceed the threshold.
    """
    floor = store.manifest.floor
    if threshold < floor:
        raise UserError(
            f"The threshold {threshold:g} is below the floor {floor:g} of the annotations in "
            f"{store.folder}, which lack the spans between; take a threshold of {floor:g} at "
            "least, or annotate with a lower --floor."
        )
    wanted = {text_id(text) for text in texts}
    known = {
        document.id: decode_flat(document, store.labels, threshold)
        for document in store
        if document.id in wanted
    }
    missing = len(wanted) - len(known)
    if missing:
        raise UserError(
            f"The annotations in {store.folder} lack {missing} of the {len(wanted)} texts; "
            "annotate the file that is evaluated."
        )
    return [known[text_id(text)] for text in texts]


def compute_agreement(
    store: AnnotationStore,
    texts: Sequence[str],
    predicted: Sequence[Iterable[Span]],
    labels: Sequence[str],
    threshold: float = 0.5,
) -> Scores:
    """Strict micro scores of `predicted` against the teacher's entities, as if those were gold.

    Only labels count that are both in `labels` and in the store. `threshold` is the teacher's.
    Raises `UserError` when no label is in both, when the store lacks a text, or when the threshold
    is below the store's floor.
    """
    shared = set(labels) & set(store.labels)
    if not shared:
        raise UserError(
            f"The annotations in {store.folder} are about other labels "
            f"({', '.join(store.labels)}); annotate with the labels that are evaluated."
        )
    teacher = [entity_spans(found) for found in decode_teacher(store, texts, threshold)]
    return compute_span_quality(_keep(teacher, shared), _keep(predicted, shared)).micro


def _keep(spans: Sequence[Iterable[Span]], labels: set[str]) -> list[list[Span]]:
    return [[span for span in document if span[2] in labels] for document in spans]
