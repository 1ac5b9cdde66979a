from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from distilgliner_teacher.build_transfer import SENTENCES, build_transfer, run_build_transfer
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.bundled import bundled_corpus, bundled_lexicon
from distilgliner.corpus.document import Document
from distilgliner.corpus.formats.inline import parse_inline
from distilgliner.corpus.read import read_documents
from distilgliner.corpus.rewriting.resample import Lexicon, read_lexicon, resample_entities
from distilgliner.errors import UserError
from inline_markup import format_inline

KINDS = {
    "person": {"given": ["Ada", "Ben", "Cid", "Dora", "Eve"], "family": ["Ito", "Okafor"]},
    "date": {"year": ["1901", "1902", "1903", "1904", "1905", "1906"], "weeks": ["next week"]},
    "product": {"phone": ["iPhone 13", "Xbox", "Fairphone 4", "HP Slate", "Uno"]},
}


def write_lexicon(folder: Path, kinds: dict[str, dict[str, list[str]]]) -> Path:
    folder.mkdir(exist_ok=True)
    for label, by_kind in kinds.items():
        (folder / f"{label}.json").write_text(json.dumps(by_kind), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory: pytest.TempPathFactory) -> Lexicon:
    return read_lexicon(write_lexicon(tmp_path_factory.mktemp("lexicon"), KINDS))


@pytest.fixture(scope="module")
def bundled() -> Lexicon:
    return read_lexicon(bundled_lexicon())


@pytest.fixture(scope="module")
def training() -> list[Document]:
    return list(read_documents(bundled_corpus("train")))


def resample(line: str, lexicon: Lexicon, *, count: int = 1, seed: int = 0) -> list[str]:
    made = resample_entities([parse_inline(line, "test")], lexicon, count=count, seed=seed)
    return [format_inline(document) for document in made]


def surfaces(document: Document) -> list[tuple[str, str]]:
    return [
        (entity.label, document.text[entity.char_start : entity.char_end])
        for entity in document.entities or ()
    ]


class TestReadLexicon:
    def test_kinds_and_the_way_back(self, lexicon: Lexicon) -> None:
        assert lexicon.kinds["person"]["family"] == ("Ito", "Okafor")
        assert lexicon.kind_of["date", "1903"] == "year"
        assert ("product", "1903") not in lexicon.kind_of

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ('{"a": [\n"x",]}', "line 2"),
            ("[]", "is not a lexicon"),
            ('{"a": "x"}', "is not a lexicon"),
            ('{"a": []}', "is not a lexicon"),
            ('{"a": [" x"]}', "is not a lexicon"),
            ('{"a": [1]}', "is not a lexicon"),
            ('{"a": ["x"], "b": ["x"]}', "'x' stands twice, in 'a' and in 'b'"),
            ('{"a": ["x", "x"]}', "stands twice"),
        ],
    )
    def test_broken_files(self, tmp_path: Path, content: str, message: str) -> None:
        (tmp_path / "person.json").write_text(content, encoding="utf-8")
        with pytest.raises(UserError, match=message) as caught:
            read_lexicon(tmp_path)
        assert "person.json" in str(caught.value)

    def test_not_utf8(self, tmp_path: Path) -> None:
        (tmp_path / "person.json").write_bytes(b'{"a": ["\xff"]}')
        with pytest.raises(UserError, match="not UTF-8"):
            read_lexicon(tmp_path)

    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="holds no lexicon"):
            read_lexicon(tmp_path / "missing")


