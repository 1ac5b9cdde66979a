"""Comparisons with several teachers, with gold of some labels only, and without dev."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from distilgliner.annotate.store import open_store
from distilgliner.compare.config import read_compare_config
from distilgliner.compare.run import run_comparison
from distilgliner.corpus.document import Document
from distilgliner.errors import UserError
from distilgliner.files import read_json
from tiny_comparison import write_comparison
from tiny_store import LABELS, build_documents, write_jsonl
from tiny_teachers import save_tiny_teacher

pytest.importorskip("gliner", reason="needs the extra 'annotate'")

QUICK = {"epochs": 1, "min_updates": 0}


def read_run(output: Path, arm: str) -> dict[str, Any]:
    return read_json(output / "runs" / "bilstm-crf" / arm / "seed-0" / "run.json", "")


def read_result(output: Path, arm: str) -> dict[str, Any]:
    return read_json(output / "runs" / "bilstm-crf" / arm / "seed-0" / "result.json", "")


def test_students_learn_from_all_teachers(tmp_path: Path) -> None:
    save_tiny_teacher("uni-encoder token", tmp_path / "other")
    target = {"teacher_weights": [1, 2]}
    settings = {"more_teachers": "other", "target": target, "training": QUICK, "arms": ["soft"]}
    path = write_comparison(tmp_path, **settings)
    config = read_compare_config(path)
    output = tmp_path / "out"
    results = run_comparison(config, output, quiet=True)

    for part in ("transfer", "dev", "test"):
        stores = [open_store(output / "annotations" / name) for name in (part, f"{part}-teacher-2")]
        assert stores[0].manifest.teacher_hash != stores[1].manifest.teacher_hash
        assert [d.text for d in stores[0]] == [d.text for d in stores[1]]
    teachers = read_run(output, "soft")["teachers"]
    assert sorted((teacher["teacher"], teacher["weight"]) for teacher in teachers) == [
        ("other", 2),
        ("teacher", 1),
    ]
    assert read_result(output, "soft")["dev_source"] == "the teacher"
    (other,) = results.more_teachers
    assert (other.name, results.teacher.name) == ("other", "teacher")
    assert other.weight_hash != results.teacher.weight_hash
    assert any(
        "soft learned from 2 teachers, teacher and other: the mean" in n for n in results.notes
    )
    report = (output / "report.md").read_text()
    assert "· teachers teacher and other\n" in report
    assert "| teacher teacher |" in report
    assert "| teacher other |" in report

    run_comparison(config, output, quiet=True)  # all is there
    with pytest.raises(UserError, match="another more_teachers"):
        run_comparison(config.model_copy(update={"more_teachers": ()}), output, quiet=True)


def test_without_dev_every_arm_holds_out_some_of_its_own(tmp_path: Path) -> None:
    path = write_comparison(tmp_path, arms=["gold", "soft", "mixed"], training=QUICK)
    raw = yaml.safe_load(path.read_text())
    del raw["dev"]
    path.write_text(json.dumps({**raw, "gold": "gold.jsonl[:10]"}))
    results = run_comparison(read_compare_config(path), tmp_path / "out", quiet=True)
    assert not (tmp_path / "out" / "annotations" / "dev").exists()
    assert "dev" not in results.data
    sources = {arm: read_result(tmp_path / "out", arm)["dev_source"] for arm in raw["arms"]}
    # Of forty texts four would be held out, too few for `mixed`, which then says so.
    assert sources == {
        "gold": "humans",
        "soft": "the teacher",
        "mixed": "humans, and learned from as well",
    }
    told = " ".join(results.notes)
    assert "There was no dev text." in told
    assert "A tenth of the gold chose the epoch of gold" in told
    assert "with the teacher's decisions, chose the epoch of soft" in told
    assert "The gold itself, for want of text, chose the epoch of mixed, which learned it" in told
    assert "dev labels" not in told


def test_gold_of_some_labels_says_nothing_of_others(tmp_path: Path) -> None:
    person = min(LABELS)
    path = write_comparison(tmp_path, arms=["gold"], training=QUICK)
    documents = build_documents(20, seed=5)
    write_jsonl(tmp_path / "people.jsonl", documents)
    raw = yaml.safe_load(path.read_text())
    raw["gold"] = ["gold.jsonl", "people.jsonl"]
    raw["labels_of"] = {"people.jsonl": [f" {person} "]}
    path.write_text(json.dumps(raw))
    with pytest.raises(UserError, match=r"people.jsonl.*unknown label"):
        run_comparison(read_compare_config(path), tmp_path / "out", quiet=True)

    of_people = [
        Document(document.text, tuple(e for e in document.entities or () if e.label == person))
        for document in documents
    ]
    write_jsonl(tmp_path / "people.jsonl", of_people)
    config = read_compare_config(path)
    results = run_comparison(config, tmp_path / "out", quiet=True)
    masked = read_run(tmp_path / "out", "gold")["data"]["gold"]
    assert any(f"(people.jsonl: {person})" in note for note in results.notes)

    whole = config.model_copy(update={"labels_of": {}})
    with pytest.raises(UserError, match="The text or the labels of gold are others"):
        run_comparison(whole, tmp_path / "out", quiet=True)
    run_comparison(whole, tmp_path / "whole", quiet=True)
    assert read_run(tmp_path / "whole", "gold")["data"]["gold"] != masked


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels_of": {"other.jsonl": ["person"]}}, "'other.jsonl' is no source of gold or dev"),
        (
            {"labels_of": {"gold.jsonl": ["ship"]}},
            "'gold.jsonl' has the label 'ship', which",
        ),
        ({"labels_of": {"gold.jsonl": []}}, r"compare.yaml: No labels were given"),
        ({"more_teachers": ["teacher"]}, "a teacher is named twice"),
        ({"more_teachers": ["a"], "finetune": {}}, "finetune is for one teacher"),
    ],
)
def test_bad_settings_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = write_comparison(tmp_path, **changes)
    with pytest.raises(UserError, match=message):
        read_compare_config(path)
