"""What one pass over a corpus yields, and which texts are new."""

from __future__ import annotations

import random

import pytest

from distilgliner.augment.config import AugmentConfig, CaseConfig, MaskConfig
from distilgliner.augment.replacements import Replacements, build_replacements
from distilgliner.corpus.document import Document
from distilgliner.corpus.formats.inline import parse_inline
from distilgliner.errors import UserError

LINES = [
    "[Next week|date] an owl saw [Ada  Lovelace|person].",
    "It rains [next week|date]. A [dog|pet] saw it.",
    "We saw [next week|date] and [Ada Lovelace|person]",
]
DOCUMENTS = [parse_inline(line, "test") for line in LINES]


def build(
    *methods: str, excluded: tuple[str, ...] = (), documents: list[Document] = DOCUMENTS
) -> Replacements:
    config = AugmentConfig(methods=methods)  # type: ignore[arg-type]
    return build_replacements(documents, config, excluded, "notes.jsonl")


def draw_names(replacements: Replacements, label: str) -> set[str | None]:
    generator = random.Random(0)
    return {replacements.names[label].draw_name(generator, ()) for _ in range(30)}


def test_names_as_they_are_written_inside_sentences() -> None:
    replacements = build("slots")
    assert draw_names(replacements, "date") == {"next week"}
    assert draw_names(replacements, "person") == {"Ada Lovelace"}
    assert draw_names(replacements, "pet") == {"dog"}
    assert list(replacements.names) == ["date", "person", "pet"]
    assert replacements.articles
    assert (replacements.documents, replacements.excluded_documents) == (3, 0)


def test_only_what_the_methods_need() -> None:
    assert "saw" not in build("slots").words
    replacements = build("mask")
    assert (replacements.names, replacements.articles) == ({}, False)
    assert all(word in replacements.words for word in ("saw", "owl", "it", "an"))
    assert "It" not in replacements.words
    assert "week" not in replacements.words
    deleting = AugmentConfig(methods=("mask",), mask=MaskConfig(operation="delete"))
    assert "saw" not in build_replacements(DOCUMENTS, deleting, (), "x").words


def test_documents_that_are_to_be_kept_out_do_not_count() -> None:
    excluded = ("IT RAINS next  week. a dog saw it.", "something else")
    replacements = build("slots", "mask", excluded=excluded)
    assert (replacements.documents, replacements.excluded_documents) == (2, 1)
    assert list(replacements.names) == ["date", "person"]
    assert "rains" not in replacements.words


def test_which_texts_are_new() -> None:
    replacements = build("case", excluded=("Somewhere  Else",))
    text = DOCUMENTS[0].text
    assert not replacements.is_new(text)
    assert replacements.is_new(text.lower())
    assert not replacements.is_new("somewhere else\n")
    assert replacements.is_excluded("SOMEWHERE ELSE")
    assert not replacements.is_excluded(text)


@pytest.mark.parametrize("method", ["slots", "mask"])
def test_unlabelled_documents(method: str) -> None:
    documents = [*DOCUMENTS, Document("Nobody has labelled this.")]
    with pytest.raises(UserError) as caught:
        build("case", method, documents=documents)
    assert str(caught.value).startswith(
        f"notes.jsonl, document 4, has no labels, which {method} cannot do without; annotate"
    )
    config = AugmentConfig(methods=("case",), case=CaseConfig(lower=0.5))
    assert build_replacements(documents, config, (), "x").documents == 4


def test_the_order_does_not_matter() -> None:
    one, other = (build("slots", "mask", documents=d) for d in (DOCUMENTS, DOCUMENTS[::-1]))
    assert one.originals == other.originals
    for label in one.names:
        generators = random.Random(1), random.Random(1)
        for _ in range(10):
            names = [
                replacements.names[label].draw_name(generator, ())
                for replacements, generator in zip((one, other), generators, strict=True)
            ]
            assert names[0] == names[1]
