"""A student splits as its teacher did, and says what of its gold lay inside words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from distilgliner import DistilGLiNER
from distilgliner.annotate.store import AnnotationStore, complete_store
from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.config import DistillConfig, build_distill_config
from distilgliner.distill.run import run_distillation
from distilgliner.errors import UserError
from distilgliner.runtime.export import run_export
from tiny_store import SIZES, build_documents, write_store

DOCUMENTS = build_documents(24)


def build_config(targets: str) -> DistillConfig:
    training = {"epochs": 1, "min_updates": 0}
    return build_distill_config(
        {"targets": targets, "student": "bilstm-tagger", "training": training}
        | {"student_options": SIZES}
    )


def write_named_store(folder: Path, splitter: str) -> AnnotationStore:
    """A store whose teacher is said to split words so."""
    store = write_store(folder, DOCUMENTS)
    manifest = store.manifest.model_copy(update={"word_splitter": splitter})
    assert manifest.corpus is not None
    complete_store(folder, manifest, manifest.corpus)
    return AnnotationStore(folder, manifest)


def test_the_splitter_goes_from_the_store_into_the_student(tmp_path: Path) -> None:
    pytest.importorskip("spacy")
    store = write_named_store(tmp_path / "store", "spacy")
    run_distillation(store, build_config("soft"), tmp_path / "student", quiet=True)
    run_export(tmp_path / "student", tmp_path / "exported")
    for name in ("student", "exported"):
        config = json.loads((tmp_path / name / "config.json").read_text())
        assert config["word_splitter"] == "spacy"
        model = DistilGLiNER.from_pretrained(tmp_path / name)
        text = "They don't know."
        assert [text[a:b] for a, b in model.split_words(text)] == ["They", "do", "n't", "know", "."]
        model.predict_entities(text)


def test_two_splitters_are_refused(tmp_path: Path) -> None:
    stores = [write_named_store(tmp_path / name, name) for name in ("spacy", "whitespace")]
    with pytest.raises(UserError, match=r"split words differently \(spacy and whitespace\)"):
        run_distillation(stores, build_config("soft"), tmp_path / "student", quiet=True)
    assert not (tmp_path / "student").exists()


def test_a_splitter_that_students_lack_is_refused(tmp_path: Path) -> None:
    store = write_named_store(tmp_path / "store", "universal")
    with pytest.raises(UserError, match="Students cannot split words with 'universal'"):
        run_distillation(store, build_config("soft"), tmp_path / "student", quiet=True)
    assert not (tmp_path / "student").exists()


def test_gold_inside_words_is_in_the_result_and_on_the_card(tmp_path: Path) -> None:
    store = write_store(tmp_path / "store", DOCUMENTS)
    label = store.labels[0]
    inside = Document("The Opel-plant closed.", (Entity(4, 8, label),), place="g.jsonl, line 7")
    chinese = Document("李雷昨天从南京来了。", (Entity(0, 2, label), Entity(5, 7, label)))
    folder = tmp_path / "student"
    run_distillation(
        store, build_config("gold"), folder, gold=[*DOCUMENTS[:20], inside, chinese], quiet=True
    )
    result = json.loads((folder / "result.json").read_text())
    borders = result["gold_borders"]
    assert (borders["widened"], borders["left_out"]) == (2, 1)
    assert result["texts_without_spaces"] == 1
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "gold entities do not lie on word borders: 2 widened, 1 left out" in card
    assert f"1 of {result['texts']} texts have Chinese" in card


def test_fine_tuning_counts_too(tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    from distilgliner.finetune.config import FinetuneConfig
    from distilgliner.finetune.run import run_finetuning
    from tiny_teachers import save_tiny_teacher

    teacher = save_tiny_teacher("uni-encoder span", tmp_path / "teacher")
    inside = Document("The Opel-plant in Bath.", (Entity(4, 8, "city"),), place="g.jsonl, line 7")
    folder = tmp_path / "tuned"
    run_finetuning(
        [*DOCUMENTS[:8], inside],
        teacher=teacher,
        output=folder,
        config=FinetuneConfig(epochs=1, batch_documents=8),
        dev=DOCUMENTS[8:12],
        quiet=True,
    )
    result = json.loads((folder / "finetune.json").read_text())
    assert (result["gold_borders"]["widened"], result["texts_without_spaces"]) == (1, 0)
    sentence = "do not lie on word borders: 1 widened, 0 left out ('city' 1 of "
    assert sentence in (folder / "README.md").read_text(encoding="utf-8")
    assert "g.jsonl, line 7: 'Opel' (city) in 'Opel-plant'" in (folder / "README.md").read_text()
