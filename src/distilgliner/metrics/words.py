"""Word scores as in the reference study (Xu, Ma, Wang): each word has a label, or none.

A word has the label of the entity that covers it, wholly or in part; of two entities that share a
word, the first. Where an entity begins and ends does not matter here, which flatters: see
`spans.py` for the strict scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

from distilgliner.corpus.words import Offsets, split_words
from distilgliner.metrics.spans import Span


@dataclass(frozen=True, slots=True)
class WordScores:
    """Fractions between 0 and 1; without a denominator 0.

    accuracy: words with the right label, or rightly without one, of all words.
    recall: words with the right label, of those that have one in gold.
    precision: words with the right label, of those that have one in the prediction.
    """

    accuracy: float
    recall: float
    precision: float
    f1: float

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


def compute_word_labels(
    words: Sequence[tuple[int, int]], spans: Iterable[Span]
) -> list[str | None]:
    """The label of each word, given as `(char_start, char_end)` in order, or None."""
    labels: list[str | None] = [None] * len(words)
    index = 0
    for start, end, label in sorted(spans):
        while index < len(words) and words[index][1] <= start:
            index += 1
        covered = index
        while covered < len(words) and words[covered][0] < end:
            if labels[covered] is None:
                labels[covered] = label
            covered += 1
    return labels


def compute_word_scores(
    texts: Sequence[str],
    gold: Sequence[Iterable[Span]],
    predicted: Sequence[Iterable[Span]],
    split: Callable[[str], Offsets] = split_words,
) -> WordScores:
    """Compare the labels of all words of all texts; `split` gives the words of a text."""
    total = equal = correct = gold_count = predicted_count = 0
    for text, gold_spans, predicted_spans in zip(texts, gold, predicted, strict=True):
        words = split(text)
        total += len(words)
        wanted = compute_word_labels(words, gold_spans)
        found = compute_word_labels(words, predicted_spans)
        for left, right in zip(wanted, found, strict=True):
            equal += left == right
            correct += left == right and left is not None
            gold_count += left is not None
            predicted_count += right is not None
    return WordScores(
        accuracy=equal / total if total else 0.0,
        recall=correct / gold_count if gold_count else 0.0,
        precision=correct / predicted_count if predicted_count else 0.0,
        f1=2 * correct / (gold_count + predicted_count) if correct else 0.0,
    )
