"""Evaluating one model on labelled documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from distilgliner.corpus.borders import GoldBorders, measure_borders
from distilgliner.corpus.document import Document, Entity, restrict_labels
from distilgliner.corpus.labels import check_labels, list_labels
from distilgliner.corpus.prompts import Prompts
from distilgliner.corpus.texts import list_documents
from distilgliner.corpus.unspaced import is_unspaced
from distilgliner.corpus.words import Offsets, split_words
from distilgliner.errors import UserError
from distilgliner.evaluate.agreement import compute_agreement
from distilgliner.metrics.calibration import (
    SCORE_FLOOR,
    Reliability,
    compute_reliability,
    pair_scores,
)
from distilgliner.metrics.spans import (
    Scores,
    SpanQuality,
    compute_counts,
    compute_span_quality,
    entity_spans,
)
from distilgliner.metrics.words import WordScores, compute_word_scores
from distilgliner.models import (
    Predictor,
    built_in_labels,
    check_known_labels,
    check_prompts,
    find_word_splitter,
    is_open,
    load_predictor,
    set_prompts,
)
from distilgliner.progress import build_progress

if TYPE_CHECKING:
    from distilgliner.annotate.store import AnnotationStore

_CHUNK = 256  # documents between two steps of the progress bar


@dataclass(frozen=True, slots=True)
class Quality:
    """Strict span scores and word scores against human labels; all fractions from 0 to 1.

    `calibration` says how far the scores of entities can be believed; None when not measured.
    """

    spans: SpanQuality
    words: WordScores
    calibration: Reliability | None = None

    def to_dict(self) -> dict[str, Any]:
        """`micro`, `macro`, `per_label` and `word`, and `calibration` where it was measured."""
        found = {**self.spans.to_dict(), "word": self.words.to_dict()}
        if self.calibration is not None:
            found["calibration"] = self.calibration.to_dict()
        return found


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured, and what the model predicted.

    `predictions` and the rows of `counts` (correct, predicted, gold) follow the order of the
    documents; `agreement` is None when no annotations were given. `shortened_words` were so long
    that the model, a teacher, saw only their beginning.
    """

    labels: tuple[str, ...]
    threshold: float
    documents: int
    words: int
    quality: Quality
    agreement: Scores | None = None
    shortened_words: int = 0
    borders: GoldBorders = field(default_factory=GoldBorders)
    """How much of the gold lies on word borders: no model can find the rest."""
    unspaced: int = 0
    """Documents in scripts without spaces whose phrases the model takes for one word."""
    predictions: list[tuple[Entity, ...]] = field(default_factory=list, repr=False)
    counts: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), np.int64), repr=False)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the quality at the top (`micro.f1` …), without predictions and counts."""
        found: dict[str, Any] = {
            "documents": self.documents,
            "words": self.words,
            "labels": list(self.labels),
            "threshold": self.threshold,
            **self.quality.to_dict(),
            "gold_borders": self.borders.to_dict(),
            "texts_without_spaces": self.unspaced,
        }
        if self.agreement is not None:
            found["agreement"] = self.agreement.to_dict()
        return found


def run_evaluation(
    model: str | Path | Predictor,
    documents: Iterable[Document],
    *,
    labels: Sequence[str] | None = None,
    prompts: Prompts = None,
    ignore_labels: Sequence[str] = (),
    threshold: float = 0.5,
    annotations: AnnotationStore | None = None,
    calibration: bool = False,
    source: str = "",
    quiet: bool = True,
) -> Evaluation:
    """Predict the entities of labelled documents and compare them with the human labels.

    model: a folder, a hub id, or something loaded already.
    labels: what to look for. None means the labels of a closed student, and for every other model
    those that occur in the documents, sorted.
    prompts: how a GLiNER checkpoint is asked for the labels; None leaves a loaded one as it is.
    ignore_labels: left out of the documents and of the predictions.
    threshold: for the model, and for the teacher's decisions in `annotations`.
    annotations: a teacher's annotations of the same texts, for the agreement.
    calibration: also measure what scores are worth, on the entities above `SCORE_FLOOR`. That
    needs a second pass of a student, not of a GLiNER checkpoint.
    source: what messages call the documents, for example the file's name.
    quiet: whether to draw no progress bar.

    Documents count in their order, repeated ones as often as they occur.
    Raises `UserError` for documents without labels, labels that are in the documents but neither
    asked for nor ignored, and labels that a closed student does not know.
    """
    known = list_documents(documents, source)
    ignore_labels = list_labels(ignore_labels, "ignore_labels")
    place = f"{source}, document" if source else "document"
    _check_labelled(known, place)
    predictor = load_predictor(model) if isinstance(model, (str, Path)) else model
    if prompts is not None:
        check_prompts(predictor, prompts)
        set_prompts(predictor, prompts)
    names = choose_labels(predictor, known, labels, ignore_labels)
    gold = [
        restrict_labels(document, names, ignore_labels, document.place or f"{place} {number}")
        for number, document in enumerate(known, 1)
    ]
    texts = [document.text for document in gold]
    before = _count_shortened(predictor)
    predictions, scored = _predict(predictor, texts, names, threshold, calibration, quiet)
    shortened = _count_shortened(predictor) - before
    split = find_word_splitter(predictor)
    evaluation = score_predictions(
        gold,
        predictions,
        labels=names,
        threshold=threshold,
        annotations=annotations,
        scored=scored,
        split=split,
    )
    return replace(
        evaluation,
        shortened_words=shortened,
        borders=measure_borders(gold, split, source),
        unspaced=sum(is_unspaced(text, split) for text in texts),
    )


def _predict(
    predictor: Predictor,
    texts: Sequence[str],
    labels: Sequence[str],
    threshold: float,
    calibration: bool,
    quiet: bool,
) -> tuple[list[tuple[Entity, ...]], list[tuple[Entity, ...]] | None]:
    """The entities at the threshold and, for the calibration, those at `SCORE_FLOOR`."""
    if not calibration:
        return run_predictions(predictor, texts, labels, threshold, quiet=quiet), None
    if built_in_labels(predictor) is not None:
        at, above = (
            run_predictions(predictor, texts, labels, each, quiet=quiet)
            for each in (threshold, SCORE_FLOOR)
        )
        return at, above
    # GLiNER takes the best span first: one that scores less changes nothing about the others.
    least = min(threshold, SCORE_FLOOR)
    found = run_predictions(predictor, texts, labels, least, quiet=quiet)
    at, above = (
        [tuple(entity for entity in entities if entity.score > each) for entities in found]
        for each in (threshold, SCORE_FLOOR)
    )
    return at, above


def score_predictions(
    documents: Sequence[Document],
    predictions: Sequence[Sequence[Entity]],
    *,
    labels: Sequence[str],
    threshold: float = 0.5,
    annotations: AnnotationStore | None = None,
    scored: Sequence[Sequence[Entity]] | None = None,
    split: Callable[[str], Offsets] = split_words,
) -> Evaluation:
    """The evaluation of predictions that exist already, one sequence for each labelled document.

    scored: those at the threshold `SCORE_FLOOR`, whose scores are compared with what is right;
    None measures no calibration. split: from a text to the words of the model.
    """
    texts = [document.text for document in documents]
    gold = [entity_spans(document.entities or ()) for document in documents]
    found = [entity_spans(entities) for entities in predictions]
    agreement = None
    if annotations is not None:
        agreement = compute_agreement(annotations, texts, found, labels, threshold)
    return Evaluation(
        labels=tuple(labels),
        threshold=threshold,
        documents=len(documents),
        words=sum(len(split(text)) for text in texts),
        quality=Quality(
            compute_span_quality(gold, found),
            compute_word_scores(texts, gold, found, split),
            None if scored is None else compute_reliability(*pair_scores(gold, scored)),
        ),
        agreement=agreement,
        predictions=[tuple(entities) for entities in predictions],
        counts=compute_counts(gold, found),
    )


def run_predictions(
    predictor: Predictor,
    texts: Sequence[str],
    labels: Sequence[str],
    threshold: float = 0.5,
    *,
    quiet: bool = True,
) -> list[tuple[Entity, ...]]:
    """The entities of each text whose label is one of `labels`, sorted, in the order of `texts`.

    A GLiNER checkpoint is asked for the labels in alphabetical order, as for annotations: what is
    measured does not depend on how they were named.
    """
    asked = sorted(labels)
    found: list[tuple[Entity, ...]] = []
    with build_progress(quiet=quiet) as progress:
        task = progress.add_task("predict", total=len(texts), note="")
        for start in range(0, len(texts), _CHUNK):
            chunk = list(texts[start : start + _CHUNK])
            for items in predictor.batch_predict_entities(chunk, asked, threshold=threshold):
                found.append(_to_entities(items, labels))
            progress.update(task, advance=len(chunk))
    return found


def choose_labels(
    predictor: Predictor,
    documents: Sequence[Document],
    labels: Sequence[str] | None,
    ignore_labels: Sequence[str],
) -> tuple[str, ...]:
    """The labels to look for; see `run_evaluation`."""
    if labels is not None:
        names = check_labels(labels)
        both = [name for name in names if name in ignore_labels]
        if both:
            raise UserError(f"The label {both[0]!r} is both asked for and ignored; choose one.")
        check_known_labels(predictor, names)
        return names
    own = built_in_labels(predictor)
    if own is None or is_open(predictor):
        own = tuple(
            sorted({entity.label for document in documents for entity in document.entities or ()})
        )
    names = tuple(label for label in own if label not in ignore_labels)
    if not names:
        raise UserError("The documents hold no entity to tell the labels from; pass --labels.")
    return names


def _count_shortened(predictor: Predictor) -> int:
    """Since a teacher was loaded; 0 for a student, which reads words of any length."""
    return int(getattr(predictor, "shortened_words", 0))


def _check_labelled(documents: Sequence[Document], place: str) -> None:
    if not documents:
        raise UserError("There is no document to evaluate on; give one at least.")
    for number, document in enumerate(documents, 1):
        if document.entities is None:
            where = document.place or f"{place} {number}"
            raise UserError(
                f"{where} ({document.text[:40]!r}) has no human labels; evaluate on "
                'labelled text, with "entities": [] where there is none.'
            )


def _to_entities(items: Iterable[dict[str, Any]], labels: Sequence[str]) -> tuple[Entity, ...]:
    return tuple(
        sorted(
            Entity(item["start"], item["end"], item["label"], float(item["score"]))
            for item in items
            if item["label"] in labels
        )
    )
