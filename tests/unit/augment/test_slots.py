"""Names give way to names of their label: how they are drawn, and what stays."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.augment.slots import NamePool, fill_slots, trim_entities
from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.formats.inline import parse_inline
from inline_markup import format_inline

PEOPLE = {"Bob": 3, "Ada": 1}
POOLS = {
    "person": NamePool({"Ada": 2, "Bob": 1, "Grace Hopper": 5, "van Dyck": 1}, "frequency"),
    "city": NamePool({"Rome": 1, "Oslo": 4}, "flat"),
}


class Chances(random.Random):
    """A generator that gives these numbers, one after the other."""

    def __init__(self, numbers: Iterable[float]) -> None:
        super().__init__()
        self._numbers = iter(numbers)

    def random(self) -> float:
        return next(self._numbers)


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        ("frequency", ["Ada", "Ada", "Bob", "Bob", "Bob"]),
        ("flat", ["Ada", "Ada", "Ada", "Bob", "Bob"]),
    ],
)
def test_chances_of_names(draw: str, expected: list[str]) -> None:
    pool = NamePool(PEOPLE, draw)  # type: ignore[arg-type]
    chances = Chances([0.0, 0.249, 0.499, 0.5, 0.999])
    assert [pool.draw_name(chances, ()) for _ in range(5)] == expected


def test_names_that_are_taken() -> None:
    pool = NamePool({"Ada": 10**9, "ADA": 10**9, "Bob": 1, "Cid": 3}, "frequency")
    taken = {"ada"}
    # Eight quick draws fail; then only the allowed names count, with 1 : 3.
    assert pool.draw_name(Chances([0.1] * 8 + [0.2]), taken) == "Bob"
    assert pool.draw_name(Chances([0.1] * 8 + [0.3]), taken) == "Cid"
    assert pool.draw_name(Chances([0.1] * 9), {"ada", "cid"}) == "Bob"
    assert pool.draw_name(random.Random(0), {"ada", "bob", "cid"}) is None


def fill(line: str, *, fraction: float = 1, seed: int = 0, articles: bool = False) -> str:
    document = parse_inline(line, "test")
    made = fill_slots(document, POOLS, fraction, random.Random(seed), articles=articles)
    return format_inline(made)


def test_a_repeated_name_is_replaced_alike() -> None:
    assert fill("[Oslo|city]: [Oslo|city]!") == "[Rome|city]: [Rome|city]!"


def test_capitals() -> None:
    assert fill("went to [oslo|city]") == "went to [rome|city]"
    assert fill("TO [OSLO|city]") == "TO [ROME|city]"
    assert fill("to [OSLO|city]") == "to [Rome|city]"


def test_what_has_no_other_name_stays() -> None:
    line = "[Ada|person], [Bob|person], [Grace  Hopper|person], [van Dyck|person], [Tea|drink]"
    assert fill(line) == line
    assert fill("[Rome|city] [oslo|city]") == "[Rome|city] [oslo|city]"


def test_articles() -> None:
    assert fill("a [Rome|city]", articles=True) == "an [Oslo|city]"
    assert fill("a [Rome|city]", articles=False) == "a [Oslo|city]"


def test_the_fraction_of_names() -> None:
    line = "[Rome|city] and [Bob|person]"
    changed = [fill(line, fraction=0.3, seed=seed).split(" and ") for seed in range(1000)]
    for index, old in enumerate(line.split(" and ")):
        assert 250 < sum(made[index] != old for made in changed) < 350


def test_white_space_in_an_entity_is_left_out() -> None:
    document = Document("  Ada met", (Entity(0, 6, "person", 0.7),))
    assert trim_entities(document) == Document("  Ada met", (Entity(2, 5, "person"),))
    assert trim_entities(document).entities[0].score == 0.7  # type: ignore[index]


@st.composite
def labelled(draw: st.DrawFn) -> Document:
    gap = st.text("aAn.“ é\n", max_size=4)
    name = st.sampled_from(["Ada", "bob", "Grace Hopper", "Rome", "a-b", "Zoë"])
    text, entities = draw(gap), []
    for _ in range(draw(st.integers(0, 4))):
        surface = draw(name)
        label = draw(st.sampled_from(["person", "city", "drink"]))
        entities.append(Entity(len(text), len(text) + len(surface), label))
        text += surface + draw(gap)
    return Document(text, tuple(entities))


def cut_out(document: Document) -> str:
    """The text with a mark in place of every entity."""
    text = document.text
    for entity in reversed(document.entities or ()):
        text = text[: entity.char_start] + "\0" + text[entity.char_end :]
    return text


@given(labelled(), st.floats(0.01, 1), st.integers(0, 9))
def test_entities_stay_as_many_and_all_else_as_it_was(
    document: Document, fraction: float, seed: int
) -> None:
    made = fill_slots(document, POOLS, fraction, random.Random(seed), articles=False)
    assert made.entities is not None
    assert document.entities is not None
    assert [e.label for e in made.entities] == [e.label for e in document.entities]
    assert cut_out(made) == cut_out(document)
    old = [document.text[e.char_start : e.char_end] for e in document.entities]
    new = [made.text[e.char_start : e.char_end] for e in made.entities]
    before = {name.casefold() for name in old}
    for entity, was, name in zip(made.entities, old, new, strict=True):
        assert was == name or name.casefold() not in before
        assert was == name or entity.label != "drink"
    # Different names stay different: each new one stands for one old one.
    pairs = {(e.label, was, name) for e, was, name in zip(made.entities, old, new, strict=True)}
    fresh = [name.casefold() for _, was, name in pairs if was != name]
    assert len(fresh) == len(set(fresh))
