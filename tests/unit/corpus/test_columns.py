"""Column files in every scheme."""

from __future__ import annotations

from pathlib import Path

import pytest

from distilgliner.corpus.columns import read_columns
from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.read import read_documents
from distilgliner.corpus.tags import LOOK_AHEAD, detect_scheme, parse_tag
from distilgliner.errors import UserError

WORDS = ["Ada", "Lovelace", "Leeds", "Bath", "laughs"]
GOLD = [Entity(0, 12, "person"), Entity(13, 18, "place"), Entity(19, 23, "place")]
TAGS = {
    "iob1": ["I-person", "I-person", "I-place", "B-place", "O"],
    "iob2": ["B-person", "I-person", "B-place", "B-place", "O"],
    "bioes": ["B-person", "E-person", "S-place", "S-place", "O"],
    "bilou": ["B-person", "L-person", "U-place", "U-place", "O"],
}


def lines(words: list[str], tags: list[str], separator: str = " ") -> str:
    return "".join(f"{w}{separator}{t}\n" for w, t in zip(words, tags, strict=True))


def read(content: str, scheme: str | None = None) -> list[Document]:
    raw = [line.encode() for line in content.splitlines(keepends=True)]
    return list(read_columns(raw, "a.conll", scheme))


@pytest.mark.parametrize("spelling", TAGS)
def test_schemes_are_told_apart(spelling: str) -> None:
    assert read(lines(WORDS, TAGS[spelling])) == [Document(" ".join(WORDS), tuple(GOLD))]


@pytest.mark.parametrize("spelling", TAGS)
def test_schemes_can_be_named(tmp_path: Path, spelling: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(lines(WORDS, TAGS[spelling]))
    scheme = {"bilou": "bioes"}.get(spelling, spelling)
    assert next(read_documents(path, format=scheme)).entities == tuple(GOLD)


def test_comments_docstart_blank_lines_and_columns() -> None:
    content = (
        "-DOCSTART- -X- O O\n\n# sent_id = 1\n#text\tAda #1 O\n"
        "Ada\tNNP\tB-person\n#\tNN\tO\n1\tCD\tO\n\n\n  \n"
        "# text = vitamin O\nLeeds\tNNP\tB-place\n"
    )
    assert read(content) == [
        Document("Ada # 1", (Entity(0, 3, "person"),)),
        Document("Leeds", (Entity(0, 5, "place"),)),
    ]


def test_a_first_word_that_looks_like_a_comment() -> None:
    assert read("#ada B-person\n")[0].text == "#ada"


def test_tab_separated_words_may_hold_spaces() -> None:
    assert read("New York\tB-place\nis\tO\n")[0].text == "New York is"


def test_labels_may_hold_hyphens() -> None:
    assert parse_tag("B-creative-work", "x") == ("B", "creative-work")


def test_without_any_entity_documents_are_labelled() -> None:
    assert read("a O\n\nb O\n") == [Document("a", ()), Document("b", ())]


def test_detection_waits_for_the_first_entity() -> None:
    empty = "a O\n\n" * (2 * LOOK_AHEAD)
    found = read(empty + lines(WORDS, TAGS["iob1"]))
    assert found[-1].entities == tuple(GOLD)
    assert len(found) == 2 * LOOK_AHEAD + 1


def test_sentences_without_entities_stream_at_once() -> None:
    def raw():
        yield b"a O\n"
        yield b"\n"
        raise AssertionError("read too far")

    assert next(read_columns(raw(), "a.conll")).text == "a"


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        (["B-x I-x O", "O"], "iob2"),
        (["B-x"], "iob2"),
        (["I-x I-x O"], "iob1"),
        (["I-x B-x"], "iob1"),
        (["I-x O B-x"], "iob2"),
        (["B-x E-x"], "bioes"),
        (["B-x I-x", "S-x"], "bioes"),
        (["O O"], "iob2"),
    ],
)
def test_detection_rule(tags: list[str], scheme: str) -> None:
    sentences = [[parse_tag(tag, "x") for tag in sentence.split()] for sentence in tags]
    assert detect_scheme(sentences) == scheme


