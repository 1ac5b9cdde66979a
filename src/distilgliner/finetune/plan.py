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
from distilgliner.finetune.examples import TrainingCorpus, TrainingExample, join_examples

_BUCKET_BATCHES = 64
"""Batches of like length are cut from this many batches of sentences at a time."""
_SUBWORDS_PER_LABEL = 3
"""About what a label and its marker add to a prompt, to sort by length."""

Entry = tuple[int, tuple[int, ...], tuple[str, ...]]
"""Number of a corpus, numbers of the examples in it that are set together, labels of the prompt."""
Item = dict[str, Any]
"""What the collator of `gliner` takes: `tokenized_text`, `ner` and `ner_labels`."""


class TrainingPlan(Sequence[Item]):
    """All examples of a run in the order of training; a multiple of the batch size long."""

    def __init__(self, corpora: Sequence[TrainingCorpus], config: FinetuneConfig) -> None:
        self.corpora = tuple(corpora)
        self.config = config
        self.epoch_sizes: list[int] = []
        """Examples in each epoch."""
        self._order: list[Entry] = []
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
        corpus, numbers, labels = self._order[index]
        return build_item(
            self._join(corpus, numbers),
            labels,
            self.config.prompts,
            random.Random(f"{self.config.seed} {index}"),
        )

    def _draw(self, epoch: int, generator: random.Random) -> Iterator[Entry]:
        prompts = self.config.prompts
        for index, corpus in enumerate(self.corpora):
            count = len(corpus.examples)
            wanted = round((epoch + 1) * corpus.repeats * count) - round(
                epoch * corpus.repeats * count
            )
            numbers: list[int] = []
            while len(numbers) < wanted:
                numbers += generator.sample(range(count), min(count, wanted - len(numbers)))
            for group in group_examples(numbers, corpus, prompts, generator):
                example = self._join(index, group)
                yield index, group, choose_prompt(example, corpus.labels, prompts, generator)

    def _sort_by_length(self, part: list[Entry], generator: random.Random) -> list[Entry]:
        size = self.config.batch_documents
        batches = []
        for first in range(0, len(part), size * _BUCKET_BATCHES):
            bucket = part[first : first + size * _BUCKET_BATCHES]
            bucket.sort(key=self._measure)
            batches += [bucket[start : start + size] for start in range(0, len(bucket), size)]
        generator.shuffle(batches)
        return [entry for batch in batches for entry in batch]

    def _measure(self, entry: Entry) -> int:
        corpus, numbers, labels = entry
        examples = self.corpora[corpus].examples
        return sum(examples[n].subwords for n in numbers) + _SUBWORDS_PER_LABEL * len(labels)

    def _join(self, corpus: int, numbers: Sequence[int]) -> TrainingExample:
        examples = self.corpora[corpus].examples
        return join_examples([examples[number] for number in numbers])


def group_examples(
    numbers: Sequence[int],
    corpus: TrainingCorpus,
    config: PromptConfig,
    generator: random.Random,
) -> Iterator[tuple[int, ...]]:
    """Cut a sequence of examples into groups that are set together; most often of one.

    A group of several stays within `joined_subwords` and what fits beside the longest prompt.
    """
    most_subwords = min(config.joined_subwords, corpus.max_subwords or config.joined_subwords)
    start = 0
    while start < len(numbers):
        size = 1
        if config.joined_documents > 1 and generator.random() < config.joined_fraction:
            size = generator.randint(2, config.joined_documents)
        group = [numbers[start]]
        subwords = corpus.examples[group[0]].subwords
        words = len(corpus.examples[group[0]].words)
        for number in numbers[start + 1 : start + size]:
            subwords += corpus.examples[number].subwords
            words += len(corpus.examples[number].words)
            if subwords > most_subwords or words > (corpus.max_words or words):
                break
            group.append(number)
        yield tuple(group)
        start += len(group)


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
    """What `gliner` trains on, the words perhaps in another case, the labels by other names."""
    words = list(example.words)
    if generator.random() < config.lowercase_fraction:
        words = [word.lower() for word in words]
    names = {label: label for label in labels}
    if config.other_names and generator.random() < config.renamed_fraction:
        names = choose_other_names(labels, config, generator)
    if generator.random() < config.cased_fraction:
        change = generator.choice([str.title, str.upper])
        changed = {label: change(name) for label, name in names.items()}
        if len(set(changed.values())) == len(changed):
            names = changed
    return {
        "tokenized_text": words,
        "ner": [(first, last, names[c]) for first, last, c in example.entities if c in names],
        "ner_labels": list(names.values()),
    }


def choose_other_names(
    labels: Sequence[str], config: PromptConfig, generator: random.Random
) -> dict[str, str]:
    """Label -> what it is called in a prompt; a name that is taken already is not taken twice."""
    names: dict[str, str] = {}
    taken = set(labels)
    for label in labels:
        choices = [name for name in config.other_names.get(label, ()) if name not in taken]
        names[label] = generator.choice(choices) if choices else label
        taken.add(names[label])
    return names
