"""The whole way in one command: a teacher, labels and text → a student that runs without torch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from distilgliner import DistilGLiNER
from distilgliner.bundled import bundled_corpus
from distilgliner.cli import main
from tiny_teachers import save_tiny_teacher

LABELS = "person,organization,location,date,product,event"
TRAIN, DEV, TRANSFER = (str(bundled_corpus(part)) for part in ("train", "dev", "transfer"))
TINY = ["subword_dim=32", "affix_dim=16", "affix_buckets=1024", "hidden_dim=32"]
QUICK = [
    *(word for size in TINY for word in ("--set", f"student_options.{size}")),
    *("--set", "training.learning_rate=0.01", "--set", "training.table_learning_rate=0.01"),
    *("--set", "training.batch_documents=4", "--set", "training.min_updates=0"),
    *("--epochs", "4"),
]
WHOLE = ["--teacher", "bundled", "--labels", "a", "--input", TRANSFER]


@pytest.fixture(autouse=True)
def _measure_speed_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("distilgliner.pipeline.deploy._SPEED_SECONDS", 0.1)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("gliner", reason="needs the extra 'annotate'")
    return save_tiny_teacher("uni-encoder span", tmp_path_factory.mktemp("teacher") / "tiny")


def run(*arguments: str | Path) -> int | str | None:
    with pytest.raises(SystemExit) as caught:
        main(["distill", *map(str, arguments)])
    return caught.value.code


def distill(teacher: Path, output: Path, *options: str | Path) -> int | str | None:
    whole = ("--teacher", teacher, "--labels", LABELS, "--output", output)
    return run(*whole, *options)


def test_a_teacher_labels_and_text_are_enough(
    teacher: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    student = tmp_path / "student"
    assert distill(teacher, student, "--input", f"{TRANSFER}[:80]", *QUICK) == 0
    told = capsys.readouterr().out
    assert f'DistilGLiNER.from_pretrained("{student}")' in told
    for word in ("strict F1 against its teacher's decisions", "MB", "words/s"):
        assert word in told
    model = DistilGLiNER.from_pretrained(student)
    assert set(model.labels) == set(LABELS.split(","))
    manifest = json.loads((student / "manifest.json").read_text())
    assert manifest["quantize"] in ("int8", "none")

    # The same command again does none of the costly stages anew, and ends in the same student.
    before = {name: (student / name).read_bytes() for name in ("model.onnx", "config.json")}
    trained = (student / "training" / "model.safetensors").stat().st_mtime_ns
    shard = (student / "annotations" / "shard-00000.parquet").stat().st_mtime_ns
    for name in ("model.onnx", "config.json", "manifest.json"):  # as a kill while exporting leaves
        (student / name).unlink()
    (student / ".export-killed").mkdir()
    assert distill(teacher, student, "--input", f"{TRANSFER}[:80]", *QUICK) == 0
    assert before == {name: (student / name).read_bytes() for name in before}
    assert not list(student.glob(".export-*"))
    assert (student / "training" / "model.safetensors").stat().st_mtime_ns == trained
    assert (student / "annotations" / "shard-00000.parquet").stat().st_mtime_ns == shard

    # Annotations that exist are reused: the teacher is not loaded again for them.
    monkeypatch.setattr("distilgliner.annotate.annotator.Annotator.run", None)
    other = tmp_path / "other"
    store = student / "annotations"
    assert (
        distill(teacher, other, "--input", f"{TRANSFER}[:80]", "--annotations", store, *QUICK) == 0
    )
    assert (other / "model.onnx").read_bytes() == before["model.onnx"]
    assert not (other / "annotations").exists()


def test_gold_goes_to_a_weak_teacher_first(
    teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    student = tmp_path / "student"
    gold = ("--gold", f"{TRAIN}[:24]", "--dev", f"{DEV}[:30]")
    assert distill(teacher, student, "--input", f"{TRANSFER}[:30]", *gold, *QUICK) == 0
    told = capsys.readouterr().out
    assert "F1 on your gold and was fine-tuned on it" in told
    assert "strict F1 against human labels on 30 texts, held out (its teacher: " in told
    assert (student / "teacher" / "gliner_config.json").is_file()
    manifest = json.loads((student / "annotations" / "manifest.json").read_text())
    assert manifest["teacher"] == "teacher"
    assert json.loads((student / "training" / "run.json").read_text())["config"]["targets"] == (
        "mixed"
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--teacher", "bundled", "--labels", "a"], "pass --input too"),
        (["--teacher", "bundled", "--input", TRANSFER], "pass --labels too"),
        (["--labels", "a", "--input", TRANSFER], "--labels goes with --teacher"),
        (["--input", TRANSFER], "--input goes with --teacher"),
        ([], "pass --teacher, --labels and --input, or --annotations"),
        (
            [*WHOLE, "--annotations", "a", "--annotations", "b"],
            "leave --teacher out",
        ),
        (
            [*WHOLE, "--targets", "soft", "--gold", TRAIN],
            "leave --gold out, or --targets",
        ),
    ],
)
def test_what_is_missing_is_said(
    options: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--output", tmp_path / "student", *options) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "student").exists()
