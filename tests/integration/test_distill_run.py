"""Distilling from a tiny store: every arm and student learns, the same seed gives the same file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from distilgliner.annotate.store import AnnotationStore
from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.config import TARGETS, DistillConfig, build_distill_config
from distilgliner.distill.run import read_result, run_distillation
from distilgliner.errors import UserError
from distilgliner.folders import lock_folder
from distilgliner.student.config import STUDENTS
from distilgliner.student.predictor import DistilGLiNER
from tiny_store import LABELS, SETTINGS, SIZES, build_documents, write_jsonl, write_store

DOCUMENTS = build_documents(90)
TRANSFER, GOLD, DEV = DOCUMENTS[:60], DOCUMENTS[40:70], DOCUMENTS[70:]
# Only roles can separate adjacent people.
EASY_DEV = [document for document in DEV if "and the dog left" not in document.text]
FILES = {
    "README.md",
    "config.json",
    "manifest.json",
    "model.safetensors",
    "result.json",
    "run.json",
    "tokenizer.json",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> AnnotationStore:
    return write_store(tmp_path_factory.mktemp("store"), TRANSFER)


# Every head behind the LSTM, and every encoder below a tagger: what is between has no say.
KINDS = [
    name
    for name in STUDENTS
    if not name.endswith(("-small", "-tiny"))
    and (name.startswith("bilstm-") or name.endswith("-tagger"))
]


def build_config(targets: str, student: str = "bilstm-tagger", **training: Any) -> DistillConfig:
    quick = {
        "epochs": 2,
        "min_updates": 0,
        "batch_documents": 8,
        "learning_rate": 0.02,
        "table_learning_rate": 0.02,
        "patience": 99,
    }
    return build_distill_config(
        {
            "targets": targets,
            "student": student,
            "student_options": SIZES,
            "training": {**quick, **training},
        }
    )


def run(store: AnnotationStore, output: Path, config: DistillConfig, **data: Any) -> dict[str, Any]:
    uses_gold = config.targets in ("gold", "mixed")
    chosen = {"gold": GOLD if uses_gold else (), "dev": DEV, **data}
    return run_distillation(store, config, output, quiet=True, **chosen)


@pytest.mark.parametrize("student", KINDS)
@pytest.mark.parametrize("targets", TARGETS)
def test_every_arm_and_student_learns(
    targets: str, student: str, store: AnnotationStore, tmp_path: Path
) -> None:
    # Seed 1: with seed 0 the tower gets stuck on mixed targets (0.68), tiny as all of this is.
    config = build_config(targets, student, epochs=25, seed=1)
    dev = EASY_DEV if student == "bilstm-tower-reference" else DEV
    seen: list[int] = []
    result = run(
        store,
        tmp_path / "new" / "run",
        config,
        dev=dev,
        watched={"train": dev[:10]},
        on_epoch=lambda progress, schedule: seen.append(progress.epoch),
    )
    curve = result["curve"]
    best = max(range(len(curve)), key=lambda row: curve[row]["dev_f1"])
    assert result["best_epoch"] == best + 1
    assert result["dev_f1"] > 0.9
    assert curve[-1]["objective"] < curve[0]["objective"] / 2
    assert curve[result["best_epoch"] - 1]["train"]["f1"] > 0.85  # ten texts: one miss may be
    assert curve[-1]["train_loss"] < curve[0]["train_loss"]
    assert seen == list(range(1, result["epochs"] + 1))
    assert result["updates"] == 8 * result["epochs"]  # 60 transfer documents, whatever the arm
    # mixed also has the ten gold documents that were not annotated
    assert result["documents"] == {"gold": 30, "mixed": 70}.get(targets, 60)

    folder = tmp_path / "new" / "run"
    assert {path.name for path in folder.iterdir()} == FILES
    assert read_result(folder) == result
    settings = json.loads((folder / "run.json").read_text())
    assert settings["config"] == json.loads(config.model_dump_json())
    assert (settings["teacher"], settings["labels"]) == ("tiny-teacher", list(LABELS))
    assert f"A {student} student of tiny-teacher" in (folder / "README.md").read_text()
    # What was measured is what was saved.
    measured = DistilGLiNER.from_pretrained(folder).batch_predict_entities([d.text for d in dev])
    right = sum(
        (item["start"], item["end"], item["label"])
        in {(e.char_start, e.char_end, e.label) for e in document.entities or ()}
        for document, items in zip(dev, measured, strict=True)
        for item in items
    )
    predicted, true = sum(map(len, measured)), sum(len(d.entities or ()) for d in dev)
    assert 2 * right / (predicted + true) == pytest.approx(result["dev_f1"], abs=0.02)


def test_only_the_reference_student_joins_neighbours(
    store: AnnotationStore, tmp_path: Path
) -> None:
    text = "Ada Mary and the dog left ."
    found = {}
    for student in ("bilstm-tower", "bilstm-tower-reference"):
        run(store, tmp_path / student, build_config("hard", student, epochs=15))
        model = DistilGLiNER.from_pretrained(tmp_path / student)
        found[student] = [item["text"] for item in model.predict_entities(text)]
    assert found == {"bilstm-tower": ["Ada", "Mary"], "bilstm-tower-reference": ["Ada Mary"]}


def test_neither_process_nor_hash_seed_but_the_seed_decides(tmp_path: Path) -> None:
    write_store(tmp_path / "store", TRANSFER[:24])
    gold = write_jsonl(tmp_path / "gold.jsonl", GOLD)
    processes = {
        name: start_command(tmp_path, name, gold, seed, hash_seed)
        for name, seed, hash_seed in (("a", "5", "1"), ("b", "5", "2"), ("c", "6", "1"))
    }
    assert [process.wait() for process in processes.values()] == [0, 0, 0]
    a, b, c = ((tmp_path / name / "model.safetensors").read_bytes() for name in processes)
    assert a == b
    assert a != c
    names = ("README.md", "config.json", "run.json", "tokenizer.json")
    for name in names[1:]:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def start_command(
    folder: Path, name: str, gold: Path, seed: str, hash_seed: str
) -> subprocess.Popen[bytes]:
    arguments = ["distill", "--annotations", folder / "store", "--output", folder / name]
    arguments += ["--targets", "mixed", "--gold", gold, "--epochs", "2", "--seed", seed]
    for setting in [*SETTINGS, "training.train_subwords=true", "training.average_decay=0.9"]:
        arguments += ["--set", setting]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "distilgliner", *map(str, arguments)],
        env=environment,
        stdout=subprocess.DEVNULL,
    )


def test_the_same_run_twice_gives_the_same_student(store: AnnotationStore, tmp_path: Path) -> None:
    weights = []
    for name in ("one", "two"):
        run(store, tmp_path / name, build_config("mixed"))
        weights.append((tmp_path / name / "model.safetensors").read_bytes())
    assert weights[0] == weights[1]


def test_the_order_of_documents_decides_nothing(store: AnnotationStore, tmp_path: Path) -> None:
    run(store, tmp_path / "one", build_config("mixed"))
    other = write_store(tmp_path / "store", TRANSFER[::-1])
    run(other, tmp_path / "two", build_config("mixed"), gold=GOLD[::-1], dev=DEV[::-1])
    for name in ("model.safetensors", "run.json"):
        one, two = ((tmp_path / folder / name).read_bytes() for folder in ("one", "two"))
        assert one == two, name
    curves = [read_result(tmp_path / name)["curve"] for name in ("one", "two")]
    assert curves[0] == curves[1]


def test_a_finished_folder_returns_at_once(
    store: AnnotationStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = build_config("soft")
    result = run(store, tmp_path, config)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    monkeypatch.setattr("distilgliner.distill.run.train", None)
    assert run(store, tmp_path, config) == result
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("targets", "settings", "data"),
    [
        ("mixed", {"seed": 3}, {}),
        ("hard", {}, {}),
        ("mixed", {}, {"dev": DEV[1:]}),
        ("mixed", {}, {"gold": GOLD[1:]}),
    ],
)
def test_a_folder_of_another_run_is_refused(
    targets: str,
    settings: dict[str, Any],
    data: dict[str, Any],
    store: AnnotationStore,
    tmp_path: Path,
) -> None:
    run(store, tmp_path, build_config("mixed"))
    with pytest.raises(UserError, match="other settings or data; give another --output folder"):
        run(store, tmp_path, build_config(targets, **settings), **data)


def test_a_student_that_begins_with_another(store: AnnotationStore, tmp_path: Path) -> None:
    run(store, tmp_path / "first", build_config("soft"))
    slow = {"epochs": 1, "learning_rate": 1e-5, "table_learning_rate": 1e-5, "average_decay": 0.0}
    alone = run(store, tmp_path / "alone", build_config("soft", **slow))
    first: dict[str, Any] = {"initial": tmp_path / "first"}
    begun = run(store, tmp_path / "begun", build_config("soft", **slow), **first)
    assert begun["curve"][0]["objective"] < 0.8 * alone["curve"][0]["objective"]
    assert run(store, tmp_path / "begun", build_config("soft", **slow), **first) == begun
    with pytest.raises(UserError, match="other settings or data"):
        run(store, tmp_path / "begun", build_config("soft", **slow))
    with pytest.raises(UserError, match="other settings or data"):
        run(store, tmp_path / "begun", build_config("soft", **slow), initial=tmp_path / "alone")


def test_other_annotations_are_another_run(store: AnnotationStore, tmp_path: Path) -> None:
    run(store, tmp_path / "run", build_config("soft"))
    other = write_store(tmp_path / "store", TRANSFER[:50])
    with pytest.raises(UserError, match="other settings or data"):
        run(other, tmp_path / "run", build_config("soft"))


def test_folders_that_are_taken(store: AnnotationStore, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="is not empty and holds no run"):
        run(store, tmp_path, build_config("soft"))
    with pytest.raises(UserError, match=r"thesis\.txt is a file; give a folder"):
        run(store, tmp_path / "thesis.txt", build_config("soft"))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_in_use(store: AnnotationStore, tmp_path: Path) -> None:
    with (
        lock_folder(tmp_path / "run"),
        pytest.raises(UserError, match=r"Another run is using .*run; wait for it or stop it"),
    ):
        run(store, tmp_path / "run", build_config("soft"))


def test_a_damaged_result(store: AnnotationStore, tmp_path: Path) -> None:
    run(store, tmp_path, build_config("soft"))
    (tmp_path / "result.json").write_text("{}")
    with pytest.raises(UserError, match=r"result\.json lacks 'dev_f1'; remove the folder"):
        run(store, tmp_path, build_config("soft"))


def test_training_that_diverges(store: AnnotationStore, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"diverged in epoch 1: .* give another --output folder"):
        run(store, tmp_path, build_config("soft", learning_rate=1e38))
    assert not (tmp_path / "result.json").exists()


def test_a_run_killed_as_it_began(store: AnnotationStore, tmp_path: Path) -> None:
    (tmp_path / ".run.json.123.tmp").write_text("{")
    assert run(store, tmp_path, build_config("soft", epochs=1))["epochs"] == 1


def test_a_wrong_run_does_not_take_the_folder(store: AnnotationStore, tmp_path: Path) -> None:
    wrong = DistillConfig(targets="soft", student_options={"surprise": 1})
    with pytest.raises(UserError, match="option surprise"):
        run(store, tmp_path / "run", wrong)
    with pytest.raises(UserError, match="need gold documents; pass --gold FILE"):
        run(store, tmp_path / "run", build_config("mixed"), gold=())
    with pytest.raises(UserError, match="no document to learn from with targets 'gold'; give"):
        run(store, tmp_path / "run", build_config("gold"), gold=GOLD[:1], dev=())
    assert not (tmp_path / "run").exists()


def test_a_store_without_a_vocabulary(tmp_path: Path) -> None:
    store = write_store(tmp_path / "store", TRANSFER[:8])
    (tmp_path / "store" / "vocabulary" / "tokenizer.json").unlink()
    with pytest.raises(UserError, match=r"lacks tokenizer\.json .*annotate the text again"):
        run(store, tmp_path / "run", build_config("soft"))


@pytest.mark.parametrize("targets", ["gold", "mixed"])
def test_gold_is_needed(targets: str, store: AnnotationStore, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"Targets '{targets}' need gold documents"):
        run(store, tmp_path, build_config(targets), gold=())


@pytest.mark.parametrize("part", ["gold", "dev"])
def test_labels_of_labelled_text(part: str, store: AnnotationStore, tmp_path: Path) -> None:
    moody = [Document("Ada sulks", (Entity(4, 9, "mood"),))]
    data: dict[str, Any] = {part: [*DEV, *moody]}
    with pytest.raises(UserError, match=rf"{part}, document 21: unknown label 'mood'"):
        run(store, tmp_path / "a", build_config("mixed"), **data)
    result = run(store, tmp_path / "a", build_config("mixed"), ignore_labels=["mood"], **data)
    assert result["epochs"] == 2
    with pytest.raises(UserError, match=rf"{part}, document 1, has no human labels"):
        run(store, tmp_path / "b", build_config("mixed"), **{part: [Document("Ada")]})


@pytest.mark.parametrize(
    ("targets", "source", "documents"),
    [("gold", "humans", 27), ("hard", "the teacher", 54), ("soft", "the teacher", 54)],
)
def test_without_dev_documents_a_tenth_is_held_out(
    targets: str, source: str, documents: int, store: AnnotationStore, tmp_path: Path
) -> None:
    result = run(store, tmp_path, build_config(targets), dev=())
    assert result["documents"] == documents
    assert f"labelled by {source}:" in (tmp_path / "README.md").read_text()


def test_little_gold_without_dev_is_all_learnt_from(store: AnnotationStore, tmp_path: Path) -> None:
    result = run(store, tmp_path, build_config("mixed"), dev=())
    assert result["documents"] == 70
    assert "labelled by humans, and learned from as well:" in (tmp_path / "README.md").read_text()


def test_of_much_gold_without_dev_a_tenth_is_held_out(
    store: AnnotationStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distilgliner.distill.data.ENOUGH_GOLD", 60)
    result = run(store, tmp_path, build_config("mixed"), gold=TRANSFER, dev=())
    assert result["documents"] == 54  # neither as gold nor as annotated text
    assert result["dev_source"] == "humans"


def test_nothing_to_learn_from(tmp_path: Path) -> None:
    store = write_store(tmp_path / "store", [Document(" ", ()), Document("", ())])
    with pytest.raises(UserError, match="no document to learn from with targets 'soft'"):
        run(store, tmp_path / "run", build_config("soft"))


def test_early_stopping(store: AnnotationStore, tmp_path: Path) -> None:
    result = run(store, tmp_path, build_config("hard", epochs=60, patience=3))
    assert result["epochs"] == result["best_epoch"] + 3 < 60
