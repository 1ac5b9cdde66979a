"""A finished run whose files are gone or damaged is made anew, and so is a damaged checkpoint."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from distilgliner.compare.arms.arm import TEST_FILE, ArmJob, read_test
from distilgliner.distill.config import DistillConfig, build_distill_config
from distilgliner.distill.run import read_result, run_distillation
from distilgliner.distill.training.checkpoint import CHECKPOINT_FILE
from distilgliner.errors import UserError
from distilgliner.finish import write_finish
from tiny_store import SIZES, build_documents, write_store

DOCUMENTS = build_documents(24)
OUTPUT = ("model.safetensors", "config.json", "tokenizer.json", "result.json", "run.json")


def _config() -> DistillConfig:
    training = {"epochs": 3, "batch_documents": 8, "patience": 99}
    return build_distill_config(
        {
            "targets": "hard",
            "student": "bilstm-tagger",
            "student_options": SIZES,
            "training": training,
        }
    )


def _distil(store: Path, folder: Path, on_epoch: Callable[..., None] | None = None) -> Any:
    dev = DOCUMENTS[:6]
    return run_distillation(store, _config(), folder, dev=dev, on_epoch=on_epoch, quiet=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damage") / "store"
    write_store(folder, DOCUMENTS)
    return folder


@pytest.fixture(scope="module")
def whole(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damage") / "whole"
    _distil(store, folder)
    return folder


def _contents(folder: Path) -> dict[str, Any]:
    """All that a run leaves but the times in it."""
    found: dict[str, Any] = {name: (folder / name).read_bytes() for name in OUTPUT}
    found["result.json"] = json.loads(found["result.json"])
    del found["result.json"]["train_seconds"]
    return found


def _flip(path: Path, place: float = 0.5) -> None:
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1
    path.write_bytes(bytes(content))


def _replace_weights(folder: Path) -> None:
    """Whole weights, of no student of this run."""
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    save_file({name: value * 2 for name, value in weights.items()}, folder / "model.safetensors")


def _make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    "no config": lambda folder: (folder / "config.json").unlink(),
    "a flipped weight": lambda folder: _flip(folder / "model.safetensors"),
    "a flipped letter of the tokenizer": lambda folder: _flip(folder / "tokenizer.json"),
    "half the weights": lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 99),
    "other weights": _replace_weights,
}
DAMAGED_RESULTS: dict[str, Callable[[Path], object]] = {
    "a flipped result": lambda folder: _flip(folder / "result.json", 0.3),
    "nulls": lambda folder: (folder / "result.json").write_text("null"),
    "brackets": lambda folder: (folder / "result.json").write_text("[" * 100_000),
    "an empty result": lambda folder: (folder / "result.json").write_text(""),
    "no keys": lambda folder: (folder / "result.json").write_text("{}"),
    "a folder": lambda folder: _make_folder(folder / "result.json"),
}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_a_finished_run_is_not_believed(
    store: Path, whole: Path, tmp_path: Path, damage: str, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "run"))
    DAMAGES[damage](folder)
    _distil(store, folder)
    assert _contents(folder) == _contents(whole)
    told = capfd.readouterr().err
    assert told.startswith(f"Note: {folder} had finished, but ")
    assert told.endswith("; it is made anew.\n")


def test_a_whole_one_is_believed(store: Path, whole: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "run"))
    (folder / "README.md").write_text("Our own words about this student.")
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert _distil(store, folder) == read_result(folder)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_result_of_an_earlier_version_is_read(store: Path, whole: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "run"))
    result = json.loads((folder / "result.json").read_text())
    del result["files"], result["checksum"]
    (folder / "result.json").write_text(json.dumps(result))
    assert _distil(store, folder) == result


@pytest.mark.parametrize("damage", list(DAMAGED_RESULTS))
def test_a_damaged_result_is_refused(store: Path, whole: Path, tmp_path: Path, damage: str) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "run"))
    DAMAGED_RESULTS[damage](folder)
    before = (folder / "model.safetensors").stat().st_mtime_ns
    with pytest.raises(UserError, match=r"result\.json .*; remove the folder, or give another"):
        _distil(store, folder)
    with pytest.raises(UserError, match=r"result\.json .*; remove the folder, or give another"):
        read_result(folder)
    assert (folder / "model.safetensors").stat().st_mtime_ns == before


@pytest.mark.parametrize("place", [0.01, 0.3, 0.6, 0.95])
def test_a_damaged_checkpoint_begins_the_run_anew(
    store: Path, whole: Path, tmp_path: Path, place: float, capfd: pytest.CaptureFixture[str]
) -> None:
    def stop(progress: Any, schedule: Any) -> None:
        if progress.epoch == 2:
            raise KeyboardInterrupt

    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        _distil(store, folder, stop)
    _flip(folder / CHECKPOINT_FILE, place)
    _distil(store, folder)
    assert _contents(folder) == _contents(whole)
    assert "is damaged (" in capfd.readouterr().err


def test_a_checkpoint_of_another_run_is_not_taken(store: Path, whole: Path, tmp_path: Path) -> None:
    def stop(progress: Any, schedule: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _distil(store, tmp_path / "run", stop)
    other = _config().model_copy(
        update={"training": _config().training.model_copy(update={"seed": 5})}
    )
    with pytest.raises(KeyboardInterrupt):
        run_distillation(
            store, other, tmp_path / "other", dev=DOCUMENTS[:6], on_epoch=stop, quiet=True
        )
    shutil.copy(tmp_path / "other" / CHECKPOINT_FILE, tmp_path / "run" / CHECKPOINT_FILE)
    _distil(store, tmp_path / "run")
    assert _contents(tmp_path / "run") == _contents(whole)


def test_a_run_of_a_comparison_is_done_as_long_as_it_is_whole(whole: Path, tmp_path: Path) -> None:
    config: Any = None  # which the question does not need
    job = ArmJob(config, tmp_path, "soft", "bilstm-tagger", 0)
    assert not job.is_done
    shutil.copytree(whole, job.folder)
    assert not job.is_done
    found = {"predictions": [[[0, 3, "person", 0.75]]], "kl": 0.5}
    write_finish(job.folder / TEST_FILE, found, (), indent=None)
    assert job.is_done
    for name in (TEST_FILE, "model.safetensors", "result.json"):
        content = (job.folder / name).read_bytes()
        _flip(job.folder / name, 0.5)
        if name == TEST_FILE:
            with pytest.raises(UserError, match=r"test\.json .*; remove it to test that student"):
                read_test(job.folder)
        else:
            assert not job.is_done
        (job.folder / name).unlink()
        assert not job.is_done
        (job.folder / name).write_bytes(content)
    assert job.is_done
