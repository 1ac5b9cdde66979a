"""Tuning on a tiny store: the best student, its settings, and folders that know what they hold."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from distilgliner.annotate.store import AnnotationStore
from distilgliner.distill.config import DistillConfig, build_distill_config
from distilgliner.distill.run import read_result, run_distillation
from distilgliner.errors import UserError
from distilgliner.student.predictor import DistilGLiNER
from distilgliner.tune.budget import TuneBudget
from distilgliner.tune.run import run_tuning
from distilgliner.tune.space import build_space
from tiny_store import SIZES, build_documents, write_store

DOCUMENTS = build_documents(60)
TRANSFER, GOLD, DEV = DOCUMENTS[:30], DOCUMENTS[20:40], DOCUMENTS[40:]
SPACE = {
    "training.learning_rate": {"low": 1e-3, "high": 5e-2, "log": True},
    "training.epochs": {"low": 1, "high": 2},
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> AnnotationStore:
    return write_store(tmp_path_factory.mktemp("store"), TRANSFER)


def build_base(targets: str = "soft", **training: Any) -> DistillConfig:
    return build_distill_config(
        {
            "targets": targets,
            "student_options": SIZES,
            "training": {"batch_documents": 8, **training},
        }
    )


def run(store: Any, output: Path, base: DistillConfig, **options: Any) -> Any:
    budget = TuneBudget(**{"trials": 3, "repeat": 2, **options.pop("budget", {})})
    space = build_space(options.pop("space", SPACE), base)
    options = {"dev": DEV, **options}
    return run_tuning(store, base, output, space=space, budget=budget, quiet=True, **options)


def read_files(folder: Path) -> dict[str, bytes]:
    """All that a student's folder holds, but the result, in which there are times."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "result.json"}


def test_the_best_student(store: AnnotationStore, tmp_path: Path) -> None:
    output = tmp_path / "new" / "tuned"
    result = run(store, output, build_base())
    assert {path.name for path in output.iterdir()} == {
        "best",
        "best.yaml",
        "repeats",
        "search.json",
        "study.db",
        "trials",
        "tune.json",
    }
    assert json.loads((output / "tune.json").read_text()) == result
    best, trials = result["best"], result["trials"]
    assert len(trials) == 3
    assert best["settings"] == trials[best["trial"]]["settings"]
    assert best["search_f1"] == trials[best["trial"]]["dev_f1"]
    fresh = [r["dev_f1"] for r in result["repeats"] if r["trial"] == best["trial"]]
    assert [repeat["seed"] for repeat in result["repeats"]] == [1, 1, 2, 2]
    assert best["mean_f1"] == pytest.approx(sum(fresh) / 2)
    assert best["dev_f1"] == max(*fresh, best["search_f1"])

    # It is a student like any other, and that of its settings.
    assert read_result(output / "best")["dev_f1"] == best["dev_f1"]
    assert (
        DistilGLiNER.from_pretrained(output / "best").predict_entities("Ada met Bob .") is not None
    )
    sections = yaml.safe_load((output / "best.yaml").read_text())
    sections["training"]["seed"] = best["seed"]
    again = build_distill_config({"targets": "soft", **sections})
    found = run_distillation(store, again, tmp_path / "again", dev=DEV, quiet=True)
    assert found["dev_f1"] == best["dev_f1"]
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == (
        output / "best" / "model.safetensors"
    ).read_bytes()


