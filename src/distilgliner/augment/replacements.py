"""What one pass over a corpus yields for augmenting it: names, words, and the texts themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from distilgliner.augment.config import AugmentConfig
from distilgliner.augment.counts import SurfaceCounter
from distilgliner.augment.mask import WordPool, find_free_words
from distilgliner.augment.slots import NamePool, trim_entities
from distilgliner.corpus.document import Document, text_id
from distilgliner.corpus.rewriting.articles import ArticleCounter
from distilgliner.corpus.rewriting.replace import begins_sentence
from distilgliner.corpus.split import text_key
from distilgliner.errors import UserError


@dataclass(frozen=True)
class Replacements:
    """The pools that new texts are made from, and the texts that none of them may be."""

    names: Mapping[str, NamePool]
    words: WordPool
    articles: bool
    """Whether the corpus has English articles, to be corrected before new names."""
    originals: frozenset[int]
    """Hashes of the corpus' own texts, as they are written."""
    excluded: frozenset[int]
    """Hashes of the texts to be kept out, by `text_key`."""
    documents: int
    """How many documents of the corpus are used."""
    excluded_documents: int
    """How many are not, because they are to be kept out themselves."""

    def is_excluded(self, text: str) -> bool:
        """Whether the text is to be kept out, however its case and white space may differ."""
        return bool(self.excluded) and hash_text(text_key(text)) in self.excluded

    def is_new(self, text: str) -> bool:
        """Whether the text is neither one of the corpus nor to be kept out."""
        return hash_text(text) not in self.originals and not self.is_excluded(text)


def hash_text(text: str) -> int:
    """64 bits that stand for a text; a set of them takes some 100 bytes a text."""
    return int(text_id(text), 16)


def build_replacements(
    documents: Iterable[Document], config: AugmentConfig, excluded: Iterable[str], source: str
) -> Replacements:
    """Go through the corpus once. The result does not depend on the order of the documents.

    Names and words of documents that are to be kept out themselves do not count. `source` begins
    the message of the `UserError` that is raised for a document without labels where a method
    needs them.
    """
    keys = frozenset(hash_text(text_key(text)) for text in excluded)
    names: dict[str, SurfaceCounter] = {}
    words, articles = SurfaceCounter(), ArticleCounter()
    originals: set[int] = set()
    used = excluded_documents = 0
    for number, document in enumerate(documents, 1):
        if keys and hash_text(text_key(document.text)) in keys:
            excluded_documents += 1
            continue
        _check_labelled(document, config, f"{source}, document {number},")
        used += 1
        originals.add(hash_text(document.text))
        if "slots" in config.methods:
            _count_names(document, names)
            articles.add(document.text)
        if "mask" in config.methods and config.mask.operation == "similar":
            _count_words(document, words)
    return Replacements(
        names={label: NamePool(names[label].merge(), config.slots.draw) for label in sorted(names)},
        words=WordPool(words.merge()),
        articles=articles.english,
        originals=frozenset(originals),
        excluded=keys,
        documents=used,
        excluded_documents=excluded_documents,
    )


def _check_labelled(document: Document, config: AugmentConfig, where: str) -> None:
    needing = [method for method in config.methods if method != "case"]
    if needing and document.entities is None:
        raise UserError(
            f"{where} has no labels, which {' and '.join(needing)} cannot do without; annotate the "
            "text and pass --annotations, or give labelled text."
        )


def _count_names(document: Document, names: dict[str, SurfaceCounter]) -> None:
    for entity in trim_entities(document).entities or ():
        surface = " ".join(document.text[entity.char_start : entity.char_end].split())
        initial = begins_sentence(document.text, entity.char_start)
        names.setdefault(entity.label, SurfaceCounter()).add(surface, initial=initial)


def _count_words(document: Document, words: SurfaceCounter) -> None:
    for start, end in find_free_words(document):
        initial = begins_sentence(document.text, start)
        words.add(document.text[start:end], initial=initial)
