"""The order of training: which sentence, with which labels in its prompt, in which batch.

All chance is here, decided before training begins and by the seed alone, so that a run that was
killed goes on with the very batches it would have had.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

from distilgliner.finetune.config import FinetuneConfig, PromptConfig
from distilgliner.finetune.examples import TrainingCorpus, TrainingExample

_BUCKET_BATCHES = 64
"""Batches of like length are cut from this many batches of sentences at a time."""
_SUBWORDS_PER_LABEL = 3
"""About what a label and its marker add to a prompt, to sort by length."""

Item = dict[str, Any]
"""What the collator of `gliner` takes: `tokenized_text`, `ner` and `ner_labels`."""


class TrainingPlan(Sequence[Item]):
    """All examples of a run in the order of training; a multiple of the batch size long."""

    def __init__(self, corpora: Sequence[TrainingCorpus], config: FinetuneConfig) -> None:
        self.corpora = tuple(corpora)
        self.config = config
        self.epoch_sizes: list[int] = []
        """Examples in each epoch."""
        self._order: list[tuple[int, int, tuple[str, ...]]] = []
        """Corpus, example in it, and labels."""
        generator = random.Random(config.seed)
        for epoch in range(config.epochs):
            part = list(self._draw(epoch, generator))
            generator.shuffle(part)
            part = part[: max(len(part) // config.batch_documents, 1) * config.batch_documents]
            self._order += self._sort_by_length(part, generator)
            self.epoch_sizes.append(len(part))

    @property
    def updates(self) -> int:
        """How many batches there are."""
        return math.ceil(len(self) / self.config.batch_documents)

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, index: Any) -> Any:
        corpus, number, labels = self._order[index]
        example = self.corpora[corpus].examples[number]
        return build_item(
            example, labels, self.config.prompts, random.Random(f"{self.config.seed} {index}")
        )

    def _draw(
        self, epoch: int, generator: random.Random
    ) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        for index, corpus in enumerate(self.corpora):
            count = len(corpus.examples)
            wanted = round((epoch + 1) * corpus.repeats * count) - round(
                epoch * corpus.repeats * count
            )
            numbers: list[int] = []
            while len(numbers) < wanted:
                numbers += generator.sample(range(count), min(count, wanted - len(numbers)))
            for number in numbers:
                labels = choose_prompt(
                    corpus.examples[number], corpus.labels, self.config.prompts, generator
                )
                yield index, number, labels

    def _sort_by_length(
        self, part: list[tuple[int, int, tuple[str, ...]]], generator: random.Random
    ) -> list[tuple[int, int, tuple[str, ...]]]:
        size = self.config.batch_documents
        batches = []
        for first in range(0, len(part), size * _BUCKET_BATCHES):
            bucket = part[first : first + size * _BUCKET_BATCHES]
            bucket.sort(key=self._measure)
            batches += [bucket[start : start + size] for start in range(0, len(bucket), size)]
        generator.shuffle(batches)
        return [entry for batch in batches for entry in batch]

    def _measure(self, entry: tuple[int, int, tuple[str, ...]]) -> int:
        corpus, number, labels = entry
        example = self.corpora[corpus].examples[number]
        return example.subwords + _SUBWORDS_PER_LABEL * len(labels)


def choose_prompt(
    example: TrainingExample,
    labels: Sequence[str],
    config: PromptConfig,
    generator: random.Random,
) -> tuple[str, ...]:
    """The labels of one prompt, in random order.

    Mostly the whole label set, as at inference; else a random part of it, in which labels of the
    sentence may be missing too, so that the model learns to tag what it is asked for and no more.
    Labels without an entity in the sentence are its negatives.
    """
    chosen = list(labels)
    if generator.random() >= config.full_fraction:
        chosen = [label for label in chosen if generator.random() >= config.label_dropout]
        chosen = chosen or [generator.choice(list(labels))]
    generator.shuffle(chosen)
    if len(chosen) > config.max_labels:
        present = {label for _, _, label in example.entities}
        chosen.sort(key=lambda label: label not in present)  # stable: the order stays random
        chosen = chosen[: config.max_labels]
        generator.shuffle(chosen)
    return tuple(chosen)


def build_item(
    example: TrainingExample,
    labels: Sequence[str],
    config: PromptConfig,
    generator: random.Random,
) -> Item:
    """What `gliner` trains on, with the words and the prompt perhaps in another case."""
    words = list(example.words)
    if generator.random() < config.lowercase_fraction:
        words = [word.lower() for word in words]
    names = {label: label for label in labels}
    if generator.random() < config.cased_fraction:
        change = generator.choice([str.title, str.upper])
        changed = {label: change(label) for label in labels}
        if len(set(changed.values())) == len(changed):
            names = changed
    return {
        "tokenized_text": words,
        "ner": [(first, last, names[c]) for first, last, c in example.entities if c in names],
        "ner_labels": list(names.values()),
    }
