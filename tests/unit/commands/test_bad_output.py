"""An output folder that cannot be: exit code 2 and one line, whatever the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from distilgliner.cli import main
from distilgliner.folders import lock_folder
from distilgliner.student.folder import write_student
from tiny_store import SETTINGS, build_documents, build_tiny_student, write_jsonl, write_store

COMMANDS = {
    "annotate": "annotate --teacher bundled --labels person --input gold.jsonl",
    "distill": "distill --annotations store",
    "finetune": "finetune --teacher bundled --gold gold.jsonl",
    "export": "export --model student",
    "compare": "compare --labels person,city --gold gold.jsonl --transfer gold.jsonl[:10] "
    "--dev dev.jsonl --test test.jsonl",
    "quickstart": "quickstart --transfer 1",
}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    documents = build_documents(30)
    write_store(Path("store"), documents[:20])
    write_student(build_tiny_student(Path("vocabulary")), Path("student"))
    for name, part in (("gold", slice(20)), ("dev", slice(20, 25)), ("test", slice(25, 30))):
        write_jsonl(Path(f"{name}.jsonl"), documents[part])


def run(command: str, output: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main([*command.split(), "--output", output])
    return int(caught.value.code or 0)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("output", ["/proc/none/out", "gold.jsonl/out"])
def test_a_folder_that_cannot_be_made(
    command: str, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command, output) == 2
    error = capsys.readouterr().err
    assert f"{output} cannot be made (" in error
    assert "give another --output folder" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_folder_in_use(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with lock_folder(Path("out")):
        assert run(command, "out") == 2
    error = capsys.readouterr().err
    assert error == "distilgliner: Another run is using out; wait for it or stop it.\n"
    assert list(Path("out").iterdir()) == []


@pytest.mark.parametrize("name", ["tokenizer.json", "subword_vectors.safetensors"])
def test_a_damaged_vocabulary(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("store/vocabulary") / name
    path.write_bytes(path.read_bytes()[:20])
    assert run(COMMANDS["distill"], "out") == 2
    error = capsys.readouterr().err
    assert f"{path} is damaged (" in error
    assert error.count("\n") == 1
    assert not Path("out").exists()


def test_a_wrong_run_does_not_take_the_folder(capsys: pytest.CaptureFixture[str]) -> None:
    command = f"{COMMANDS['distill']} --targets gold --gold gold.jsonl[:1]"
    assert run(command, "out") == 2
    assert "no document to learn from" in capsys.readouterr().err
    settings = " ".join(f"--set {setting}" for setting in SETTINGS)
    right = f"{command} --dev dev.jsonl --epochs 1 {settings}"
    assert run(right, "out") == 0


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("distill --annotations store --gold gold.jsonl", "learn from no human label; leave"),
        (
            "distill --annotations store --set target.span_floor=1e-4",
            "target.span_floor=0.0001 is below the floor 0.001 of the annotations",
        ),
        (
            "compare --labels person,city --gold - --transfer gold.jsonl --dev dev.jsonl "
            "--test test.jsonl",
            "gold: '-' can be read only once",
        ),
        (f"{COMMANDS['compare']} --set target.teacher_threshold=1e-3", "below the floor 0.01"),
    ],
)
def test_what_cannot_be_meant(
    command: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command, "out") == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not Path("out").exists()


def test_agreement_below_the_floor(capsys: pytest.CaptureFixture[str]) -> None:
    command = "evaluate --model student --input gold.jsonl --annotations store --threshold 5e-4"
    with pytest.raises(SystemExit) as caught:
        main(command.split())
    assert caught.value.code == 2
    assert "threshold 0.0005 is below the floor 0.001" in capsys.readouterr().err
