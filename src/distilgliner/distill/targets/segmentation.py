"""The teacher's distribution over flat segmentations: an exact semi-Markov model.

A span model gives every span (i, j) and label c an independent logit z(i, j, c). The product of
those Bernoullis, restricted to sets of spans that do not overlap, is

    p(y) ∝ exp( Σ_{(i,j,c) ∈ y} (z(i,j,c) − θ_c) / T ),   words outside any span scoring 0,

because only the odds of the chosen spans remain. Forward–backward (Sarawagi & Cohen 2004) gives its
marginals exactly, in time linear in the words and the spans.
"""

from __future__ import annotations

import math

import numpy as np

from distilgliner.student.tags import BEGIN, END, INSIDE, OUTSIDE, ROLES, SINGLE


def compute_span_marginals(
    word_count: int, word_start: np.ndarray, word_end: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Probability (S,) of each span under the model above.

    `word_start`, `word_end` (S,) are the spans, ends exclusive; `weight` (S,) their log-odds
    (z − θ) / T. Spans of one place with different labels exclude each other like any overlap.
    """
    starts, ends, weights = word_start.tolist(), word_end.tolist(), weight.tolist()
    forward, backward = _run_messages(word_count, starts, ends, weights)
    total = forward[word_count]
    return np.array(
        [
            math.exp(forward[start] + value + backward[end] - total)
            for start, end, value in zip(starts, ends, weights, strict=True)
        ]
    )


def _run_messages(
    word_count: int, starts: list[int], ends: list[int], weights: list[float]
) -> tuple[list[float], list[float]]:
    """Log-sums over segmentations of the words before, and of those from here on: (L + 1) each."""
    starting: list[list[int]] = [[] for _ in range(word_count)]
    ending: list[list[int]] = [[] for _ in range(word_count + 1)]
    for span, (start, end) in enumerate(zip(starts, ends, strict=True)):
        starting[start].append(span)
        ending[end].append(span)
    forward = [0.0] * (word_count + 1)
    for word in range(1, word_count + 1):
        terms = [forward[word - 1]]
        terms += [forward[starts[span]] + weights[span] for span in ending[word]]
        forward[word] = _log_sum(terms)
    backward = [0.0] * (word_count + 1)
    for word in range(word_count - 1, -1, -1):
        terms = [backward[word + 1]]
        terms += [weights[span] + backward[ends[span]] for span in starting[word]]
        backward[word] = _log_sum(terms)
    return forward, backward


def _log_sum(terms: list[float]) -> float:
    if len(terms) == 1:
        return terms[0]
    top = max(terms)
    return top + math.log(sum(math.exp(term - top) for term in terms))


def compute_word_marginals(
    word_count: int,
    label_count: int,
    word_start: np.ndarray,
    word_end: np.ndarray,
    label_index: np.ndarray,
    span_marginals: np.ndarray,
    *,
    roles: bool,
) -> np.ndarray:
    """Marginals of the word tags, (L, T) float32, rows summing to 1; see `student.tags`."""
    marginals = np.zeros((word_count, 1 + label_count * ROLES))
    first = 1 + label_index * ROLES
    single = word_end - word_start == 1
    np.add.at(marginals, (word_start[single], first[single] + SINGLE), span_marginals[single])
    long = ~single
    np.add.at(marginals, (word_start[long], first[long] + BEGIN), span_marginals[long])
    np.add.at(marginals, (word_end[long] - 1, first[long] + END), span_marginals[long])
    inner = np.maximum(word_end - word_start - 2, 0)
    if inner.any():
        words = np.repeat(word_start + 1, inner) + _ranges(inner)
        np.add.at(
            marginals,
            (words, np.repeat(first + INSIDE, inner)),
            np.repeat(span_marginals, inner),
        )
    if not roles:
        folded = marginals[:, 1:].reshape(word_count, label_count, ROLES).sum(axis=2)
        marginals = np.concatenate((marginals[:, :1], folded), axis=1)
    marginals[:, OUTSIDE] = np.maximum(1 - marginals[:, 1:].sum(axis=1), 0)
    return (marginals / marginals.sum(axis=1, keepdims=True)).astype(np.float32)


def compute_transitions(
    word_count: int,
    label_count: int,
    word_start: np.ndarray,
    word_end: np.ndarray,
    label_index: np.ndarray,
    weight: np.ndarray,
) -> np.ndarray:
    """How often each tag (with roles) is expected before each other, (T + 1, T + 1) float64.

    The last row and column are the border of the document: what it begins and ends with. Arguments
    as of `compute_span_marginals`, with the labels (S,) of the spans.

    Within a span the tags are certain. Between spans, where a word boundary is free with
    probability p, what ends there and what begins there are independent given that it is: so the
    joint marginals of neighbouring segments are p times a product, summed over the boundaries.
    """
    messages = _run_messages(word_count, word_start.tolist(), word_end.tolist(), weight.tolist())
    forward, backward = np.array(messages[0]), np.array(messages[1])
    free = np.exp(forward + backward - forward[word_count])
    tag_count = 1 + label_count * ROLES
    single = word_end - word_start == 1
    first = 1 + label_index * ROLES
    ended, begun = np.zeros((2, word_count + 1, tag_count + 1))  # given that the boundary is free
    ended[0, -1] = begun[-1, -1] = 1
    ended[1:, OUTSIDE] = np.exp(forward[:-1] - forward[1:])
    begun[:-1, OUTSIDE] = np.exp(backward[1:] - backward[:-1])
    places = (word_end, first + np.where(single, SINGLE, END))
    np.add.at(ended, places, np.exp(forward[word_start] + weight - forward[word_end]))
    places = (word_start, first + np.where(single, SINGLE, BEGIN))
    np.add.at(begun, places, np.exp(weight + backward[word_end] - backward[word_start]))
    counts: np.ndarray = (ended * free[:, None]).T @ begun

    marginals = np.exp(forward[word_start] + weight + backward[word_end] - forward[word_count])
    inner = word_end - word_start - 2
    for chosen, before, after, times in (
        (inner == 0, BEGIN, END, np.ones_like(inner)),
        (inner > 0, BEGIN, INSIDE, np.ones_like(inner)),
        (inner > 0, INSIDE, INSIDE, inner - 1),
        (inner > 0, INSIDE, END, np.ones_like(inner)),
    ):
        places = (first[chosen] + before, first[chosen] + after)
        np.add.at(counts, places, marginals[chosen] * times[chosen])
    return counts


def _ranges(lengths: np.ndarray) -> np.ndarray:
    """0 … n−1 for each n of `lengths`, one after the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)


def sharpen(marginals: np.ndarray, temperature: float) -> np.ndarray:
    """q^(1/T), renormalised per word: T < 1 sharpens the distribution, T > 1 softens it."""
    if temperature == 1:
        return marginals
    with np.errstate(divide="ignore"):
        scaled = np.log(marginals.astype(np.float64)) / temperature
    scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return (scaled / scaled.sum(axis=1, keepdims=True)).astype(np.float32)
