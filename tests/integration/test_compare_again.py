"""A second call of a comparison: more of it is welcome, other data is not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from distilgliner.compare.config import CompareConfig, read_compare_config
from distilgliner.compare.results import Results
from distilgliner.compare.run import run_comparison
from distilgliner.errors import UserError
from distilgliner.folders import lock_folder
from tiny_comparison import write_comparison

pytest.importorskip("gliner", reason="needs the extra 'annotate'")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished comparison in `out`."""
    folder = tmp_path_factory.mktemp("comparison")
    config = read_compare_config(write_comparison(folder, cost_rounds=1, cost_seconds=0.02))
    run_comparison(config, folder / "out", quiet=True)
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, to change; that the files have moved is nobody's business."""
    shutil.copytree(prepared, tmp_path / "copy", copy_function=shutil.copy2)
    monkeypatch.chdir(tmp_path / "copy")
    return Path()


def compare(**changes: Any) -> Results:
    return run_comparison(build(**changes), "out", quiet=True)


def build(**changes: Any) -> CompareConfig:
    """The configuration of this folder, with changes."""
    return read_compare_config("compare.yaml").model_copy(update=changes)


def describe(results: Results) -> set[tuple[str, str, int]]:
    return {(run.student, run.arm, run.seed) for run in results.runs}


def test_seeds_arms_and_students_can_be_added(folder: Path) -> None:
    first = {path: path.stat().st_mtime_ns for path in Path("out/runs").rglob("*.safetensors")}
    assert len(first) == 2
    costs = json.loads(Path("out/costs.json").read_text())
    results = compare(seeds=(0, 1))
    assert describe(results) == {
        ("bilstm-crf", arm, seed) for arm in ("soft", "mixed") for seed in (0, 1)
    }
    assert json.loads(Path("out/costs.json").read_text()) == costs
    results = compare(arms=("gold", "soft"), students=("bilstm-tower", "bilstm-crf"))
    assert describe(results) == {
        (student, arm, 0) for student in ("bilstm-tower", "bilstm-crf") for arm in ("gold", "soft")
    }
    assert results.costs.keys() == {"teacher", "bilstm-tower", "bilstm-crf"}
    assert json.loads(Path("out/costs.json").read_text())["teacher"] != costs["teacher"]
    assert {path: path.stat().st_mtime_ns for path in first} == first, "a run was made again"
    assert describe(compare()) == {("bilstm-crf", arm, 0) for arm in ("soft", "mixed")}


@pytest.mark.parametrize("part", ["gold", "dev", "test"])
def test_changed_human_labels_are_refused(part: str, folder: Path) -> None:
    path = Path(f"{part}.jsonl")
    first, *rest = path.read_text().splitlines()
    changed = json.dumps({**json.loads(first), "entities": []})
    path.write_text("\n".join([changed, *rest]) + "\n")
    message = rf"text or the labels of {part} are others than when out was begun; give another"
    with pytest.raises(UserError, match=message):
        compare()


def test_other_texts_are_refused(folder: Path) -> None:
    with pytest.raises(UserError, match=r"labels of transfer are others than when"):
        compare(transfer=("gold.jsonl[:30]",))
    path = Path("gold.jsonl")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(UserError, match=r"labels of gold, transfer are others"):
        compare()


def test_labels_that_change_while_it_runs(folder: Path) -> None:
    """Workers read the files themselves, hours after the comparison was begun."""
    from distilgliner.compare.arms.arm import ArmJob, run_arm

    _, *rest = Path("dev.jsonl").read_text().splitlines(keepends=True)
    Path("dev.jsonl").write_text("".join(rest))
    with pytest.raises(UserError, match="labels of dev are others than when out was begun"):
        run_arm(ArmJob(build(), Path("out"), "soft", "bilstm-crf", 7))


@pytest.mark.parametrize("name", ["test.json", "result.json"])
def test_a_damaged_run_is_named(name: str, folder: Path) -> None:
    path = Path("out/runs/bilstm-crf/soft/seed-0") / name
    path.write_text("{}")
    with pytest.raises(UserError, match=rf"seed-0/{name} lacks '\w+'; remove"):
        compare()


def test_a_worker_says_which_run_failed(folder: Path) -> None:
    training = build().training.model_copy(update={"learning_rate": 1e38})
    config = build(training=training, seeds=(1,), arms=("soft",))
    with pytest.raises(UserError, match="bilstm-crf soft seed 1: The training diverged"):
        run_comparison(config, "other", quiet=True)


def test_a_folder_in_use_or_impossible(folder: Path) -> None:
    with lock_folder(Path("out")), pytest.raises(UserError, match="Another run is using out; wait"):
        compare()
    for output in ("/proc/none/out", "gold.jsonl/out"):
        with pytest.raises(UserError, match=r"cannot be made .*; give another --output"):
            run_comparison(build(), output, quiet=True)


def test_thresholds_are_checked_before_the_folder_is_written_to(folder: Path) -> None:
    target = build().target.model_copy(update={"teacher_threshold": 0.001})
    with pytest.raises(UserError, match=r"teacher_threshold=0\.001 is below the floor 0\.01"):
        run_comparison(build(target=target), "other", quiet=True)
    assert not Path("other").exists()
