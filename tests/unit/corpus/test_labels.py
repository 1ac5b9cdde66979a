"""Label sets as they are written on the command line and in files."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.corpus.document import Document, Entity, restrict_labels
from distilgliner.corpus.label_option import read_labels
from distilgliner.corpus.labels import join_labels, normalize_label, split_labels
from distilgliner.errors import UserError

NAMES = st.text(min_size=1).map(normalize_label).filter(bool)


@pytest.mark.parametrize(
    ("option", "labels"),
    [
        ("person,city", ("person", "city")),
        (" a  b ,\nc", ("a b", "c")),
        ('"a,b",person', ("a,b", "person")),
        ('person,  "city, town",x', ("person", "city, town", "x")),
        ('"say ""hi""",5" disk', ('say "hi"', '5" disk')),
        ("it's,so", ("it's", "so")),
    ],
)
def test_labels_are_separated_by_commas(option: str, labels: tuple[str, ...]) -> None:
    assert read_labels(option) == labels


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("", "No labels were given"),
        ("a,,b", "A label is empty"),
        ('a,""', "A label is empty"),
        ('"a,b","a,b"', "'a,b' is named twice"),
        ('"a,b', r'^The labels "a,b cannot be told apart, because a quote .*; write a,b,"c, d"'),
        ('"a"b,c', "because a quote is not closed or has something behind it"),
    ],
)
def test_labels_that_are_refused(option: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_labels(option)


@given(st.lists(NAMES, min_size=1))
def test_what_is_joined_is_split_again(labels: list[str]) -> None:
    assert split_labels(join_labels(labels)) == labels


def write(path: Path, content: str) -> str:
    path.write_text(content, encoding="utf-8")
    return f"@{path}"


def test_a_label_a_line(tmp_path: Path) -> None:
    option = write(tmp_path / "labels", '\ufeffperson\n\n  big   city \n"one, two"\nit\'s\n')
    assert read_labels(option) == ("person", "big city", "one, two", "it's")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "person, city\n",
            r"labels has one line, 'person, city', .* one label, \"person, city\"\.$",
        ),
        ('city\n"a","b"\n', r'labels, line 2: "a","b" holds several labels'),
        ('"person, city\n', r'labels, line 1: "person, city cannot be told apart'),
        ("\n \n", "No labels were given"),
        ("a\na\n", "'a' is named twice"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_labels(write(tmp_path / "labels", content))


def test_a_line_is_one_label(tmp_path: Path) -> None:
    lines = 'city\nperson, organization\n"5"" disk, or less"\nit, "that"\n'
    wanted = ("city", "person, organization", '5" disk, or less', 'it, "that"')
    assert read_labels(write(tmp_path / "labels", lines)) == wanted


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "labels").write_bytes("person\ncity\n".encode("utf-16"))
    with pytest.raises(UserError, match=r"labels, line 1: .* iconv -f utf-16 -t utf-8"):
        read_labels(f"@{tmp_path / 'labels'}")


def test_an_unknown_label_is_quoted_in_the_remedy() -> None:
    document = Document("Ada", (Entity(0, 3, "one, two"),))
    with pytest.raises(UserError) as caught:
        restrict_labels(document, ["person"], (), "notes.jsonl")
    option = shlex.split(str(caught.value).rstrip("."))[-1]
    assert read_labels(option) == ("one, two",)
