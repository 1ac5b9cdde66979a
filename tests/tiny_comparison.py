"""A comparison that takes seconds: a tiny teacher with random weights, and small students."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tiny_store import LABELS, SIZES, build_documents, write_jsonl
from tiny_teachers import save_tiny_teacher

PARTS = {"gold": slice(40), "dev": slice(40, 52), "test": slice(52, 64)}


def write_comparison(folder: Path, **settings: Any) -> Path:
    """The teacher, the labelled files and `compare.yaml` in a folder; returns the last."""
    save_tiny_teacher("uni-encoder span", folder / "teacher")
    documents = build_documents(64)
    for name, part in PARTS.items():
        write_jsonl(folder / f"{name}.jsonl", documents[part])
    raw = {
        "teacher": "teacher",
        "labels": LABELS,
        **{name: f"{name}.jsonl" for name in PARTS},
        "transfer": "gold.jsonl",
        "arms": ["soft", "mixed"],
        "seeds": [0],
        "student_options": SIZES,
        "training": {"epochs": 2, "batch_documents": 4, "patience": 99},
        "curve_documents": 3,
        "cost_rounds": 0,
        "workers": 1,
        **settings,
    }
    path = folder / "compare.yaml"
    path.write_text(json.dumps(raw))  # JSON is YAML
    return path
