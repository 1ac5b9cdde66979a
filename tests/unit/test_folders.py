"""Output folders: made or refused with one sentence, and one run at a time in each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from distilgliner.errors import UserError
from distilgliner.folders import check_content, lock_folder, record_run


@pytest.mark.parametrize("name", ["/proc/none/folder", "texts.txt/folder", "x" * 300])
def test_a_folder_that_cannot_be_made(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("texts.txt").write_text("Ada")
    with pytest.raises(UserError, match=r"cannot be made \(.+\); give another --output folder"):
        lock_folder(Path(name)).__enter__()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match=r"thesis\.txt is a file; give a folder for --output"):
        lock_folder(tmp_path / "thesis.txt").__enter__()


def test_one_run_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    with lock_folder(folder):
        assert list(folder.iterdir()) == []
        with pytest.raises(UserError, match=r"Another run is using .*out; wait for it or stop it"):
            lock_folder(folder).__enter__()
        with lock_folder(folder / "part"):
            pass
    with lock_folder(folder):
        pass


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from distilgliner.folders import lock_folder\n"
        "with lock_folder(Path(sys.argv[1])): print('locked', flush=True); time.sleep(99)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        with pytest.raises(UserError, match="Another run is using"):
            lock_folder(tmp_path).__enter__()
        other.kill()
    with lock_folder(tmp_path):
        pass


def test_only_empty_folders_and_ones_own(tmp_path: Path) -> None:
    check_content(tmp_path, "run.json", "run")
    (tmp_path / ".run.json.123-ab.tmp").write_text("{")
    check_content(tmp_path, "run.json", "run")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="is not empty and holds no run; give another --output"):
        check_content(tmp_path, "run.json", "run")
    with pytest.raises(UserError, match="is not empty; give another --output folder"):
        check_content(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    check_content(tmp_path, "run.json", "run")


def test_what_stands_beside_a_foreign_file_is_not_removed(tmp_path: Path) -> None:
    for name in ("thesis.txt", ".thesis.txt.123.tmp"):
        (tmp_path / name).write_text("mine")
    with pytest.raises(UserError, match="is not empty"):
        check_content(tmp_path, "run.json", "run")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_cannot_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(UserError, match="cannot be written to; give another --output folder"):
        check_content(tmp_path, "run.json", "run")


def test_a_run_is_written_down_once(tmp_path: Path) -> None:
    run = {"config": {"sizes": (1, 2)}}
    record_run(tmp_path / "out", "run.json", run, "run")
    record_run(tmp_path / "out", "run.json", run, "run")
    with pytest.raises(UserError, match="holds a run with other settings or data; give another"):
        record_run(tmp_path / "out", "run.json", {"config": {}}, "run")
    (tmp_path / "out" / "run.json").write_text("{")
    with pytest.raises(UserError, match=r"run\.json cannot be read as JSON .*; remove the folder"):
        record_run(tmp_path / "out", "run.json", run, "run")


@pytest.mark.parametrize("place", ["model.safetensors", "vocabulary/tokenizer.json", "run.json"])
def test_a_pipe_in_a_folder_is_refused(tmp_path: Path, place: str) -> None:
    record_run(tmp_path, "run.json", {"seed": 1}, "run")
    path = tmp_path / place
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)
    with pytest.raises(UserError, match=f"{place} is a pipe or a device and no file; remove it"):
        record_run(tmp_path, "run.json", {"seed": 1}, "run")


def test_links_in_a_folder_are_left_alone(tmp_path: Path) -> None:
    record_run(tmp_path / "run", "run.json", {"seed": 1}, "run")
    (tmp_path / "weights").write_text("")
    (tmp_path / "run" / "model.safetensors").symlink_to(tmp_path / "weights")
    (tmp_path / "run" / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "run" / "up").symlink_to(tmp_path)
    record_run(tmp_path / "run", "run.json", {"seed": 1}, "run")
    (tmp_path / "run" / "null").symlink_to("/dev/null")
    with pytest.raises(UserError, match="null is a pipe or a device"):
        record_run(tmp_path / "run", "run.json", {"seed": 1}, "run")
