"""Nothing is chosen, unsaid, by documents in which nothing can be found."""

from __future__ import annotations

import warnings

import pytest

from distilgliner.corpus.choosing import check_can_choose, warn_if_nothing_found
from distilgliner.corpus.document import Document, Entity
from distilgliner.errors import Notice, UserError

INSIDE = Document("Novartisaktie", (Entity(0, 8, "org"),), place="dev.jsonl, line 4")
WHOLE = Document("Novartis fell", (Entity(0, 8, "org"),))
UNSPACED = Document("東京に行く", (Entity(0, 2, "city"),))
EMPTY = Document("It fell", ())


@pytest.mark.parametrize("documents", [[], [WHOLE], [INSIDE, EMPTY, WHOLE], [UNSPACED]])
def test_documents_that_can_choose(documents: list[Document]) -> None:
    check_can_choose(documents, "dev")


def test_entities_inside_words_choose_nothing() -> None:
    with pytest.raises(UserError, match=r"^dev\.jsonl, line 4: 'Novartis' and all other .* dev"):
        check_can_choose([EMPTY, INSIDE], "dev")


def test_documents_without_entities_choose_nothing() -> None:
    with pytest.raises(UserError, match="dev holds no entity"):
        check_can_choose([EMPTY], "dev")


def test_equal_candidates_are_told() -> None:
    with pytest.warns(Notice, match="none of the 1 entities of dev was found"):
        warn_if_nothing_found(0.0, [WHOLE], "dev")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_nothing_found(0.1, [WHOLE], "dev")
        warn_if_nothing_found(0.0, [EMPTY], "dev")
