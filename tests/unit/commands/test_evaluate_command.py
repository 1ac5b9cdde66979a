"""`distilgliner evaluate`."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from fake_predictors import FakePredictor, FakeStudent

from distilgliner.cli import main

GOLD = """{"text": "Ada lives in Bath", "entities": [{"start": 0, "end": 3, "label": "person"}]}
{"text": "Bath is old", "entities": [{"start": 0, "end": 4, "label": "place [town]"}]}
"""
KNOWN = {"Ada": "person", "Bath": "place [town]"}


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> FakePredictor:
    predictor = FakePredictor(KNOWN)
    monkeypatch.setattr("distilgliner.evaluate.run.load_predictor", lambda _: predictor)
    return predictor


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.jsonl"
    path.write_text(GOLD)
    return path


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["evaluate", "--model", "m", *map(str, arguments)])
    return int(caught.value.code or 0)


def test_table_and_json(tmp_path: Path, gold: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "new" / "result.json"
    assert run("--input", gold, "--json", output) == 0
    found = json.loads(output.read_text())
    assert found["micro"]["precision"] == pytest.approx(2 / 3)
    assert found["micro"]["recall"] == 1
    assert found["per_label"]["place [town]"]["support"] == 1
    assert (found["model"], found["input"]) == ("m", str(gold))
    printed = capsys.readouterr().out
    assert "place [town]" in printed
    assert "66.7" in printed
    assert "2 documents, 7 words" in printed
    # Three entities with the score 0.75, two of them right.
    assert "Scores: expected calibration error 8.3 % (3 entities above 0.1)" in printed
    assert found["calibration"]["ece"] == pytest.approx(0.75 - 2 / 3)


def test_labels_threshold_and_slice(gold: Path, model: FakePredictor) -> None:
    options = ["--labels", " person ", "--ignore-labels", "place [town]", "--threshold", "0.7"]
    assert run("--input", f"{gold}[:1]", *options) == 0
    # One pass at the threshold of scores, from which those above 0.7 are taken.
    assert model.calls == [(["Ada lives in Bath"], ["person"], 0.1)]
    assert model.prompts is None


def test_every_labels_option_is_a_prompt(gold: Path, model: FakePredictor) -> None:
    assert run("--input", gold, "--labels", "person", "--labels", "place [town]") == 0
    assert model.prompts == [("person",), ("place [town]",)]
    assert model.calls[0][1] == ["person", "place [town]"]


def test_words_that_a_teacher_shortened_are_told(
    gold: Path, model: FakePredictor, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--input", gold) == 0
    assert capsys.readouterr().err == ""
    model.shortened_words = 7  # from before
    gold.write_text(GOLD.replace("lives in", "x" * 30))
    assert run("--input", gold) == 0
    assert capsys.readouterr().err.splitlines() == [
        "Note: words too long for the teacher, which saw only their beginning: 1"
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--labels", "person"], "line 2: unknown label 'place [town]'"),
        (["--labels", "a,,b"], "A label is empty"),
        (["--labels", "a,b, a"], "The label 'a' is named twice"),
        (["--threshold", "1"], "--threshold 1 is not between 0 and 1"),
        (["--format", "xml"], "The format 'xml' is unknown"),
        (["--annotations", "missing"], "missing is not a folder"),
        (["--threshold", "high"], "Invalid value for '--threshold'"),
    ],
)
def test_faults_are_one_line_and_exit_with_2(
    gold: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--input", gold, *options) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no document"),
        ('{"text": "Ada"}', "gold.jsonl, line 1 ('Ada') has no human labels"),
        ('{"text": ', "gold.jsonl, line 1: broken JSON"),
    ],
)
def test_bad_documents(
    gold: Path, content: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    gold.write_text(content)
    assert run("--input", gold) == 2
    assert message in capsys.readouterr().err


def test_unknown_label_of_a_closed_student(
    gold: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    student = FakeStudent(KNOWN, ["person"])
    monkeypatch.setattr("distilgliner.evaluate.run.load_predictor", lambda _: student)
    assert run("--input", gold, "--labels", "mood") == 2
    assert "does not know the label 'mood'" in capsys.readouterr().err


def test_gold_and_input_are_one_option(tmp_path: Path, gold: Path) -> None:
    for option in ("--gold", "--input"):
        assert run(option, gold, "--json", tmp_path / f"{option}.json") == 0
    assert (tmp_path / "--gold.json").read_text() == (tmp_path / "--input.json").read_text()


def test_json_goes_through_a_link_to_a_file_of_one_owner(tmp_path: Path, gold: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.touch(0o600)
    link.symlink_to(target)
    assert run("--gold", gold, "--json", link) == 0
    assert link.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert json.loads(target.read_text())["documents"] == 2
