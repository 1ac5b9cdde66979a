"""What holds of all new texts, whatever the method: new, different, reproducible, in any order."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.augment.config import AugmentConfig, MaskConfig, Method
from distilgliner.augment.documents import augment_documents, make_texts
from distilgliner.augment.replacements import build_replacements
from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.formats.inline import parse_inline
from distilgliner.corpus.split import text_key
from distilgliner.errors import UserError
from tiny_store import build_documents

LINES = [
    "[Ada|person] met [Bob|person] in [Rome|city].",
    "Then [Bob|person] saw the dog.",
    "[Rome|city] has a well-known bridge, and [Oslo|city] too.",
    "[Cid|person] left.",
    "[Dora|person] left.",
    "Nothing ever happens here.",
    "NO ONE SAW [OSLO|city]",
    "[Ada|person]",
]
DOCUMENTS = [parse_inline(line, "test") for line in LINES]

methods = st.lists(
    st.sampled_from(["slots", "mask", "case"]), min_size=1, max_size=3, unique=True
).map(tuple)


@st.composite
def configs(draw: st.DrawFn) -> AugmentConfig:
    chosen = draw(methods)
    operation = draw(st.sampled_from(["similar", "delete"]))
    return AugmentConfig(
        methods=chosen,
        factor=draw(st.integers(1, 5)),
        mask=MaskConfig(operation=operation, fraction=draw(st.sampled_from([0.2, 0.9]))),
        seed=draw(st.integers(0, 99)),
    )


def run(
    documents: list[Document], config: AugmentConfig, excluded: tuple[str, ...] = ()
) -> list[str]:
    made = list(augment_documents(documents, config, excluded))
    assert all(document.entities is None for document in made)
    return [document.text for document in made]


parts = st.lists(st.sampled_from(DOCUMENTS), min_size=1, max_size=8)


@given(parts, configs())
def test_new_texts_differ_from_each_other_and_from_the_old(
    documents: list[Document], config: AugmentConfig
) -> None:
    made = run(documents, config)
    assert len(set(made)) == len(made) <= config.factor * len(documents)
    assert not set(made) & {document.text for document in documents}
    assert all(text.strip() for text in made)


@given(parts, configs(), st.randoms())
def test_neither_order_nor_repetition_of_the_run_matters(
    documents: list[Document], config: AugmentConfig, shuffler: random.Random
) -> None:
    made = run(documents, config)
    assert run(documents, config) == made
    shuffled = list(documents)
    shuffler.shuffle(shuffled)
    assert sorted(run(shuffled, config)) == sorted(made)


@given(parts, configs(), st.data())
def test_texts_to_be_kept_out_never_appear(
    documents: list[Document], config: AugmentConfig, data: st.DataObject
) -> None:
    made = run(documents, config)
    texts = sorted({*made, *(document.text for document in documents)})
    excluded = data.draw(st.lists(st.sampled_from(texts), max_size=4))
    written = tuple(f" {text.swapcase()}\n" for text in excluded)
    keys = {text_key(text) for text in excluded}
    assert not keys & {text_key(text) for text in run(documents, config, written)}


@given(parts, configs())
def test_a_larger_factor_only_adds(documents: list[Document], config: AugmentConfig) -> None:
    more = config.model_copy(update={"factor": config.factor + 2})
    assert set(run(documents, config)) <= set(run(documents, more))
    for document in documents:
        replacements = build_replacements(documents, config, (), "x")
        fewer = make_texts(document, config, replacements)
        assert len(set(fewer)) == len(fewer)
        assert make_texts(document, more, replacements)[: len(fewer)] == fewer


def test_the_seed_matters() -> None:
    documents = build_documents(30)
    made = [run(documents, AugmentConfig(seed=seed)) for seed in (0, 1, 0)]
    assert made[0] == made[2] != made[1]
    # Enough names for all: every document has its three.
    assert len(made[0]) > 2.5 * sum(bool(document.entities) for document in documents)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("slots", {"Bob left.", "Dora left.", "Ada left.", "Cid left."}),
        ("case", {"cid left.", "CID LEFT.", "Cid Left."}),
    ],
)
def test_what_one_method_can_make(method: Method, expected: set[str]) -> None:
    documents = [parse_inline(f"[{name}|person] left.", "x") for name in ("Cid", "Ada")]
    others = [parse_inline("[Bob|person] and [Dora|person].", "x")]
    config = AugmentConfig(methods=(method,), factor=6)
    replacements = build_replacements(documents + others, config, (), "x")
    made = set(make_texts(documents[0], config, replacements))
    assert made == expected - {document.text for document in documents}


def test_methods_go_through_a_text_in_one_order() -> None:
    made = [
        run(DOCUMENTS, AugmentConfig(methods=chosen))
        for chosen in (("slots", "mask", "case"), ("case", "mask", "slots"))
    ]
    assert made[0] == made[1]
    assert any(text.islower() for text in made[0])


def test_documents_to_be_kept_out_are_not_used() -> None:
    excluded = tuple(document.text for document in DOCUMENTS[2:])
    made = run(DOCUMENTS, AugmentConfig(factor=9), excluded)
    assert made
    assert not any(name in text for text in made for name in ("Oslo", "OSLO", "Cid", "Dora"))
    assert all(" met " in text or " saw the dog" in text for text in made)


def test_the_space_around_names_stays() -> None:
    document = Document("We met Ada .", (Entity(6, 11, "person"),))
    other = Document("Bob ran", (Entity(0, 3, "person"),))
    assert sorted(run([document, other], AugmentConfig())) == ["Ada ran", "We met Bob ."]


def test_documents_that_come_only_once() -> None:
    config = AugmentConfig(methods=("slots", "mask"))
    once = [d.text for d in augment_documents(iter(DOCUMENTS), config)]
    assert once == run(DOCUMENTS, config)


def test_unlabelled_documents_are_refused_at_once() -> None:
    with pytest.raises(UserError, match="The input, document 2, has no labels"):
        augment_documents([DOCUMENTS[0], Document("x")], AugmentConfig())


def test_documents_of_the_same_text_count_once() -> None:
    made = run([DOCUMENTS[0]] * 3 + DOCUMENTS, AugmentConfig())
    assert len(set(made)) == len(made)


def test_the_hash_seed_does_not_matter() -> None:
    code = (
        "from distilgliner.augment.config import AugmentConfig as C;"
        "from distilgliner.augment.documents import augment_documents as a;"
        "from distilgliner.corpus.formats.inline import parse_inline as p;"
        f"d = [p(line, 'x') for line in {LINES!r}];"
        "print([x.text for x in a(d, C(methods=('slots', 'mask', 'case'), factor=5))])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(outputs) == 1
