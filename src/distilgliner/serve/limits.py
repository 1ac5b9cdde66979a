"""What a request may cost, and all of them together: every limit of the server and its default."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from distilgliner.corpus.words import split_words
from distilgliner.serve.refusal import Refusal

MAX_LABEL_CHARACTERS = 1000
"""Of the name of one label."""
KEEP_ALIVE_SECONDS = 5
"""For the next request on a connection to begin."""
LINGER_SECONDS = 5.0
"""For a client to read why it was refused while it still sends; what it sends is thrown away."""
LINGER_BYTES = 64_000_000
PATIENCE_SECONDS = 1.0
"""For a request to arrive; one that takes longer makes room where there is none."""
SPARE_FILES = 64
"""Open files of the process that are left for others than connections."""
_PIECE = 10_000  # characters


@dataclass(frozen=True)
class ServeLimits:
    """What one request, and all together, may take; the command has an option for each."""

    max_bytes: int = 1_000_000
    """Of the body of a request."""
    max_waiting: int = 64
    """Requests that are read, wait or are answered at once."""
    timeout_seconds: float = 30.0
    """For a request to arrive whole, and again for its answer, its wait included."""
    max_texts: int = 10_000
    """Of a request."""
    max_labels: int = 1_000
    """Of a request, as sent."""
    max_words: int = 250_000
    """Of all texts of a request."""
    max_scores: int = 15_000_000
    """Of all words of a request: words times labels times the tags of a label (or the widths of its
    spans). Memory grows with them: at worst 30 bytes for each."""
    max_connections: int = 500
    """At once; a new one takes the place of one that has not sent a whole request."""
    header_seconds: float = 10.0
    """From the connection to the end of the headers, and for a client to take its answer."""


def check_counts(texts: Sequence[str], labels: Sequence[str], limits: ServeLimits) -> None:
    """Raise `Refusal` for more texts or labels than a request may have, or a label too long."""
    if len(texts) > limits.max_texts:
        raise Refusal(
            413,
            f"The request has {len(texts):,} texts, more than the {limits.max_texts:,} of "
            "--max-texts; send them in several.",
        )
    if len(labels) > limits.max_labels:
        raise Refusal(
            413,
            f"The request has {len(labels):,} labels, more than the {limits.max_labels:,} of "
            "--max-labels; send them in several.",
        )
    longest = max(map(len, labels), default=0)
    if longest > MAX_LABEL_CHARACTERS:
        raise Refusal(
            413,
            f"A label has {longest:,} characters, more than {MAX_LABEL_CHARACTERS:,}; "
            "name it in a few words.",
        )


def count_words(
    texts: Sequence[str], scores_per_word: int, limits: ServeLimits
) -> Generator[None, None, None]:
    """Raise `Refusal` for more words than a request may have; pauses on the way.

    Words are counted only where the characters do not tell that they are few enough, and only until
    they are too many.
    """
    most = min(limits.max_words, limits.max_scores // max(1, scores_per_word))
    if sum(map(len, texts)) <= most:
        return
    words = 0
    for text in texts:
        for start in range(0, len(text), _PIECE):
            words += len(split_words(text[start : start + _PIECE]))
            if words > most:
                raise _build_refusal(scores_per_word, limits)
            yield


def _build_refusal(scores_per_word: int, limits: ServeLimits) -> Refusal:
    if limits.max_words <= limits.max_scores // max(1, scores_per_word):
        sentence = (
            f"The texts have more words than the {limits.max_words:,} of --max-words; "
            "send them in several."
        )
    else:
        sentence = (
            f"The words of the texts times {scores_per_word:,} scores for each are more than the "
            f"{limits.max_scores:,} of --max-scores; send fewer texts or labels at once."
        )
    return Refusal(413, sentence)
