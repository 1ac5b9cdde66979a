"""From labelled documents to what `gliner` trains on: words, and entities in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilgliner.annotate.encoding import encode_documents
from distilgliner.annotate.windows import WindowLimits, find_sentence_ends
from distilgliner.corpus.align import align_spans
from distilgliner.corpus.document import Document

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

    An entity that begins or ends inside a word takes the whole word. `max_labels` is how many
    labels a prompt will have at most (None: all), which decides how much text fits beside them.
    Raises `UserError` when the labels leave no room for text.
    """
    ordered = tuple(sorted(labels))
    longest = sorted(ordered, key=len, reverse=True)[:max_labels]
    limits, _ = teacher.compute_limits([tuple(longest)])
    word_offsets = [teacher.split_words(document.text) for document in documents]
    encoded = encode_documents(
        teacher.tokenizer,
        [
            [d.text[start:end] for start, end in words]
            for d, words in zip(documents, word_offsets, strict=True)
        ],
        [find_sentence_ends(d.text, w) for d, w in zip(documents, word_offsets, strict=True)],
        WindowLimits(limits.max_words, limits.max_subwords, limits.max_width, 0),
    )
    index = {label: number for number, label in enumerate(ordered)}
    examples: list[TrainingExample] = []
    unlearnable = 0
    for document, offsets, seen in zip(documents, word_offsets, encoded, strict=True):
        characters = [(e.char_start, e.char_end, index[e.label]) for e in document.entities or ()]
        spans, lost = align_spans(characters, [offsets[word] for word in seen.positions[:-1]])
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
