"""`read_documents`: choosing the reader, slices, packing, standard input, encodings."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pytest

from distilgliner.corpus import source
from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.label_option import read_labels
from distilgliner.corpus.read import FORMATS, read_documents, read_texts
from distilgliner.corpus.source import parse_source, take_slice
from distilgliner.errors import UserError

ADA = {"text": "Ada lives in Leeds.", "entities": [{"start": 0, "end": 3, "label": "person"}]}


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def numbered(path: Path, count: int) -> Path:
    return write(path, "".join(json.dumps({"text": f"text {n}"}) + "\n" for n in range(count)))


def feed(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    stream = io.TextIOWrapper(io.BytesIO(content))
    monkeypatch.setattr("sys.stdin", stream)


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("a.jsonl", json.dumps(ADA) + "\n", None),
        ("a.ndjson", json.dumps(ADA), None),
        ("a.json", json.dumps([ADA], indent=1), None),
        ("a.inline", "[Ada|person] lives in Leeds.\n", None),
        ("a.txt", "[Ada|person] lives in Leeds.\n", "inline"),
        ("a.data", json.dumps(ADA), "jsonl"),
    ],
)
def test_format_is_chosen_by_extension_or_by_name(
    tmp_path: Path, name: str, content: str, format: str | None
) -> None:
    path = write(tmp_path / name, content)
    expected = Document("Ada lives in Leeds.", (Entity(0, 3, "person"),))
    assert list(read_documents(path, format=format)) == [expected]


@pytest.mark.parametrize("extension", ["conll", "iob2", "tsv", "bio", "iob"])
def test_column_extensions(tmp_path: Path, extension: str) -> None:
    path = write(tmp_path / f"a.{extension}", "Ada\tB-person\nlaughs\tO\n")
    assert list(read_documents(path)) == [Document("Ada laughs", (Entity(0, 3, "person"),))]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.txt.gz", "a.conll.gz", "a.inline.gz"])
def test_packed_files(tmp_path: Path, name: str) -> None:
    content = {
        "a.jsonl.gz": '{"text": "Ada laughs"}',
        "a.conll.gz": "Ada O\nlaughs O\n",
    }.get(name, "Ada laughs\n")
    path = write(tmp_path / name, gzip.compress(content.encode()))
    assert [document.text for document in read_documents(path)] == ["Ada laughs"]


def test_broken_packed_file(tmp_path: Path) -> None:
    packed = gzip.compress(b"Ada laughs\n" * 100)
    for content in (packed[:-10], b"no gzip at all"):
        with pytest.raises(UserError, match=r"a\.txt\.gz is not a complete gzip file"):
            list(read_documents(write(tmp_path / "a.txt.gz", content)))


@pytest.mark.parametrize(
    ("slice_", "expected"),
    [
        ("[:3]", [0, 1, 2]),
        ("[7:]", [7, 8, 9]),
        ("[2:4]", [2, 3]),
        ("[-2:]", [8, 9]),
        ("[:-8]", [0, 1]),
        ("[5:-3]", [5, 6]),
        ("[-4:-2]", [6, 7]),
        ("[-4:8]", [6, 7]),
        ("[:100]", list(range(10))),
        ("[-100:2]", [0, 1]),
        ("[:]", list(range(10))),
    ],
)
def test_slices_are_python_slices(tmp_path: Path, slice_: str, expected: list[int]) -> None:
    path = numbered(tmp_path / "a.jsonl", 10)
    texts = [document.text for document in read_documents(f"{path}{slice_}")]
    assert texts == [f"text {number}" for number in expected]


def test_every_slice_equals_python() -> None:
    items = list(range(6))
    bounds = [None, *range(-8, 9)]
    for start in bounds:
        for stop in bounds:
            name = f"-[{'' if start is None else start}:{'' if stop is None else stop}]"
            assert list(take_slice(items, parse_source(name))) == items[start:stop], name


@pytest.mark.parametrize("digits", [str(sys.maxsize), str(sys.maxsize + 1), "9" * 20, "9" * 5000])
def test_a_slice_of_any_number_of_digits(tmp_path: Path, digits: str) -> None:
    path = numbered(tmp_path / "a.jsonl", 3)
    for whole in (f"[:{digits}]", f"[-{digits}:]", f"[-{digits}:{digits}]", f"[{'0' * 5000}:]"):
        assert len(list(read_documents(f"{path}{whole}"))) == 3
    for none in (f"[{digits}:]", f"[:-{digits}]"):
        with pytest.raises(UserError, match="selects no document"):
            list(read_documents(f"{path}{none}"))


def test_a_line_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_LONGEST_LINE", 2_000_000)
    (tmp_path / "endless.txt").symlink_to("/dev/zero")
    with pytest.raises(UserError, match=r"endless\.txt, line 1 has more than 2 MB"):
        list(read_documents(tmp_path / "endless.txt"))
    with pytest.raises(UserError, match=r"/dev/zero, line 1 has more than 2 MB"):
        read_labels("@/dev/zero")
    packed = tmp_path / "bomb.txt.gz"
    packed.write_bytes(gzip.compress(b"good\n" + b"a" * 3_000_000))
    with pytest.raises(UserError, match=r"bomb\.txt\.gz, line 2 has more than 2 MB"):
        list(read_documents(packed))


def test_a_slice_stops_reading(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "good"}\nbroken\n')
    assert len(list(read_documents(f"{path}[:1]"))) == 1


def test_a_slice_that_selects_nothing(tmp_path: Path) -> None:
    path = numbered(tmp_path / "a.jsonl", 3)
    with pytest.raises(UserError, match=r"\[3:\] of .*a\.jsonl selects no document"):
        list(read_documents(f"{path}[3:]"))


def test_a_file_whose_name_ends_like_a_slice(tmp_path: Path) -> None:
    path = numbered(tmp_path / "a.jsonl[:1]", 3)
    assert len(list(read_documents(path, format="jsonl"))) == 3


def test_not_a_slice() -> None:
    with pytest.raises(UserError, match="does not end in a slice"):
        read_documents("a.jsonl[-:3]")


def test_reading_is_streaming(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "good"}\nbroken\n')
    documents = read_documents(path)
    assert next(documents).text == "good"
    with pytest.raises(UserError, match="line 2"):
        next(documents)


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b'{"text": "one"}\n', ["one"]),
        (b'\n\n  {"text": "one"}\n{"text": "two"}', ["one", "two"]),
        (b'\xef\xbb\xbf{"text": "one"}\n', ["one"]),
        (b"one\n\ntwo\n", ["one", "two"]),
        (b"\xef\xbb\xbfone\n", ["one"]),
        (b"[Ada] one\n", ["[Ada] one"]),
    ],
)
def test_standard_input_is_told_apart(
    monkeypatch: pytest.MonkeyPatch, content: bytes, texts: list[str]
) -> None:
    feed(monkeypatch, content)
    assert [document.text for document in read_documents("-")] == texts


def test_standard_input_with_a_format_and_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, b'{"a"}\n{"b"}\n')
    assert [document.text for document in read_documents("-[1:]", format="text")] == ['{"b"}']


def test_errors_call_standard_input_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, b'{"text": 3}')
    with pytest.raises(UserError, match=r"^standard input, line 1: "):
        list(read_documents("-"))


def test_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", b"\xef\xbb\xbfone\r\ntwo\r\n")
    assert [document.text for document in read_documents(path)] == ["one", "two"]


def test_only_newlines_end_lines(tmp_path: Path) -> None:
    text = "one\u2028two\x0bthree\x85four"
    assert [d.text for d in read_documents(write(tmp_path / "a.txt", text + "\n"))] == [text]


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.json", "a.conll", "a.inline"])
def test_not_utf8_names_the_line(tmp_path: Path, name: str) -> None:
    good = {"a.jsonl": b'{"text": "x"}\n', "a.json": b"[\n", "a.conll": b"x O\n"}
    path = write(tmp_path / name, good.get(name, b"x\n") + "né".encode("latin-1") + b"\n")
    with pytest.raises(UserError, match=rf"{name}, line 2: byte 2 is not UTF-8"):
        list(read_documents(path))


@pytest.mark.parametrize("content", ["", "\n \n\n"])
@pytest.mark.parametrize(
    "name", ["a.jsonl", "a.json", "a.txt", "a.conll", "a.inline", "a.iob1", "a.bioes"]
)
def test_empty_files(tmp_path: Path, name: str, content: str) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(UserError, match=rf"{name} holds no document"):
        list(read_documents(path))


def test_empty_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, b"")
    with pytest.raises(UserError, match="standard input holds no document"):
        list(read_documents("-"))


def test_faults_of_the_source_show_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"missing\.jsonl does not exist"):
        read_documents(tmp_path / "missing.jsonl")
    with pytest.raises(UserError, match="names no input"):
        read_documents("")
    with pytest.raises(UserError, match=r"format of .*a\.xyz cannot be told .* --format"):
        read_documents(write(tmp_path / "a.xyz", "x"))
    with pytest.raises(UserError, match="format 'xml' is unknown; use one of jsonl, json"):
        read_documents(write(tmp_path / "a.txt", "x"), format="xml")
    with pytest.raises(UserError, match="is a folder"):
        read_documents(tmp_path, format="jsonl")


def test_folder_of_texts(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    write(tmp_path / "b" / "z.txt", "third\r\nfile\n")
    write(tmp_path / "a.txt", "first\nfile")
    write(tmp_path / "a2.txt.gz", gzip.compress(b"second"))
    write(tmp_path / "blank.txt", "\n")
    write(tmp_path / "other.md", "not this")
    texts = [document.text for document in read_documents(tmp_path)]
    assert texts == ["first\nfile", "second", "third\nfile"]
    # For prediction every file is an input.
    assert list(read_texts(tmp_path)) == ["first\nfile", "second", "third\nfile", ""]
    assert list(read_texts(tmp_path / "blank.txt", format="text-file")) == [""]


def test_folder_without_texts(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no \.txt file"):
        list(read_documents(tmp_path))


def test_a_file_as_one_document(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "one\n\ntwo\n")
    assert [document.text for document in read_documents(path, format="text-file")] == [
        "one\n\ntwo"
    ]


def test_texts_keep_empty_ones(tmp_path: Path) -> None:
    plain = write(tmp_path / "a.txt", "one\n\n  \ntwo\n")
    assert list(read_texts(plain)) == ["one", "", "  ", "two"]
    lines = '{"text": ""}\n\n{"tokens": []}\n{"tokens": ["a", "b"], "spans": "nonsense"}\n'
    assert list(read_texts(write(tmp_path / "a.jsonl", lines))) == ["", "", "a b"]
    array = '[{"text": ""}, {"tokenized_text": ["a"], "ner": 3}]'
    assert list(read_texts(write(tmp_path / "a.json", array))) == ["", "a"]


def test_texts_of_other_formats(tmp_path: Path) -> None:
    assert list(read_texts(write(tmp_path / "a.inline", "[Ada|person] laughs\n"))) == ["Ada laughs"]
    with pytest.raises(UserError, match=r"a\.jsonl, line 1: broken JSON"):
        list(read_texts(write(tmp_path / "a.jsonl", "{")))


def test_every_format_has_a_reader(tmp_path: Path) -> None:
    for format in FORMATS:
        with pytest.raises(UserError, match="holds no document"):
            list(read_documents(write(tmp_path / "empty", ""), format=format))


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.jsonl", "\n" + json.dumps(ADA), "line 2"),
        ("a.json", json.dumps([ADA]), "record 1"),
        ("a.inline", "# names\n\n[Ada|person] lives in Leeds.\n", "line 3"),
        ("a.conll", "\nAda B-person\nlives O\n", "line 2"),
    ],
)
def test_labelled_documents_know_where_they_stand(
    tmp_path: Path, name: str, content: str, line: str
) -> None:
    path = write(tmp_path / name, content)
    found = next(read_documents(path))
    assert found.place == f"{path}, {line}"
    assert found == Document(found.text, found.entities)  # the place is no part of what it is
    assert repr(found) == repr(Document(found.text, found.entities))


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ('[{"text": "one"}, {"text": "two"}]', ["one", "two"]),
        ('\ufeff[\n  {"text": "one"}\n]\n', ["one"]),
        ('[\n\n["one", {"entities": []}]\n]', ["one"]),
        ("[1] a note\n[Music]\n", ["[1] a note", "[Music]"]),
        ("[[link]] text\n", ["[[link]] text"]),
    ],
)
def test_an_array_on_standard_input(
    monkeypatch: pytest.MonkeyPatch, content: str, texts: list[str]
) -> None:
    feed(monkeypatch, content.encode())
    assert list(read_texts("-")) == texts
    feed(monkeypatch, content.encode())
    assert [document.text for document in read_documents("-")] == texts


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.json", "a.conll", "a.csv", "a.inline"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_unicode_encodings_name_themselves(tmp_path: Path, name: str, encoding: str) -> None:
    raw = json.dumps([ADA]).encode(encoding)
    with pytest.raises(UserError, match=r"line 1: the file is in UTF-.* iconv -f utf-\S+ -t utf"):
        list(read_documents(write(tmp_path / name, raw)))
    spoilt = raw.decode("latin-1").encode()
    with pytest.raises(UserError, match=r"iconv -f utf-"):
        list(read_texts(write(tmp_path / name, spoilt)))


@pytest.mark.parametrize(
    ("raw", "named"), [(b"caf\xe9", "latin1"), (b"\x93Ada\x94 caf\xe9", "cp1252")]
)
def test_narrow_encodings(tmp_path: Path, raw: bytes, named: str) -> None:
    with pytest.raises(UserError, match=f"is not UTF-8; .* iconv -f {named} -t utf-8"):
        list(read_documents(write(tmp_path / "a.txt", raw)))


def test_any_line_end_of_texts(tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\r", "\r\r\n"):
        path = write(tmp_path / "a.txt", end.join(["one\u2028x", "two\x0c", ""]))
        assert list(read_texts(path)) == ["one\u2028x", "two\x0c"]
