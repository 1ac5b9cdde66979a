"""Column files in every scheme."""

from __future__ import annotations

from pathlib import Path

import pytest

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.formats.columns import read_columns
from distilgliner.corpus.formats.tags import LOOK_AHEAD, detect_scheme, parse_tag
from distilgliner.corpus.read import read_documents, read_texts
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


def column(numbers: list[str], between: str = "") -> str:
    """Two sentences with a column of numbers before their words, and perhaps one after them."""
    rows = ["Ada B-person", "Lovelace I-person", "laughs O", "", "Leeds B-place", "sleeps O"]
    cells = iter(numbers)
    lines = []
    for row in rows:
        word, _, tag = row.partition(" ")
        lines.append(f"{next(cells)}\t{word}\t{between}{tag}\n" if row else "\n")
    return "".join(lines)


COUNTED = [
    Document("Ada Lovelace laughs", (Entity(0, 12, "person"),)),
    Document("Leeds sleeps", (Entity(0, 5, "place"),)),
]


@pytest.mark.parametrize(
    "numbers",
    [
        "1 2 3 1 2",
        "0 1 2 0 1",
        "0 1 2 3 4",
        "1 2 3 4 5",
        "17 18 19 20 21",
        "4 9 12 30 31",
        "1 1 1 2 2",
        "0 0 0 1 1",
        "7 7 7 9 9",
        "s1 s1 s1 s2 s2",
        "sent-1 sent-1 sent-1 sent-2 sent-2",
    ],
)
@pytest.mark.parametrize("between", ["", "x\t", "NNP\t"])
def test_columns_that_count_are_not_the_words(numbers: str, between: str) -> None:
    assert read(column(numbers.split(), between)) == COUNTED


@pytest.mark.parametrize("numbers", ["1 2 3 1 2", "0 1 2 0 1", "1 1 1 2 2", "0 0 0 1 1"])
def test_sentences_without_blank_lines(numbers: str) -> None:
    assert read(column(numbers.split()).replace("\n\n", "\n")) == COUNTED


def test_an_index_and_numbers_of_sentences() -> None:
    content = column(["0\t0", "1\t0", "2\t0", "3\t1", "4\t1"]).replace("\n\n", "\n")
    assert read(content) == COUNTED


def test_a_column_that_stops_counting() -> None:
    with pytest.raises(UserError, match=r"line 6: the first column counts .* here it is 'x'"):
        read(column(["0", "1", "2", "3", "x"]))


@pytest.mark.parametrize(
    "names",
    [
        "t1 t2 t3 t1 t2",
        "1. 2. 3. 1. 2.",
        "[1] [2] [3] [1] [2]",
        "0.0 1.0 2.0 3.0 4.0",
        "1-1 1-2 1-3 2-1 2-2",
        "a.txt a.txt a.txt b.txt b.txt",
        "5e1f 5e1f 5e1f 77ab 77ab",
        "-1 -1 -1 -1 -1",
    ],
)
def test_names_before_the_words_are_refused(names: str) -> None:
    content = column(names.split())
    with pytest.raises(UserError, match=r"line 1: the words seem to be in column 2, after names"):
        read(content)
    assert read(f"name\tword\ttag\n{content}") == COUNTED  # as the message advises
    without = "".join(line.partition("\t")[2] or "\n" for line in content.splitlines(keepends=True))
    assert read(without) == COUNTED


def test_words_like_names_stay_words() -> None:
    assert read("A4 NN O\nA5 NN O\nA6 CD O\n")[0].text == "A4 A5 A6"
    assert read("no DT O\nno DT O\nno DT O\n")[0].text == "no no no"
    assert read("no B-a no\nno I-a no\nno O no\n".replace(" no\n", "\n"))[0].text == "no no no"
    assert read("Ida x O\nBerg x O\n")[0].text == "Ida Berg"


def test_one_sentence_id_a_sentence_and_blanks(tmp_path: Path) -> None:
    first = "Sentence #,Word,POS,Tag\nSentence: 1,Ada,NNP,B-per\n,laughs,VBZ,O\n"
    rows = first + 'Sentence: 2,"""",``,O\n,",",",",O\n'
    wanted = [Document("Ada laughs", (Entity(0, 3, "per"),)), Document('" ,', ())]
    for name, content in (
        ("a.csv", rows),
        ("b.csv", rows.partition("\n")[2]),
        ("c.csv", rows.replace("\n", "\r\n")),
    ):
        (tmp_path / name).write_text(content, newline="")
        assert list(read_documents(tmp_path / name)) == wanted
    (tmp_path / "a.conll").write_text("Ada,B-per\n")
    with pytest.raises(UserError, match="for columns between commas pass --format csv"):
        list(read_documents(tmp_path / "a.conll"))
    assert len(list(read_documents(tmp_path / "a.conll", format="csv"))) == 1


