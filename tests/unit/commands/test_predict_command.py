"""`distilgliner predict`."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_predictors import FakePredictor, FakeStudent

from distilgliner.cli import main
from distilgliner.commands.prediction_lines import predict_lines

KNOWN = {"Zoë": "person", "Bath": "place"}
ZOE = {"start": 0, "end": 3, "text": "Zoë", "label": "person", "score": 0.75}


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> FakeStudent:
    predictor = FakeStudent(KNOWN, ["person", "place"])
    monkeypatch.setattr("distilgliner.models.load_predictor", lambda _: predictor)
    return predictor


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["predict", "--model", "m", *map(str, arguments)])
    return int(caught.value.code or 0)


def feed(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content.encode())))


def parse(output: str) -> list[Any]:
    return [json.loads(line) for line in output.splitlines()]


def test_a_line_for_every_line_in_order(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    feed(monkeypatch, "Zoë laughs\n\n  \nno one\nZoë laughs\n")
    assert run("--batch-size", "2") == 0
    found = parse(capfdbinary.readouterr().out.decode())
    assert found == [
        {"text": "Zoë laughs", "entities": [ZOE]},
        {"text": "", "entities": []},
        {"text": "  ", "entities": []},
        {"text": "no one", "entities": []},
        {"text": "Zoë laughs", "entities": [ZOE]},
    ]


def test_jsonl_and_output_file(tmp_path: Path, model: FakeStudent) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"tokens": ["Zoë", "in", "Bath"], "spans": 3}\n{"text": ""}\n')
    output = tmp_path / "new" / "out.jsonl"
    options = ["--labels", "person", "--threshold", "0.9", "--output", output]
    assert run("--input", source, *options) == 0
    assert parse(output.read_text()) == [
        {"text": "Zoë in Bath", "entities": [ZOE]},
        {"text": "", "entities": []},
    ]
    assert model.calls == [(["Zoë in Bath"], ["person"], 0.9)]


def test_every_labels_option_is_a_prompt(tmp_path: Path, model: FakeStudent) -> None:
    source = tmp_path / "a.txt"
    source.write_text("Zoë in Bath\n")
    options = ["--labels", "person", "--labels", "place", "--output", tmp_path / "out.jsonl"]
    assert run("--input", source, *options) == 0
    assert model.prompts == [("person",), ("place",)]
    assert model.calls == [(["Zoë in Bath"], ["person", "place"], 0.5)]


def test_a_fault_on_the_way_leaves_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"text": "Zoë"}\n{"text": \n')
    assert run("--input", source, "--output", tmp_path / "out.jsonl") == 2
    assert "a.jsonl, line 2: broken JSON" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_lines_come_batch_by_batch(model: FakeStudent) -> None:
    def texts() -> Iterator[str]:
        yield from ["Zoë", "Bath"]
        raise AssertionError("read too far")

    lines = predict_lines(model, texts(), None, batch_size=1)
    assert json.loads(next(lines))["entities"] == [ZOE]
    assert json.loads(next(lines))["entities"][0]["text"] == "Bath"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--labels", "person,mood"], "does not know the label 'mood'; it knows: person, place"),
        (["--labels", "person,person"], "named twice"),
        (["--threshold", "0"], "--threshold 0 is not between 0 and 1"),
        (["--input", "missing.txt"], "missing.txt does not exist"),
        (["--batch-size", "0"], "Invalid value for '--batch-size'"),
    ],
)
def test_faults_are_one_line_and_exit_with_2(
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    feed(monkeypatch, "Zoë\n")
    assert run(*options) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_words_that_a_teacher_shortened_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for options in ([], ["--output", tmp_path / "out.jsonl"]):
        feed(monkeypatch, f"{'a' * 30} {'b' * 30}\nZoë\n")
        assert run(*options) == 0
        assert capsys.readouterr().err.splitlines() == [
            "Note: words too long for the teacher, which saw only their beginning: 2"
        ]
        monkeypatch.setattr(
            "distilgliner.models.load_predictor", lambda _: FakeStudent(KNOWN, ["person"])
        )
    feed(monkeypatch, "Zoë\n")
    assert run() == 0
    assert capsys.readouterr().err == ""


def test_empty_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    feed(monkeypatch, "")
    assert run() == 2
    assert "standard input holds no document" in capsys.readouterr().err


def test_a_teacher_needs_labels(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("distilgliner.models.load_predictor", lambda _: FakePredictor(KNOWN))
    feed(monkeypatch, "Zoë\n")
    assert run() == 2
    assert "no labels of its own; pass --labels" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["predict", "evaluate", "augment", "exclude"])
def test_the_input_is_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text('{"text": "Zoë", "entities": []}\n')
    (tmp_path / "link.jsonl").symlink_to(path)
    link = str(tmp_path / "link.jsonl")
    arguments = {
        "predict": ["predict", "--model", "m", "--input", f"{path}[:1]", "--output", link],
        "evaluate": ["evaluate", "--model", "m", "--gold", str(path), "--json", link],
        "augment": ["augment", "--input", str(path), "--output", link],
        "exclude": ["augment", "--input", "-", "--exclude", str(path), "--output", link],
    }[command]
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err == (
        f"distilgliner: {link} is the input too, which would be lost; choose another file to "
        "write.\n"
    )
    assert path.read_text() == '{"text": "Zoë", "entities": []}\n'


def test_other_keys_of_records_are_kept(tmp_path: Path, model: FakeStudent) -> None:
    records = [
        {"id": 7, "text": "Zoë laughs", "meta": {"page": 1.5, "tags": ["a", None]}},
        {"entities": [{"start": 0}], "text": "Zoë laughs", "score": 1},
        {"id": "x", "tokens": ["Zoë", "laughs"], "spans": []},
        {"text": "no one", "note": "half a character: \ud83d"},
    ]
    source = tmp_path / "a.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    output = tmp_path / "out.jsonl"
    options = ["--labels", "person", "--threshold", "0.9", "--output", output]
    assert run("--input", source, *options) == 0
    found = [json.loads(line) for line in output.read_text().splitlines()]
    assert found == [
        {**records[0], "entities": [ZOE]},
        {"text": "Zoë laughs", "entities": [ZOE], "score": 1},
        {"id": "x", "text": "Zoë laughs", "entities": [ZOE]},
        {**records[3], "entities": []},
    ]
    assert [list(record) for record in found] == [
        ["id", "text", "meta", "entities"],
        ["entities", "text", "score"],
        ["id", "text", "entities"],
        ["text", "note", "entities"],
    ]
