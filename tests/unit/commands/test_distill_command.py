"""`distilgliner distill` on a tiny store: what it says when it is done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from distilgliner.cli import main
from tiny_store import SETTINGS, build_documents, write_store

QUICK = "distill --annotations store --student bilstm-tagger --epochs 1"
SMALL = " ".join(f"--set {setting}" for setting in SETTINGS)


def distill(output: str, options: str = "") -> int:
    with pytest.raises(SystemExit) as caught:
        main(f"{QUICK} {SMALL} --output {output} {options}".split())
    return int(caught.value.code or 0)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_store(tmp_path / "store", build_documents(40))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_says_what_was_learnt_and_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert distill("student") == 0
    out, err = capsys.readouterr()
    assert "parameters, epoch 1 of 1, dev F1" in out
    assert "has no hidden states of the teacher" in err
    assert "--initial general" not in err
    assert "words are little to learn from" in err


def test_much_text_is_not_called_little(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("distilgliner.commands.distill._LITTLE_TEXT", 100)
    assert distill("student") == 0
    assert "little" not in capsys.readouterr().err


@pytest.fixture
def general(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A student of the store is the general one."""
    assert distill("first") == 0
    monkeypatch.setattr("distilgliner.hub.bundled_trained_student", lambda: place / "first")


@pytest.mark.usefixtures("general")
def test_a_general_student_that_fits_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    for options, named in (
        ("", True),
        ("--initial general", False),
        ("--set student_options.hidden_dim=14", False),
    ):
        assert distill(f"student-{len(options)}", options) == 0
        err = capsys.readouterr().err
        assert ("--initial general" in err) == named
        # Of hidden states only students that begin with random weights have something.
        assert ("has no hidden states" in err) == ("--initial" not in options)


@pytest.mark.usefixtures("general")
def test_a_general_student_that_does_not_fit(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert distill("wider", "--set student_options.hidden_dim=14 --initial general") == 2
    assert "whose hidden_dim is 12 and not 14" in capsys.readouterr().err.replace("\n", " ")
    assert not (place / "wider").exists()


def test_a_teacher_that_is_wrong_about_the_gold_is_to_be_finetuned(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = build_documents(40)
    swapped = {"person": "city", "city": "person"}
    for name, names in (("right", {}), ("wrong", swapped)):
        lines = [
            {
                "text": document.text,
                "entities": [
                    {"start": e.char_start, "end": e.char_end, "label": names.get(e.label, e.label)}
                    for e in document.entities or ()
                ],
            }
            for document in documents
        ]
        (place / f"{name}.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        assert distill(name, f"--targets mixed --gold {name}.jsonl") == 0
        err = capsys.readouterr().err
        assert ("on your gold the teacher has an F1 of only" in err) == (name == "wrong")
        assert ("words are little to learn from" in err) == (name == "right")
        result = json.loads((place / name / "result.json").read_text())
        assert (result["teacher_gold_f1"] < 0.1) == (name == "wrong")
