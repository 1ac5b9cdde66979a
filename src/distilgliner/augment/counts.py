"""Counting how a corpus writes its names and words, capitals of sentence starts aside."""

from __future__ import annotations

from collections import Counter


class SurfaceCounter:
    """Counts surfaces as they are written inside a sentence.

    "Next week" at the start of a sentence counts as "next week" if the corpus writes that more
    often inside sentences. The counts do not depend on the order of the additions.
    """

    def __init__(self) -> None:
        self._inside: Counter[str] = Counter()
        self._initial: Counter[str] = Counter()

    def add(self, surface: str, *, initial: bool) -> None:
        """Count a surface once more; `initial`: it stands at the start of a sentence."""
        (self._initial if initial else self._inside)[surface] += 1

    def merge(self) -> dict[str, int]:
        """The counts of all surfaces, sorted by surface."""
        counts = Counter(self._inside)
        for surface, count in self._initial.items():
            plain = lower_first(surface)
            plainer = self._inside[plain] > self._inside[surface]
            counts[plain if plainer else surface] += count
        return dict(sorted(counts.items()))


def lower_first(surface: str) -> str:
    """The surface with its first letter in lower case."""
    return surface[:1].lower() + surface[1:]
