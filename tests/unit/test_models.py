"""Opening models: what is a student, what a teacher, what neither."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from fake_predictors import FakePredictor, FakeStudent

from distilgliner import models
from distilgliner.errors import UserError


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Replace both loaders; what they were called with."""
    calls: list[tuple[str, Any]] = []
    student = pytest.importorskip("distilgliner.student.predictor").DistilGLiNER
    teacher = pytest.importorskip("distilgliner.annotate.teacher")
    monkeypatch.setattr(student, "from_pretrained", lambda name: calls.append(("student", name)))
    monkeypatch.setattr(teacher, "load_teacher", lambda name: calls.append(("teacher", name)))
    return calls


def test_kinds_of_folders(tmp_path: Path, opened: list[tuple[str, Any]]) -> None:
    student, teacher = tmp_path / "student", tmp_path / "teacher"
    for folder in (student, teacher):
        folder.mkdir()
    (student / "config.json").write_text('{"format": "distilgliner"}')
    (teacher / "config.json").write_text('{"model_type": "bert"}')
    (teacher / "gliner_config.json").write_text("{}")
    models.load_predictor(student)
    models.load_predictor(str(teacher))
    models.load_predictor("bundled")
    assert opened == [("student", student), ("teacher", str(teacher)), ("teacher", "bundled")]


@pytest.mark.parametrize("config", ["{}", "[]", "no json", '{"format": "other"}'])
def test_a_folder_that_is_no_model(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(UserError, match=r"is no model: .* gliner_config\.json; give a folder"):
        models.load_predictor(tmp_path)


@pytest.mark.parametrize("name", ["./missing", "/missing/model", "a/b/c", Path("missing")])
def test_a_folder_that_does_not_exist(name: Any) -> None:
    with pytest.raises(UserError, match=rf"There is no folder {name}"):
        models.load_predictor(name)


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match="is a file; give the model's folder"):
        models.load_predictor(tmp_path / "config.json")


def test_an_unreachable_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise ConnectionError("no network")

    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    with pytest.raises(
        UserError, match=r"could not be fetched .* give the folder of a downloaded one"
    ):
        models.load_predictor("user/student")


def test_a_hub_id_is_told_by_its_configs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[tuple[str, Any]]
) -> None:
    asked = []

    def download(name: str, **options: Any) -> str:
        asked.append((name, options))
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    (tmp_path / "gliner_config.json").write_text("{}")
    models.load_predictor("user/gliner")
    (tmp_path / "config.json").write_text('{"format": "distilgliner"}')
    models.load_predictor("user/student")
    assert opened == [("teacher", "user/gliner"), ("student", "user/student")]
    assert asked[0][1]["allow_patterns"] == ["config.json", "gliner_config.json"]
    assert models.locate_model("user/student") == tmp_path
    assert asked[-1][1]["local_files_only"] is True


def test_locate_model(tmp_path: Path) -> None:
    assert models.locate_model(tmp_path) == tmp_path
    assert (models.locate_model("bundled") / "gliner_config.json").is_file()


def test_missing_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "find_spec", lambda name: None)
    (tmp_path / "gliner_config.json").write_text("{}")
    with pytest.raises(UserError, match=r"pip install 'distilgliner\[annotate\]'"):
        models.load_predictor(tmp_path)


def test_labels() -> None:
    teacher, closed = FakePredictor({}), FakeStudent({}, ["a", "b"])
    open_student = FakeStudent({}, ["a"], is_open=True)
    assert models.built_in_labels(teacher) is None
    assert models.is_open(teacher)
    assert models.choose_known_labels(closed, None) == ("a", "b")
    assert models.choose_known_labels(closed, ["b"]) == ("b",)
    assert models.choose_known_labels(open_student, ["x"]) == ("x",)
    with pytest.raises(UserError, match="does not know the label 'x'; it knows: a, b"):
        models.choose_known_labels(closed, ["x"])
    with pytest.raises(UserError, match="no labels of its own; pass --labels"):
        models.choose_known_labels(teacher, None)


def test_importing_needs_no_torch() -> None:
    import subprocess

    code = (
        "import sys, distilgliner.models, distilgliner.evaluate.run, distilgliner.evaluate.cost;"
        "import distilgliner.corpus.read, distilgliner.metrics.significance;"
        "sys.exit(any(m in sys.modules for m in ('torch', 'gliner', 'datasets', 'spacy')))"
    )
    source = str(Path(models.__file__).resolve().parents[1])
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": source}).returncode == 0
