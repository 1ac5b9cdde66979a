"""Entity slots: the names of a text give way to other names of their label from the corpus.

Source: mention replacement in Dai and Adel, "An Analysis of Simple Data Augmentation for Named
Entity Recognition" (COLING 2020), section 3; here a name that a text repeats is replaced alike
wherever it stands.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Collection, Mapping
from itertools import accumulate
from typing import Literal

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.rewriting.replace import replace_entities
from distilgliner.corpus.split import text_key

_TRIES = 8
"""Quick draws, before the names that are allowed are listed."""


class NamePool:
    """The names of one label, to draw from."""

    def __init__(self, counts: Mapping[str, int], draw: Literal["frequency", "flat"]) -> None:
        self._names = sorted(counts)
        self._weights = [counts[name] if draw == "frequency" else 1 for name in self._names]
        self._cumulative = list(accumulate(self._weights))

    def draw_name(self, generator: random.Random, taken: Collection[str]) -> str | None:
        """A name whose case-folded form is not in `taken`; None when there is no such name.

        Of the names allowed each has its weight as chance: its count in the corpus, or 1.
        """
        for _ in range(_TRIES):
            name = _pick(self._names, self._cumulative, generator)
            if name.casefold() not in taken:
                return name
        free = [
            (name, weight)
            for name, weight in zip(self._names, self._weights, strict=True)
            if name.casefold() not in taken
        ]
        if not free:
            return None
        return _pick([name for name, _ in free], list(accumulate(w for _, w in free)), generator)


def _pick(names: list[str], cumulative: list[int], generator: random.Random) -> str:
    # Only Random.random() is used: its sequence is the same in every version of Python.
    return names[bisect_right(cumulative, int(generator.random() * cumulative[-1]))]


def trim_entities(document: Document) -> Document:
    """The document with the white space around its entities' names left out of them."""
    entities = []
    for entity in document.entities or ():
        surface = document.text[entity.char_start : entity.char_end]
        start = entity.char_end - len(surface.lstrip())
        end = entity.char_start + len(surface.rstrip())
        entities.append(Entity(start, end, entity.label, entity.score))
    return Document(document.text, tuple(entities))


def fill_slots(
    document: Document,
    pools: Mapping[str, NamePool],
    fraction: float,
    generator: random.Random,
    *,
    articles: bool,
) -> Document:
    """The document with other names in a `fraction` of its entity slots.

    Each different name is replaced with probability `fraction`, by one of its label that the text
    has not; it stays where there is none. The number, order and labels of the entities stay. In a
    text of lower-case letters or capitals only, the new names are written so too. `articles`: see
    `replace_entities`. `document` has no white space around its names (see `trim_entities`).
    """
    entities = document.entities or ()
    slots = dict.fromkeys((e.label, document.text[e.char_start : e.char_end]) for e in entities)
    taken = {text_key(surface) for _, surface in slots}
    names: dict[tuple[str, str], str] = {}
    for label, surface in slots:
        if generator.random() >= fraction or label not in pools:
            continue
        name = pools[label].draw_name(generator, taken)
        if name is not None:
            taken.add(name.casefold())
            names[label, surface] = _match_case(name, document.text)
    return replace_entities(document, names, articles=articles)


def _match_case(name: str, text: str) -> str:
    if text.islower():
        return name.lower()
    return name.upper() if text.isupper() else name