class TestResampleEntities:
    def test_a_repeated_name_stays_repeated(self, lexicon: Lexicon) -> None:
        for line in resample("[Ada|person], meet [Ada|person]!", lexicon, count=4):
            document = parse_inline(line, "test")
            first, second = surfaces(document)
            assert first == second != ("person", "Ada")

    def test_names_keep_their_order_in_the_lexicon(self, lexicon: Lexicon) -> None:
        line = "From [1903|date] back to [1902|date]."
        for made in resample(line, lexicon, count=6):
            (_, later), (_, earlier) = surfaces(parse_inline(made, "test"))
            assert earlier < later
            assert {earlier, later}.isdisjoint({"1902", "1903"})

    def test_capital_at_the_start_of_a_sentence(self) -> None:
        kinds = {"date": {"a": ("Today", "next week")}, "product": {"b": ("Uno", "eBay")}}
        kind_of = {(x, s): k for x, d in kinds.items() for k, names in d.items() for s in names}
        small = Lexicon(kinds, kind_of)
        assert resample("[Today|date] it rains.", small) == ["[Next week|date] it rains."]
        assert resample("No! “[Today|date]!”", small) == ["No! “[Next week|date]!”"]
        assert resample("It rains [Today|date].", small) == ["It rains [next week|date]."]
        assert resample("[Uno|product] it is.", small) == ["[eBay|product] it is."]

    @pytest.mark.parametrize(
        ("name", "article"),
        [
            ("iPhone 13", "an"),
            ("Xbox", "an"),
            ("Fairphone 4", "a"),
            ("HP Slate", "an"),
            ("Uniqlo", "a"),
            ("UPS", "a"),
            ("R 500", "an"),
            ("8er", "an"),
            ("80s", "an"),
            ("11 May", "an"),
            ("110 Plus", "a"),
            ("Škoda", "a"),
            ("Österling", "an"),
        ],
    )
    def test_article(self, name: str, article: str) -> None:
        kinds = {"product": {"a": ("Old", "Thing", name)}}
        small = Lexicon(kinds, {("product", surface): "a" for surface in kinds["product"]["a"]})
        made = resample("A [Old|product] is a  [Old|product].", small, count=2)
        assert f"{article.capitalize()} [{name}|product] is {article}  [{name}|product]." in made

    def test_what_cannot_be_replaced_stays(self, lexicon: Lexicon) -> None:
        line = "[Zoë|person] or [Ito|person] and [Okafor|person] saw a [Uno|product]"
        for made in resample(line, lexicon, count=3):
            assert made.startswith("[Zoë|person] or [Ito|person] and [Okafor|person] saw a")

    def test_too_few_different_texts(self, lexicon: Lexicon) -> None:
        with pytest.raises(UserError, match="Only 4 different texts"):
            resample("Hello [Ada|person]", lexicon, count=5)
        with pytest.raises(UserError, match="Only 0 different texts"):
            resample("Hello there, [next week|date]", lexicon)

    def test_every_document_has_its_turn(self, lexicon: Lexicon) -> None:
        lines = ["One [Ada|person]", "none", "Two [Ben|person]", "Three [1901|date]"]
        documents = [parse_inline(line, "test") for line in lines]
        made = resample_entities(documents, lexicon, count=5, seed=1)
        assert [document.text.split()[0] for document in made] == [
            *("One", "Two", "Three"),
            *("One", "Two"),
        ]

    def test_seed(self, training: list[Document], bundled: Lexicon) -> None:
        one, again, other = (
            resample_entities(training, bundled, count=50, seed=seed) for seed in (1, 1, 2)
        )
        assert one == again != other

    def test_independent_of_the_hash_seed(self) -> None:
        code = (
            "from distilgliner_teacher.build_transfer import build_transfer;"
            "from distilgliner.corpus.document import text_id;"
            "print(text_id('\\n'.join(document.text for document in build_transfer())))"
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

    @given(data=st.data())
    def test_offsets_and_kinds(self, data: st.DataObject, lexicon: Lexicon) -> None:
        names = [(label, name) for label, name in sorted(lexicon.kind_of)]
        names += [("person", "Zoë"), ("event", "Ada")]
        gap = st.text(st.sampled_from(" aAn.“é😀-"), min_size=1, max_size=6)
        parts: list[tuple[str, str] | str] = [data.draw(gap)]
        for name in data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=5)):
            parts += [name, data.draw(gap)]
        line = "".join(
            part if isinstance(part, str) else f"[{part[1]}|{part[0]}]" for part in parts
        )
        source = parse_inline(line, "test")
        try:
            (made,) = resample_entities([source], lexicon, count=1, seed=data.draw(st.integers()))
        except UserError:
            return  # nothing in it could be replaced
        assert made.text != source.text
        # Without its entities the sentence is the same, but for an article here and there.
        assert bare(made) == bare(source)
        before, after = surfaces(source), surfaces(made)
        pairs = dict(zip(before, after, strict=True))
        assert [pairs[old] for old in before] == after
        changed = [(old, new) for old, new in pairs.items() if old != new]
        assert changed
        for (label, old), (new_label, new) in changed:
            assert label == new_label
            kind = lexicon.kind_of[label, old]
            known = {name.casefold() for name in lexicon.kinds[label][kind]}
            assert new.casefold() in known
            assert new.casefold() not in {name.casefold() for _, name in before}
        fresh = [new.casefold() for _, (_, new) in changed]
        assert len(fresh) == len(set(fresh))


def bare(document: Document) -> str:
    """The text with a mark in place of every entity, and "a" for "an"."""
    text = document.text
    for entity in reversed(document.entities or ()):
        text = text[: entity.char_start] + "\0" + text[entity.char_end :]
    return re.sub("([Aa])n", r"\1", text)


class TestBundledLexicon:
    def test_has_every_training_surface(self, training: list[Document], bundled: Lexicon) -> None:
        used = {surface for document in training for surface in surfaces(document)}
        assert used - set(bundled.kind_of) == set()

    def test_every_kind_is_used(self, training: list[Document], bundled: Lexicon) -> None:
        used = {surface for document in training for surface in surfaces(document)}
        kinds = {(label, kind) for label, by_kind in bundled.kinds.items() for kind in by_kind}
        assert kinds == {(label, bundled.kind_of[label, name]) for label, name in used}

    def test_size(self, bundled: Lexicon) -> None:
        people = bundled.kinds["person"]
        assert len(people["full name, woman"]) + len(people["full name, man"]) >= 150
        assert len(people["given name, woman"]) + len(people["given name, man"]) >= 80
        assert len(people["family name"]) >= 80


class TestTransfer:
    def test_committed_file_is_what_the_script_writes(self, tmp_path: Path) -> None:
        assert run_build_transfer(tmp_path / "transfer.txt") == SENTENCES
        made = (tmp_path / "transfer.txt").read_bytes()
        assert made == bundled_corpus("transfer").read_bytes(), (
            "run: python -m distilgliner_teacher.build_transfer"
        )

    def test_sentences_are_new_and_distinct(self, training: list[Document]) -> None:
        made = build_transfer()
        texts = {document.text for document in made}
        assert len(texts) == SENTENCES
        assert texts.isdisjoint(document.text for document in training)
        assert [document.text for document in read_documents(bundled_corpus("transfer"))] == [
            document.text for document in made
        ]
