"""The same text in another order: the same student, from the annotations on."""

from __future__ import annotations

from pathlib import Path

import pytest

from distilgliner.annotate.run import run_annotation
from distilgliner.corpus.document import Document
from distilgliner.distill.config import build_distill_config
from distilgliner.distill.run import run_distillation
from tiny_store import LABELS, SIZES, build_documents

DOCUMENTS = build_documents(60)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("gliner", reason="needs the extra 'annotate'")
    from tiny_teachers import save_tiny_teacher

    return save_tiny_teacher("uni-encoder span", tmp_path_factory.mktemp("tiny"))


def distil(teacher: Path, folder: Path, documents: list[Document], gold: list[Document]) -> bytes:
    """The student's weights."""
    store = run_annotation(
        documents, teacher=teacher, labels=LABELS, output=folder / "store", quiet=True
    )
    config = build_distill_config(
        {
            "targets": "mixed",
            "student_options": SIZES,
            "training": {"epochs": 2, "batch_documents": 4},
        }
    )
    run_distillation(store, config, folder / "student", gold=gold, quiet=True)
    return (folder / "student" / "model.safetensors").read_bytes()


def test_the_order_of_the_input_decides_nothing(teacher: Path, tmp_path: Path) -> None:
    text, gold = DOCUMENTS[:50], DOCUMENTS[40:]
    one = distil(teacher, tmp_path / "one", text, gold)
    assert distil(teacher, tmp_path / "other", text[::-1], gold[::-1]) == one
    assert distil(teacher, tmp_path / "fewer", text[:-1], gold) != one