def test_finished_continued_and_refused(store: AnnotationStore, tmp_path: Path) -> None:
    base, budget = build_base("mixed"), {"trials": 2, "repeat": 0}
    few = run(store, tmp_path / "tuned", base, gold=GOLD, budget=budget)
    written = (tmp_path / "tuned" / "tune.json").stat().st_mtime_ns
    assert run(store, tmp_path / "tuned", base, gold=GOLD[::-1], budget=budget) == few
    assert (tmp_path / "tuned" / "tune.json").stat().st_mtime_ns == written

    for other, data in (
        (build_base("mixed", seed=1), {"gold": GOLD}),
        (build_base("mixed", weight_decay=0.0), {"gold": GOLD}),
        (base, {"gold": GOLD, "dev": DEV[1:]}),
        (base, {"gold": GOLD, "space": {"training.epochs": [1, 2]}}),
    ):
        with pytest.raises(UserError, match="holds a search with other settings or data; give"):
            run(store, tmp_path / "tuned", other, **data)

    # Another budget is no other search.
    more = run(store, tmp_path / "tuned", base, gold=GOLD, budget={"trials": 3})
    assert more["trials"][:2] == few["trials"]
    assert len(more["trials"]) == 3
    shutil.rmtree(tmp_path / "tuned" / "trials")  # users may: students are trained again
    shutil.rmtree(tmp_path / "tuned" / "repeats")
    students = read_files(tmp_path / "tuned" / "best")
    again = run(store, tmp_path / "tuned", base, gold=GOLD, budget={"trials": 3, "minutes": 50})
    assert again["best"] == more["best"]
    assert read_files(tmp_path / "tuned" / "best") == students


def test_no_time_and_no_repeats(store: AnnotationStore, tmp_path: Path) -> None:
    clock = iter(range(10**6))
    base = build_base()
    budget = {"minutes": 1 / 60, "trials": 99}
    result = run(store, tmp_path / "late", base, budget=budget, now=lambda: float(next(clock)))
    assert result["ended_by"] == "minutes"
    assert len(result["trials"]) == 1
    assert result["repeats"] == []
    assert result["best"]["mean_f1"] is None
    assert read_result(tmp_path / "late" / "best")["dev_f1"] == result["best"]["dev_f1"]


def test_several_stores(store: AnnotationStore, tmp_path: Path) -> None:
    other = write_store(tmp_path / "other", TRANSFER[10:])
    budget = {"trials": 1}
    run([store, other.folder], tmp_path / "tuned", build_base(), budget=budget)
    described = json.loads((tmp_path / "tuned" / "search.json").read_text())["annotations"]
    assert [one["labels"] for one in described] == [list(store.labels)] * 2
    with pytest.raises(UserError, match="holds a search with other settings or data"):
        run(store, tmp_path / "tuned", build_base(), budget=budget)


def test_all_trials_begin_with_the_same_student(store: AnnotationStore, tmp_path: Path) -> None:
    first = tmp_path / "first"
    run_distillation(store, build_base(epochs=1), first, dev=DEV, quiet=True)
    few = {"budget": {"trials": 2, "repeat": 1}}
    run(store, tmp_path / "tuned", build_base(), initial=first, **few)
    runs = [*(tmp_path / "tuned").glob("trials/*/run.json"), tmp_path / "tuned/best/run.json"]
    assert runs
    assert all("initial" in json.loads(path.read_text()) for path in runs)
    with pytest.raises(UserError, match="other settings or data"):
        run(store, tmp_path / "tuned", build_base(), **few)


@pytest.mark.parametrize("there", [False, True])
def test_what_is_wrong_does_not_take_the_folder(
    there: bool, store: AnnotationStore, tmp_path: Path
) -> None:
    output = tmp_path / "tuned"
    if there:
        output.mkdir()
    with pytest.raises(UserError, match="Targets 'mixed' need gold documents"):
        run(store, output, build_base("mixed"))
    assert output.exists() == there
    assert not there or not list(output.iterdir())
    with pytest.raises(UserError, match="needs dev documents"):
        run(store, output, build_base(), dev=())
    with pytest.raises(UserError, match="none is left to search"):
        run_tuning(store, build_base(), output, dev=DEV, space={})
    assert output.exists() == there


def test_a_space_that_cannot_be_trained(store: AnnotationStore, tmp_path: Path) -> None:
    space = {"training.learning_rate": [1e30, 1e32], "training.epochs": [1]}
    with pytest.raises(UserError, match=r"None of the 2 trials could be trained; .* diverged"):
        run(store, tmp_path, build_base(), space=space, budget={"trials": 2})
    assert not list((tmp_path / "trials").iterdir())
