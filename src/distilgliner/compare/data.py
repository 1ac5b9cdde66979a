"""The documents of a comparison, kept apart: nothing of dev or test is learned from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from distilgliner.compare.config import CompareConfig
from distilgliner.compare.results import DataPart, Part
from distilgliner.corpus.document import Document
from distilgliner.corpus.labelled import read_labelled_documents
from distilgliner.corpus.read import read_documents
from distilgliner.corpus.split import text_key
from distilgliner.distill.sources.partial import find_known_labels, read_partly_labelled
from distilgliner.errors import UserError
from distilgliner.folders import compute_fingerprint


@dataclass(frozen=True)
class ComparisonData:
    """`gold`, `dev` and `test` are labelled; of `transfer` only the text is used."""

    gold: list[Document]
    transfer: list[Document]
    dev: list[Document]
    test: list[Document]
    notes: list[str]

    def describe(self) -> dict[Part, DataPart]:
        """The sizes of the parts that there are."""
        parts: dict[Part, DataPart] = {
            "gold": _describe(self.gold, labelled=True),
            "transfer": _describe(self.transfer, labelled=False),
            "dev": _describe(self.dev, labelled=True),
            "test": _describe(self.test, labelled=True),
        }
        return {name: part for name, part in parts.items() if part.documents or name != "dev"}

    def compute_fingerprints(self) -> dict[str, str]:
        """What identifies the texts, the human labels and their order, for each part."""
        parts = {
            "gold": self.gold,
            "transfer": self.transfer,
            "dev": self.dev,
            "test": self.test,
        }
        return {name: compute_fingerprint(map(repr, part)) for name, part in parts.items()}


def read_comparison_data(config: CompareConfig) -> ComparisonData:
    """Read all parts, and drop from gold and transfer what stands in dev or test.

    Case and white space make no other text of one (see `text_key`).
    Raises `UserError` for a part without documents or labels, or with unknown labels.
    """
    notes: list[str] = []
    test = read_labelled_documents(
        config.test, config.labels, config.ignore_labels, **config.read_options()
    )
    dev = _drop("dev", _read_labelled(config.dev, config), _keys(test), "test", notes)
    held = _keys(test) | _keys(dev)
    gold = _read_labelled(config.gold, config)
    gold = _drop("gold", _unique(gold), held, "dev or test", notes)
    texts = [
        Document(document.text)
        for source in config.transfer
        for document in read_documents(source, **config.read_options())
        if document.words()
    ]
    transfer = _drop("transfer", _unique(texts), held, "dev or test", notes)
    for name, documents in (("gold", gold), ("dev", dev), ("transfer", transfer)):
        if not documents and getattr(config, name):
            raise UserError(f"No document is left in {name}; give other files for it.")
    return ComparisonData(gold, transfer, dev, test, notes)


def _read_labelled(sources: Sequence[str], config: CompareConfig) -> list[Document]:
    return read_partly_labelled(
        sources,
        config.labels,
        config.labels_of,
        config.ignore_labels,
        **config.read_options(),
    )


def _drop(
    name: str, documents: Iterable[Document], held: set[str], other: str, notes: list[str]
) -> list[Document]:
    documents = list(documents)
    kept = [document for document in documents if text_key(document.text) not in held]
    if len(kept) < len(documents):
        count = len(documents) - len(kept)
        notes.append(f"{count} documents of {name} also stand in {other} and were left out.")
    return kept


def _unique(documents: Iterable[Document]) -> list[Document]:
    """Each text once, or once for each set of labels that it was annotated for."""
    found = {(document.id, find_known_labels(document)): document for document in documents}
    return list(found.values())


def _keys(documents: Iterable[Document]) -> set[str]:
    return {text_key(document.text) for document in documents}


def _describe(documents: Sequence[Document], *, labelled: bool) -> DataPart:
    return DataPart(
        documents=len(documents),
        words=sum(len(document.words()) for document in documents),
        entities=sum(len(document.entities or ()) for document in documents) if labelled else None,
    )
