"""A comparison that fine-tunes its teacher first, from files to the report."""

from __future__ import annotations

import json
from pathlib import Path

from distilgliner.annotate.checkpoint import find_checkpoint
from distilgliner.annotate.store import open_store
from distilgliner.compare.config import build_compare_config
from distilgliner.compare.run import run_comparison
from tiny_store import LABELS, SIZES, build_documents, write_jsonl
from tiny_teachers import save_tiny_teacher


def test_students_learn_from_the_fine_tuned_teacher(tmp_path: Path) -> None:
    save_tiny_teacher("uni-encoder span", tmp_path / "teacher")
    documents = build_documents(100)
    for name, part in (("gold", slice(60)), ("dev", slice(60, 80)), ("test", slice(80, 100))):
        write_jsonl(tmp_path / f"{name}.jsonl", documents[part])
    config = build_compare_config(
        {
            "teacher": str(tmp_path / "teacher"),
            "labels": LABELS,
            **{name: str(tmp_path / f"{name}.jsonl") for name in ("gold", "dev", "test")},
            "transfer": str(tmp_path / "gold.jsonl"),
            "finetune": {
                **{"epochs": 12, "patience": 12, "batch_documents": 8, "dropout": 0.0},
                **{"learning_rate": 1e-2, "head_learning_rate": 1e-2},
                "prompts": {"full_fraction": 1.0, "cased_fraction": 0.0},
            },
            "arms": ["gold", "soft"],
            "seeds": [0],
            "student_options": SIZES,
            "training": {"epochs": 2},
            "cost_rounds": 0,
            "workers": 1,
        }
    )
    results = run_comparison(config, tmp_path / "out", quiet=True)
    tuned = tmp_path / "out" / "teacher"
    report = json.loads((tuned / "finetune.json").read_text())
    assert results.finetuning is not None
    assert results.finetuning.updates == report["updates"] == 84
    assert results.teacher.name == "teacher, fine-tuned"
    # dev chose: the teacher of the comparison is the checkpoint in the folder, not the given one
    hashes = {
        part: open_store(tmp_path / "out" / "annotations" / part).manifest.teacher_hash
        for part in ("transfer", "test", "test-before-finetuning")
    }
    assert hashes["transfer"] == hashes["test"] == find_checkpoint(tuned).weight_hash
    assert report["best_update"] > 0
    assert hashes["test-before-finetuning"] == find_checkpoint(tmp_path / "teacher").weight_hash
    assert hashes["test-before-finetuning"] != hashes["test"]
    assert {run.arm for run in results.runs} == {"gold", "soft"}
    assert any("no arm is free of human labels" in note for note in results.notes)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "fine-tuned teacher" in page
    # A second call finds everything done.
    again = run_comparison(config, tmp_path / "out", quiet=True)
    assert again.model_dump(exclude={"created"}) == results.model_dump(exclude={"created"})
