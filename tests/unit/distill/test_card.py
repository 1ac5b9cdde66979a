"""The model card says what was done, by whom and how well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from distilgliner.distill.card import write_card
from distilgliner.distill.config import TARGETS, build_distill_config
from distilgliner.student.model import count_parameters
from tiny_store import build_tiny_student

RESULT: dict[str, Any] = {
    "dev_f1": 0.6789,
    "best_epoch": 7,
    "updates": 1234,
    "documents": 5678,
    "train_seconds": 12.3,
}


def build(folder: Path, targets: str, student_name: str) -> str:
    head = "tower" if "tower" in student_name else "tagger"
    student = build_tiny_student(folder, head)
    config = build_distill_config(
        {"targets": targets, "student": student_name, "training": {"seed": 3}}
    )
    return write_card(student, config, "acme/teacher", "humans", RESULT)


def test_content(tmp_path: Path) -> None:
    card = build(tmp_path, "mixed", "bilstm-tagger")
    _, header, body = card.split("---\n", 2)
    assert yaml.safe_load(header)["library_name"] == "distilgliner"
    assert body.startswith("# A bilstm-tagger student of acme/teacher\n")
    total = count_parameters(build_tiny_student(tmp_path).model)["total"]
    for part in (
        "`person`, `city`",
        "closed",
        f"Parameters: {total:,} (",
        "5,678 documents for 1,234 updates (12 s), seed 3",
        "those of epoch 7",
        "labelled by humans: 67.9",
        'labels=["person", "city"]',
        "DistilGLiNER.from_pretrained",
        "`run.json`",
    ):
        assert part in body, part


@pytest.mark.parametrize("targets", TARGETS)
def test_what_it_learnt_from(tmp_path: Path, targets: str) -> None:
    card = build(tmp_path, targets, "bilstm-tower")
    assert f"`targets: {targets}`" in card
    assert ("teacher's" in card.split("## ")[0].split("Learned from")[1].split(")")[0]) == (
        targets != "gold"
    )
    assert "open: labels are an input" in card
