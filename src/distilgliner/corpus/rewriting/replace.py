"""Other names in the places of a document's entities, set in as if they had always stood there."""

from __future__ import annotations

from collections.abc import Mapping

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.rewriting.articles import correct_article

_SENTENCE_ENDS = frozenset(".!?…")
_OPENING = frozenset("\"'“”‘’(–—-")


def begins_sentence(text: str, position: int) -> bool:
    """Whether what stands at `position` begins a sentence: only quotes and the like are between."""
    while position and (text[position - 1] in _OPENING or text[position - 1].isspace()):
        position -= 1
    return position == 0 or text[position - 1] in _SENTENCE_ENDS


def replace_entities(
    document: Document, names: Mapping[tuple[str, str], str], *, articles: bool = True
) -> Document:
    """The document with other names for its entities; the labels stay, the offsets are new.

    `names` maps `(label, surface)` to the new name; what is not in it stays. A name of plain words
    gets a capital at the start of a sentence if the old one had one. `articles`: an English "a" or
    "an" before a new name is made to fit it.
    """
    text = ""
    done = 0
    entities = []
    for entity in document.entities or ():
        text += document.text[done : entity.char_start]
        surface = document.text[entity.char_start : entity.char_end]
        name = names.get((entity.label, surface))
        if name is None:
            name = surface
        else:
            if articles:
                text = correct_article(text, name)
            # Only plain words: "iPhone" and "eBay" keep their capitals inside.
            if surface[0].isupper() and name.islower() and begins_sentence(text, len(text)):
                name = name[0].upper() + name[1:]
        entities.append(Entity(len(text), len(text) + len(name), entity.label, entity.score))
        text += name
        done = entity.char_end
    return Document(text + document.text[done:], tuple(entities))
