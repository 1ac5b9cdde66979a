"""Gold inside words is counted, label by label, and its first place named."""

from __future__ import annotations

from pathlib import Path

import pytest

from distilgliner.corpus.align import align_spans
from distilgliner.corpus.borders import GoldBorders, measure_borders
from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.read import read_documents
from distilgliner.corpus.words import split_words


def document(text: str, *surfaces: tuple[str, str]) -> Document:
    entities = [
        Entity(text.index(surface), text.index(surface) + len(surface), label)
        for surface, label in surfaces
    ]
    return Document(text, tuple(sorted(entities)))


def test_whole_words_are_no_matter() -> None:
    found = measure_borders([document("Ada Byron, Leeds", ("Ada Byron", "a"), ("Leeds", "b"))])
    assert (found.entities, found.affected, found.labels) == (2, 0, {})
    assert found.describe() == ""


def test_what_is_widened_and_what_is_left_out() -> None:
    found = measure_borders(
        [
            document("Der Opel-Chef Ada kam.", ("Opel", "firm"), ("Ada", "person")),
            document("Die Fiat-Opel-Werke, Bath", ("Fiat", "firm"), ("Opel", "firm")),
            Document("unlabelled"),
        ],
        source="my.jsonl",
    )
    assert (found.entities, found.widened, found.left_out) == (4, 2, 1)
    assert found.labels == {"firm": (3, 3)}
    assert found.describe() == (
        "3 of 4 gold entities do not lie on word borders: 2 widened, 1 left out ('firm' 3 of 3); "
        "the first is my.jsonl, document 1: 'Opel' (firm) in 'Opel-Chef'; label whole words, or "
        "write the parts of a word apart"
    )
    assert GoldBorders.from_dict(found.to_dict()) == found


def test_the_first_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "g.inline"
    path.write_text("[Ada|person] came.\n\nThe [Fiat|firm]-plant.\n", encoding="utf-8")
    found = measure_borders(list(read_documents(path)))
    assert f"the first is {path}, line 3: 'Fiat' (firm) in 'Fiat-plant';" in found.describe()


def test_entities_of_white_space_only_hold_no_word() -> None:
    found = measure_borders([Document("a  b", (Entity(1, 3, "x"),))])
    assert (found.widened, found.left_out) == (0, 1)
    assert "which holds no word" in found.describe()


def test_white_space_at_the_borders_is_not_inside_a_word() -> None:
    assert measure_borders([Document("a Ada b", (Entity(1, 6, "x"),))]).affected == 0


def test_marks_and_soft_hyphens_belong_to_a_word() -> None:
    text = "Jose\u0301 met Ober\u00admann"
    found = measure_borders([Document(text, (Entity(0, 4, "x"), Entity(10, 14, "x")))])
    assert (found.entities, found.widened) == (2, 2)


@pytest.mark.parametrize(
    "text", ["Die Opel-Fiat AG (Bad\u00adHof), e\u0301x", "x-y_z\u200d!? 東京に"]
)
def test_gold_at_every_offset_is_counted_once(text: str) -> None:
    """Aligned, widened or left out: nothing is lost without a count."""
    words = split_words(text)
    starts, ends = {start for start, _ in words}, {end for _, end in words}
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            found = measure_borders([Document(text, (Entity(start, end, "x"),))])
            spans, lost = align_spans([(start, end, 0)], words)
            assert (found.entities, found.left_out) == (1, lost)
            surface = text[start:end]
            first = start + len(surface) - len(surface.lstrip())
            last = end - len(surface) + len(surface.rstrip())
            whole = first in starts and last in ends
            assert found.widened == (not whole and bool(spans))


def test_another_splitter_counts_otherwise() -> None:
    gold = [document("昨天李明到南京。", ("李明", "person"))]
    assert measure_borders(gold).widened == 1
    assert measure_borders(gold, lambda text: [(i, i + 1) for i in range(len(text))]).affected == 0
