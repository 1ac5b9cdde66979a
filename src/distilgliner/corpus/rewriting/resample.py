"""More sentences from labelled ones: every entity slot is filled with another name of its kind.

A lexicon groups the names of a label into kinds that are interchangeable within a sentence: a
weekday gives way to a weekday, a storm to a storm, a name in lower case to another in lower case.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.rewriting.replace import replace_entities
from distilgliner.errors import UserError
from distilgliner.parsing import parse_json, read_text

_NEAR = 6  # names from which those of one kind in one sentence are drawn
_TRIES = 20  # per document and round, before the document is passed over in this round


@dataclass(frozen=True)
class Lexicon:
    """Names by label and kind; within a label every name belongs to one kind only.

    `kinds[label][kind]` are the names in the order of the file. The order means something: two
    names of one kind in a sentence are replaced by two that stand in the same order, so a list of
    years in ascending order never yields "from 1990 to 1970". They also stand near each other, so
    "from 10 March to 13 March" stays a matter of days.
    `kind_of` maps `(label, surface)` to the kind.
    """

    kinds: Mapping[str, Mapping[str, tuple[str, ...]]]
    kind_of: Mapping[tuple[str, str], str]


def read_lexicon(folder: str | Path) -> Lexicon:
    """Read a folder of `LABEL.json` files, each `{"kind": ["surface", ...], ...}`.

    Raises `UserError` for a folder without such a file, a broken file, and a surface that stands
    twice under a label.
    """
    paths = sorted(Path(folder).glob("*.json"))
    if not paths:
        raise UserError(f"{folder} holds no lexicon; put a file LABEL.json there for every label.")
    kinds: dict[str, Mapping[str, tuple[str, ...]]] = {}
    kind_of: dict[tuple[str, str], str] = {}
    for path in paths:
        label = path.stem
        kinds[label] = _read_kinds(path)
        for kind, surfaces in kinds[label].items():
            for surface in surfaces:
                if (label, surface) in kind_of:
                    other = kind_of[label, surface]
                    raise UserError(
                        f"{path}: {surface!r} stands twice, in {other!r} and in {kind!r}; "
                        "keep it in one place."
                    )
                kind_of[label, surface] = kind
    return Lexicon(kinds, kind_of)


def _read_kinds(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        content = parse_json(read_text(path))
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); check the path.") from None
    except ValueError as error:
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UserError(f"{path}{where}: this is not JSON ({error}); correct it.") from None
    if not isinstance(content, dict) or not all(
        isinstance(surfaces, list)
        and surfaces
        and all(isinstance(name, str) and name and name == name.strip() for name in surfaces)
        for surfaces in content.values()
    ):
        raise UserError(
            f"{path} is not a lexicon; write an object that maps every kind to a list of names "
            "without white space around them."
        )
    return {kind: tuple(surfaces) for kind, surfaces in content.items()}


def resample_entities(
    documents: Sequence[Document], lexicon: Lexicon, *, count: int, seed: int
) -> list[Document]:
    """Make `count` labelled documents by re-filling the entities of `documents`.

    Goes round and round through the documents with at least one entity in the lexicon. Every such
    entity gets another name of its kind: never one that the sentence already had, no name twice in
    a sentence, the same name wherever the sentence repeats one. (An entity stays as it is where its
    kind has too few other names.) The labels stay, the offsets are new, no two texts are equal and
    none is an input. The result depends on the arguments alone.

    Raises `UserError` when the lexicon does not suffice for `count` different texts.
    """
    sources = [
        document
        for document in documents
        if any(_kind(document, entity, lexicon) is not None for entity in document.entities or ())
    ]
    # Only Random.random() is used: its sequence is the same in every version of Python.
    generator = random.Random(seed)
    seen = {document.text for document in documents}
    made: list[Document] = []
    while len(made) < count:
        before = len(made)
        for source in sources[: count - before]:
            for _ in range(_TRIES):
                values = _choose_values(source, lexicon, generator)
                candidate = replace_entities(source, values)
                if candidate.text not in seen:
                    seen.add(candidate.text)
                    made.append(candidate)
                    break
        if len(made) == before:
            raise UserError(
                f"Only {before} different texts could be made of the {count} wanted; "
                "ask for fewer or add names to the lexicon."
            )
    return made


def _surface(document: Document, entity: Entity) -> str:
    return document.text[entity.char_start : entity.char_end]


def _kind(document: Document, entity: Entity, lexicon: Lexicon) -> str | None:
    return lexicon.kind_of.get((entity.label, _surface(document, entity)))


def _choose_values(
    document: Document, lexicon: Lexicon, generator: random.Random
) -> dict[tuple[str, str], str]:
    """The new name of every `(label, surface)` of the document that is to be replaced."""
    slots: dict[tuple[str, str], list[str]] = {}  # (label, kind): different surfaces
    taken = set()
    for entity in document.entities or ():
        surface = _surface(document, entity)
        taken.add(surface.casefold())
        kind = lexicon.kind_of.get((entity.label, surface))
        if kind is not None:
            surfaces = slots.setdefault((entity.label, kind), [])
            if surface not in surfaces:
                surfaces.append(surface)
    values: dict[tuple[str, str], str] = {}
    for (label, kind), surfaces in slots.items():
        names = lexicon.kinds[label][kind]
        free = [name for name in names if name.casefold() not in taken]
        if len(free) < len(surfaces):
            continue
        chosen = _draw(free, len(surfaces), generator)
        taken.update(name.casefold() for name in chosen)
        old_in_order = sorted(surfaces, key=names.index)
        for old, new in zip(old_in_order, sorted(chosen, key=names.index), strict=True):
            values[label, old] = new
    return values


def _draw(names: list[str], number: int, generator: random.Random) -> list[str]:
    """`number` different names; if more than one, then from one short stretch of `names`."""
    width = min(len(names), 1 if number == 1 else max(_NEAR, 2 * number))
    start = int(generator.random() * (len(names) - width + 1))
    left = names[start : start + width]
    return [left.pop(int(generator.random() * len(left))) for _ in range(number)]
