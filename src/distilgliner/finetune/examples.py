"""From labelled documents to what `gliner` trains on: words, and entities in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from distilgliner.annotate.encoding import EncodedDocument, encode_documents
from distilgliner.annotate.windows import WindowLimits
from distilgliner.corpus.align import align_spans
from distilgliner.corpus.document import Document
from distilgliner.corpus.prompts import PromptTooLongError

if TYPE_CHECKING:
    from distilgliner.annotate.teacher import Teacher


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """A window of a document: its words, and entities as (first word, last word, label)."""

    words: tuple[str, ...]
    entities: tuple[tuple[int, int, str], ...]
    subwords: int


@dataclass(frozen=True, slots=True)
class TrainingCorpus:
    """Documents labelled with one label set.

    `repeats` is how often an epoch passes over it; a fraction takes a part of it anew each time.
    """

    name: str
    labels: tuple[str, ...]
    examples: tuple[TrainingExample, ...]
    unlearnable: int = 0
    """Entities of more words than the teacher scores, or two in one word."""
    repeats: float = 1.0
    max_words: int = 0
    max_subwords: int = 0
    """What fits beside the longest prompt; 0 where examples are never joined."""


def join_examples(examples: Sequence[TrainingExample]) -> TrainingExample:
    """Set examples of one corpus behind each other to a longer one."""
    words: list[str] = []
    entities: list[tuple[int, int, str]] = []
    for example in examples:
        shift = len(words)
        words += example.words
        entities += [(first + shift, last + shift, c) for first, last, c in example.entities]
    return TrainingExample(tuple(words), tuple(entities), sum(e.subwords for e in examples))


def compute_text_limits(
    teacher: Teacher, labels: Sequence[str], max_labels: int | None
) -> WindowLimits:
    """How much text fits beside the longest prompt of `max_labels` of the labels.

    Raises `UserError` when that is none.
    """
    longest = sorted(sorted(labels), key=len, reverse=True)[:max_labels]
    try:
        return teacher.compute_limits([tuple(longest)])[0]
    except PromptTooLongError as error:
        raise error.advise(
            f"train with fewer at once: --set prompts.max_labels={error.most} (in a comparison "
            f"--set finetune.prompts.max_labels={error.most})"
        ) from None


def build_training_corpus(
    name: str,
    documents: Sequence[Document],
    labels: Sequence[str],
    teacher: Teacher,
    *,
    repeats: float = 1.0,
    max_labels: int | None = None,
) -> TrainingCorpus:
    """Cut labelled documents into examples, with the very words and windows of `Teacher.score`.

    An entity that begins or ends inside a word takes the whole word, see `corpus/words.py`.
    `max_labels` is how many labels a prompt will have at most (None: all), which decides how much
    text fits beside them.
    Raises `UserError` when the labels leave no room for text.
    """
    ordered = tuple(sorted(labels))
    read = [teacher.split(document.text) for document in documents]
    limits = compute_text_limits(teacher, labels, max_labels)
    encoded = encode_documents(
        teacher.tokenizer,
        [text.pieces for text in read],
        [text.sentence_ends for text in read],
        WindowLimits(limits.max_words, limits.max_subwords, limits.max_width, 0),
    )
    index = {label: number for number, label in enumerate(ordered)}
    examples: list[TrainingExample] = []
    unlearnable = 0
    for document, text, seen in zip(documents, read, encoded, strict=True):
        characters = [(e.char_start, e.char_end, index[e.label]) for e in document.entities or ()]
        aligned, lost = align_spans(characters, text.words)
        spans = [
            (first, last, label)
            for word_start, word_end, label in aligned
            for first, last in [_find_seen(text.find_pieces(word_start, word_end), seen)]
            if first < last
        ]
        lost += len(aligned) - len(spans)
        fitting = [span for span in spans if span[1] - span[0] <= teacher.max_width]
        unlearnable += lost + len(spans) - len(fitting)
        for start, end in seen.windows:
            entities = tuple(
                (first - start, last - 1 - start, ordered[label])
                for first, last, label in fitting
                if start <= first and last <= end
            )
            size = int(seen.subwords[start:end].sum())
            examples.append(TrainingExample(tuple(seen.words[start:end]), entities, size))
    return TrainingCorpus(
        name,
        ordered,
        tuple(examples),
        unlearnable,
        repeats,
        limits.max_words or 0,
        limits.max_subwords or 0,
    )


def _find_seen(pieces: tuple[int, int], seen: EncodedDocument) -> tuple[int, int]:
    """Pieces, the end exclusive, counted among those that the teacher sees."""
    first, last = np.searchsorted(seen.positions[:-1], pieces)
    return int(first), int(last)