@pytest.mark.parametrize(
    ("tags", "scheme", "line", "message"),
    [
        ("O I-x", "iob2", 2, "I-x after O continues an entity that was not begun with B-x"),
        ("B-x I-y", "iob2", 2, "I-y after B-x"),
        ("B-x S-x", "iob2", 2, "S-x does not exist in IOB2"),
        ("O B-x", "iob1", 2, "B-x after O must be I-x in IOB1"),
        ("I-y B-x", "iob1", 2, "B-x after I-y must be I-x"),
        ("I-y E-y", "iob1", 2, "E-y does not exist in IOB1"),
        ("B-x O", "bioes", 2, "O cannot follow B-x, which E-x must close"),
        ("O B-x", "bioes", 2, "O cannot follow B-x"),
        ("B-x B-x", "bioes", 2, "B-x cannot follow B-x"),
        ("B-x E-y", "bioes", 2, "E-y cannot follow B-x"),
        ("B-x S-x", "bioes", 2, "S-x cannot follow B-x"),
        ("E-x O", "bioes", 1, "E-x continues an entity that was not begun with B-x"),
        ("S-x I-x", "bioes", 2, "I-x continues an entity"),
        ("B-x B-", None, 2, "'B-' is no tag"),
        ("B-x X-x", None, 2, "'X-x' is no tag"),
        ("B-x x", None, 2, "'x' is no tag"),
        ("B-x I-x I-y", None, 3, "I-y after I-x"),
    ],
)
def test_impossible_tags_name_the_line(
    tags: str, scheme: str | None, line: int, message: str
) -> None:
    content = lines(["w"] * len(tags.split()), tags.split())
    with pytest.raises(UserError, match=message) as caught:
        read(content, scheme)
    assert str(caught.value).startswith(f"a.conll, line {line}: ")


@pytest.mark.parametrize("content", ["Ada\n", "Ada B-x\n\tO\n", "Ada B-x\nlaughs\t\n"])
def test_missing_columns(content: str) -> None:
    with pytest.raises(UserError, match=r"a\.conll, line \d: a word and its tag are needed"):
        read(content)


def test_a_scheme_that_changes_late_is_an_error() -> None:
    content = lines(["a"], ["B-x"]) + "\n" + "a O\n\n" * LOOK_AHEAD + lines(["a"], ["S-x"])
    with pytest.raises(UserError, match=r"S-x does not exist in IOB2; .* --format"):
        read(content)


NUMBERED = "1\tAda\tB-person\n2\tLovelace\tI-person\n3\t2\tO\n\n1\tLeeds\tB-place\n"


def test_a_column_of_numbers_is_not_the_words() -> None:
    assert read(NUMBERED) == [
        Document("Ada Lovelace 2", (Entity(0, 12, "person"),)),
        Document("Leeds", (Entity(0, 5, "place"),)),
    ]
    wide = "# sent_id = 1\n1 Ada _ PROPN B-person\n2 laughs _ VERB O\n"
    assert read(wide) == [Document("Ada laughs", (Entity(0, 3, "person"),))]


def test_words_that_are_numbers_stay_words() -> None:
    assert [d.text for d in read("1\tO\n2\tO\n")] == ["1 2"]  # two columns
    assert read("2\tCD\tO\n3\tCD\tO\n")[0].text == "2 3"  # does not begin with 1
    assert read("1\tCD\tO\n3\tCD\tO\n")[0].text == "1 3"  # does not count
    assert read("Ada\tNN\tO\n\n1\tCD\tO\n2\tCD\tO\n")[1].text == "1 2"


def test_a_lone_one_is_told_by_what_follows() -> None:
    assert [d.text for d in read("1\tCD\tO\n\n1\tCD\tO\n\nAda\tNN\tO\n")] == ["1", "1", "Ada"]
    assert [d.text for d in read("1\tAda\tO\n\n" + NUMBERED)] == ["Ada", "Ada Lovelace 2", "Leeds"]
    assert read("1\tAda\tO\n")[0].text == "Ada"


@pytest.mark.parametrize("line", ["Ada\tNN\tO", "3\tAda\tO", "2\tO", "2\t\tO"])
def test_numbers_that_stop(line: str) -> None:
    with pytest.raises(UserError, match=r"^a\.conll, line 8: the first column .*; number all"):
        read(f"{NUMBERED}\n1\tAda\tO\n{line}\n")
