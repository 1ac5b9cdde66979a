"""A disk that is full: one sentence, nothing half written, and the same command goes on afterwards.

A limit on the size of files stands for it, which every process may set for itself.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from distilgliner.annotate.run import run_annotation
from distilgliner.cli import main
from distilgliner.commands.options import parse_overrides
from distilgliner.distill.config import build_distill_config
from distilgliner.distill.run import run_distillation
from distilgliner.errors import UserError
from distilgliner.student.folder import write_student
from tiny_store import SETTINGS, build_documents, build_tiny_student, write_jsonl, write_store

if TYPE_CHECKING:
    from distilgliner.annotate.store import AnnotationStore
    from distilgliner.annotate.teacher import Teacher

resource = pytest.importorskip("resource", reason="needs limits of processes")
SET = " ".join(f"--set {setting}" for setting in SETTINGS)
COMMANDS = {
    "predict": "predict --model general --input gold.jsonl --output out",
    "evaluate": "evaluate --model general --labels person --ignore-labels city "
    "--gold gold.jsonl --json out",
    "augment": "augment --input gold.jsonl --output out",
    "export": "export --model student --output out",
    "distill": f"distill --annotations store --dev gold.jsonl[:5] --epochs 1 {SET} --output out",
    "tune": f"tune --annotations store --dev gold.jsonl[:5] --trials 1 --repeat 0 {SET} "
    "--set training.epochs=1 --output out",
}
NEEDS = {"tune": "optuna", "export": "onnx"}


@contextmanager
def limit_files(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_store(Path("store"), build_documents(20))
    write_student(build_tiny_student(Path("vocabulary")), Path("student"))
    write_jsonl(Path("gold.jsonl"), build_documents(60))
    return tmp_path


def run(command: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(shlex.split(command))
    return int(caught.value.code or 0)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_room(name: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip(NEEDS.get(name, "distilgliner"))
    others = set(place.iterdir())
    with limit_files(300 if name == "evaluate" else 2000):
        assert run(COMMANDS[name]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("distilgliner: out")
    assert "raise the limit with 'ulimit -f unlimited' and run the same command again" in error
    assert not [path for path in place.rglob(".*") if path.name.endswith(".tmp")]
    assert set(place.iterdir()) - others <= {Path("out").absolute()}
    assert not Path("out").is_file()
    assert run(COMMANDS[name]) == 0


def test_an_export_that_was_killed_anywhere(place: Path) -> None:
    """Its files come one by one; whatever is there already is completed."""
    assert run(COMMANDS["export"]) == 0
    whole = {path.name: path.read_bytes() for path in Path("out").iterdir()}
    for kept in range(len(whole) + 1):
        for number, name in enumerate(whole):
            if number >= kept:
                (Path("out") / name).unlink()
        staging = Path("out/.files.123-0a1b2c3d.tmp")
        staging.mkdir()
        (staging / "model.onnx").write_bytes(b"half")
        assert run(COMMANDS["export"]) == 0
        assert {path.name: path.read_bytes() for path in Path("out").iterdir()} == whole
    Path("out/model.onnx").write_bytes(b"another")
    assert run(COMMANDS["export"]) == 2
    assert Path("out/model.onnx").read_bytes() == b"another"


def test_no_room_for_annotations(tmp_path: Path, bundled_teacher: Teacher) -> None:
    def annotate() -> AnnotationStore:
        return run_annotation(
            build_documents(9), teacher=bundled_teacher, labels=["person"], output=output
        )

    output = tmp_path / "out"
    with (
        limit_files(2000),
        pytest.raises(UserError, match=r"out\S* cannot be written \(it would be larger"),
    ):
        annotate()
    assert not [path for path in output.rglob(".*") if path.name.endswith(".tmp")]
    assert len(annotate()) == 9


def test_a_folder_that_is_removed_while_it_is_distilled(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    store = write_store(tmp_path / "store", build_documents(20))
    config = build_distill_config(parse_overrides(["targets=soft", *SETTINGS, "training.epochs=2"]))

    def remove(*_: object) -> None:
        if folder.is_dir():
            folder.rename(tmp_path / "elsewhere")

    with pytest.raises(UserError, match="out was removed during the run; run the same command"):
        run_distillation(store, config, folder, on_epoch=remove)
    assert not folder.exists()
    assert run_distillation(store, config, folder)["epochs"] == 2