@pytest.mark.parametrize(
    "header", ["token\tner\n", "Word\tTag\n", "# word tag\n", "\ufeffTOKEN\tLABEL\r\n"]
)
def test_a_first_line_of_names(header: str) -> None:
    raw = [line.encode() for line in f"{header}Ada\tB-person\nlaughs\tO\n".splitlines(True)]
    assert list(read_columns(raw, "a.tsv")) == [Document("Ada laughs", (Entity(0, 3, "person"),))]


def test_names_say_which_columns_count() -> None:
    content = (
        "\tsentence\tpos\ttoken\ttag\n0\t4\tN\tAda\tB-person\n1\t4\tV\tsits\tO\n2\t5\tN\tx\tO\n"
    )
    assert read(content) == [Document("Ada sits", (Entity(0, 3, "person"),)), Document("x", ())]


TWO = "#\tsource\n1\tThe\tO\tO\n2\tLeeds\tB-org\tB-place\n3\tMill\tI-org\tO\n"


def test_two_columns_of_tags_are_refused() -> None:
    with pytest.raises(
        UserError, match=r"a\.conll: the columns 3 and 4 hold tags.* --tag-column 3"
    ):
        read(TWO)
    for plain in ("Ada B-x O\nis O O\n", "Ada O B-x\nis O O\n"):
        with pytest.raises(UserError, match="the columns 2 and 3 hold tags"):
            read(plain)
    with pytest.raises(UserError, match="the columns 'ner' and 'inner' hold tags"):
        read("word\tner\tinner\nAda\tB-x\tO\n")


@pytest.mark.parametrize(
    ("option", "entities"),
    [
        ("3", (Entity(4, 14, "org"),)),
        (3, (Entity(4, 14, "org"),)),
        ("4", (Entity(4, 9, "place"),)),
        ("-1", (Entity(4, 9, "place"),)),
    ],
)
def test_a_column_of_tags_can_be_named(tmp_path: Path, option: str, entities: object) -> None:
    (tmp_path / "a.tsv").write_text(TWO)
    (document,) = read_documents(tmp_path / "a.tsv", tag_column=option)
    assert (document.text, document.entities) == ("The Leeds Mill", entities)
    assert list(read_texts(tmp_path / "a.tsv")) == ["The Leeds Mill"]
    (tmp_path / "b.csv").write_text("word,outer,inner\nAda,B-x,O\n")
    with pytest.raises(
        UserError, match=r"--tag-column 'ner' must be .* from 1 to 3, or one of word"
    ):
        list(read_documents(tmp_path / "b.csv", tag_column="ner"))
    (document,) = read_documents(tmp_path / "b.csv", tag_column="Outer")
    assert document.entities == (Entity(0, 3, "x"),)


def test_a_column_of_chunks_is_none_of_entities() -> None:
    content = "Ada NNP B-NP B-person\nlaughs VBZ B-VP O\n. . O O\n"
    assert read(content)[0].entities == (Entity(0, 3, "person"),)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_any_line_end(tmp_path: Path, end: str) -> None:
    content = end.join(["Ada\u2028x\tB-person", "laughs\tO", "", "Leeds\tB-place", ""])
    (tmp_path / "a.conll").write_bytes(content.encode())
    assert [d.text for d in read_documents(tmp_path / "a.conll")] == ["Ada\u2028x laughs", "Leeds"]


def test_a_document_border_ends_a_sentence() -> None:
    assert [d.text for d in read("Ada B-x\n-DOCSTART- O\nBob B-x\n")] == ["Ada", "Bob"]


def test_a_slip_does_not_make_a_file_bioes() -> None:
    good = "Ada B-x\nB I-x\nis O\n\n" * 3
    with pytest.raises(UserError, match=r"^a\.conll, line 13: S-x does not exist in IOB2"):
        read(good + "Bob S-x\n")
    with pytest.raises(
        UserError,
        match=r"line 2: O cannot follow .* in BIOES \(which S-x in a\.conll, line 3 makes it",
    ):
        read("Ada B-x\nis O\nBob S-x\n")


def test_several_tags_of_a_word() -> None:
    with pytest.raises(UserError, match=r"'B-x\|B-y' holds several tags"):
        read("Ada B-x|B-y\n")


def test_texts_in_a_column_are_no_words(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,Ada laughs.\n2,Bob sits.\n")
    with pytest.raises(UserError, match=r"no column of tags, .* write texts as a text a line"):
        list(read_texts(tmp_path / "a.csv"))
    with pytest.raises(UserError, match="no column of tags"):
        list(read_documents(tmp_path / "a.csv"))
    (tmp_path / "b.csv").write_text("1,Ada laughs.\n2,Bob sits.\n")
    with pytest.raises(UserError, match="is no tag"):
        list(read_texts(tmp_path / "b.csv"))


def test_texts_of_a_file_whose_tags_are_not_last(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("Ada\tB-x\tname\nlaughs\tO\tverb\n")
    assert list(read_texts(tmp_path / "a.tsv")) == ["Ada laughs"]
    (document,) = read_documents(tmp_path / "a.tsv", tag_column=2)
    assert document.entities == (Entity(0, 3, "x"),)
