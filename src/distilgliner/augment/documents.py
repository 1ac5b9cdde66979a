"""From documents to new documents: the methods that were chosen, one behind the other."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from distilgliner.augment.case import change_case
from distilgliner.augment.config import AugmentConfig
from distilgliner.augment.mask import delete_words, replace_words
from distilgliner.augment.replacements import Replacements, build_replacements, hash_text
from distilgliner.augment.slots import fill_slots, trim_entities
from distilgliner.corpus.document import Document
from distilgliner.corpus.texts import CheckedDocuments, list_texts

_TRIES = 20
"""Attempts at one more new text of a document, before it is left at those it has."""


def augment_documents(
    documents: Iterable[Document | str],
    config: AugmentConfig,
    excluded: Iterable[str] = (),
    *,
    source: str = "The input",
) -> Iterator[Document]:
    """New texts made of documents, up to `config.factor` of each, for a teacher to label.

    documents: with the entities that a teacher found or people marked (only `case` needs none).
        They are gone through twice, once here and once while the result is taken; an iterator,
        which cannot be, is held in memory.
    excluded: texts to be kept out, compared by `text_key`. None is made, and documents with such a
        text are not used.
    source: how messages call the input.

    The new documents have no labels (`entities` None), no two have the same text, and none has
    that of an input. A document that allows no more than a few different texts yields fewer. Its
    random numbers come from the seed and its id: neither the order of the documents nor the hash
    seed of the process changes which texts are made, and a larger factor only adds to them.
    Raises `UserError` at once for documents without labels.
    """
    if isinstance(documents, Iterator):
        documents = list(documents)
    checked = CheckedDocuments(documents, source)
    replacements = build_replacements(checked, config, list_texts(excluded, "excluded"), source)
    return vary_documents(checked, config, replacements)


def vary_documents(
    documents: Iterable[Document], config: AugmentConfig, replacements: Replacements
) -> Iterator[Document]:
    """The second pass of `augment_documents`: the new texts, those of a document together."""
    made: set[int] = set()
    for document in documents:
        if replacements.is_excluded(document.text):
            continue
        for text in make_texts(document, config, replacements):
            key = hash_text(text)
            if key not in made:
                made.add(key)
                yield Document(text)


def make_texts(document: Document, config: AugmentConfig, replacements: Replacements) -> list[str]:
    """Up to `config.factor` different new texts of one document, in the order of drawing."""
    generator = random.Random(f"{config.seed} {document.id}")
    trimmed = trim_entities(document)
    texts: list[str] = []
    while len(texts) < config.factor:
        for _ in range(_TRIES):
            text = _vary(trimmed, config, replacements, generator)
            if text not in texts and replacements.is_new(text):
                texts.append(text)
                break
        else:
            break
    return texts


def _vary(
    document: Document, config: AugmentConfig, replacements: Replacements, generator: random.Random
) -> str:
    if "slots" in config.methods:
        document = fill_slots(
            document,
            replacements.names,
            config.slots.fraction,
            generator,
            articles=replacements.articles,
        )
    text = document.text
    if "mask" in config.methods:
        if config.mask.operation == "similar":
            text = replace_words(document, replacements.words, config.mask.fraction, generator)
        else:
            text = delete_words(document, config.mask.fraction, generator)
    if "case" in config.methods:
        text = change_case(text, config.case, generator)
    return text
