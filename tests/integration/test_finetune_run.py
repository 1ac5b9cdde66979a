"""Fine-tuning a GLiNER checkpoint of every kind, through the package's own trainer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from distilgliner.annotate.checkpoint import find_checkpoint
from distilgliner.annotate.teacher import load_teacher
from distilgliner.corpus.document import Document
from distilgliner.errors import UserError
from distilgliner.finetune.checkpoints import CHECKPOINTS
from distilgliner.finetune.config import FinetuneConfig
from distilgliner.finetune.measure import measure_teacher
from distilgliner.finetune.run import run_finetuning
from tiny_store import LABELS, build_documents
from tiny_teachers import KINDS, save_tiny_teacher

FAST = FinetuneConfig(
    epochs=2, batch_documents=8, learning_rate=3e-3, head_learning_rate=3e-3, dropout=0.0
)
GOLD, DEV = build_documents(64), build_documents(24, seed=5)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_teacher("uni-encoder span", tmp_path_factory.mktemp("tiny") / "teacher")


NAMES = {"person": "zorp", "city": "blick"}
"""Labels that tell the bundled teacher nothing, so that it has something to learn."""
LEARN = FinetuneConfig(epochs=3, batch_documents=8, learning_rate=1e-4, head_learning_rate=3e-4)


def rename(documents: list[Document]) -> list[Document]:
    return [
        Document(
            document.text,
            tuple(replace(entity, label=NAMES[entity.label]) for entity in document.entities or ()),
        )
        for document in documents
    ]


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled teacher, fine-tuned for long enough to have learned an easy task."""
    folder = tmp_path_factory.mktemp("learned") / "teacher"
    run_finetuning(
        rename(GOLD), teacher="bundled", output=folder, config=LEARN, dev=rename(DEV), quiet=True
    )
    return folder


def test_it_learns_and_is_an_ordinary_checkpoint(learned: Path) -> None:
    from gliner import GLiNER

    result = json.loads((learned / "finetune.json").read_text())
    assert result["f1"] > 0.9 > 0.5 > result["f1_before"]
    assert (result["labels"], result["gold"], result["dev"]) == (["blick", "zorp"], 64, 24)
    losses = [point["loss"] for point in result["curve"][1:]]
    assert losses[-1] < losses[0] / 3
    assert not (learned / CHECKPOINTS).exists()
    assert not list(learned.rglob("*.bin"))
    # What was measured is what was saved, and the unchanged package says the same.
    teacher = load_teacher(learned)
    names = ["blick", "zorp"]
    assert measure_teacher(teacher, rename(DEV), names).micro.f1 == pytest.approx(result["f1"])
    assert teacher.checkpoint.read_dtype() == find_checkpoint("bundled").read_dtype() == "float16"
    model = GLiNER.from_pretrained(str(learned), local_files_only=True)
    found = model.predict_entities(DEV[0].text, names, threshold=0.5)
    ours = teacher.batch_predict_entities([DEV[0].text], names)[0]
    assert [(e["start"], e["end"], e["label"]) for e in found] == [
        (e["start"], e["end"], e["label"]) for e in ours
    ]
    assert "64 labelled documents" in (learned / "README.md").read_text()


def test_a_finished_run_returns_at_once(learned: Path) -> None:
    before = (learned / "model.safetensors").stat().st_mtime_ns
    gold, dev = rename(GOLD), rename(DEV)
    same = {"teacher": "bundled", "output": learned, "dev": dev, "quiet": True}
    result = run_finetuning(gold, config=LEARN, **same)
    assert result == json.loads((learned / "finetune.json").read_text())
    assert (learned / "model.safetensors").stat().st_mtime_ns == before
    with pytest.raises(UserError, match="with other settings or data; give another"):
        run_finetuning(gold[:-1], config=LEARN, **same)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_every_kind_of_teacher(kind: str, tmp_path: Path) -> None:
    teacher = save_tiny_teacher(kind, tmp_path / "teacher")
    result = run_finetuning(
        GOLD, teacher=teacher, output=tmp_path / "out", config=FAST, dev=DEV, quiet=True
    )
    assert result["updates"] == 16
    assert result["curve"][2]["loss"] < result["curve"][1]["loss"]
    again = load_teacher(tmp_path / "out")
    assert measure_teacher(again, DEV, LABELS).micro.f1 == result["f1"]
    assert find_checkpoint(tmp_path / "out").kind == kind


def test_the_same_seed_gives_the_same_checkpoint(tiny: Path, tmp_path: Path) -> None:
    config = FAST.model_copy(update={"dropout": 0.1})
    for name in ("one", "other"):
        run_finetuning(
            GOLD, teacher=tiny, output=tmp_path / name, config=config, dev=DEV, quiet=True
        )
    one, other = (tmp_path / name / "model.safetensors" for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
    usual = (tmp_path / "one" / "finetune.json").stat().st_mode
    assert one.stat().st_mode == usual  # safetensors makes files for their owner alone


def test_frozen_parts_stay_and_precision_too(tiny: Path, tmp_path: Path) -> None:
    config = FAST.model_copy(update={"freeze": ("encoder",), "epochs": 1})
    run_finetuning(GOLD, teacher=tiny, output=tmp_path / "out", config=config, dev=DEV, quiet=True)
    before, after = (load_file(f / "model.safetensors") for f in (tiny, tmp_path / "out"))
    encoder = [name for name in before if "bert_layer" in name]
    assert len(encoder) > 10
    assert all((before[name] == after[name]).all() for name in encoder)
    assert find_checkpoint(tmp_path / "out").read_dtype() == "float32"


def test_never_worse_on_dev_than_it_was(learned: Path, tmp_path: Path) -> None:
    config = FAST.model_copy(update={"epochs": 1, "learning_rate": 3.0, "head_learning_rate": 3.0})
    gold, dev = rename(GOLD), rename(DEV)
    result = run_finetuning(
        gold, teacher=learned, output=tmp_path / "out", config=config, dev=dev, quiet=True
    )
    assert result["curve"][1]["f1"] < result["f1"] == result["f1_before"]
    before, after = (load_file(f / "model.safetensors") for f in (learned, tmp_path / "out"))
    assert all((before[name] == after[name]).all() for name in before)


def test_what_is_kept_is_not_forgotten(learned: Path, tmp_path: Path) -> None:
    def name_cities(documents: list[Document]) -> list[Document]:
        cities = [tuple(e for e in d.entities or () if e.label == "city") for d in documents]
        named = [tuple(replace(entity, label="gadget") for entity in found) for found in cities]
        return [Document(d.text, e) for d, e in zip(documents, named, strict=True)]

    documents = name_cities(build_documents(40, seed=9))
    config = FinetuneConfig(
        epochs=6, patience=1, batch_documents=8, learning_rate=2e-4, head_learning_rate=6e-4,
        interpolation=(), precision="fp32",
    )  # fmt: skip
    known, results = {}, {}
    for name, keep in (("kept", {"keep": GOLD, "keep_labels": NAMES.values()}), ("lost", {})):
        results[name] = run_finetuning(
            documents[:32], teacher=learned, output=tmp_path / name, config=config,
            dev=documents[32:], quiet=True, **keep,
        )  # fmt: skip
        teacher = load_teacher(tmp_path / name)
        known[name] = measure_teacher(teacher, rename(DEV), list(NAMES.values())).micro.f1

    assert known["lost"] < 0.75 < 0.85 < known["kept"]
    assert all(result["f1_before"] < 0.1 < 0.9 < result["f1"] for result in results.values())
    assert "kept" not in results["lost"]
    kept = results["kept"]["kept"]
    assert (kept["labels"], kept["documents"], kept["held_out"]) == (["blick", "zorp"], 29, 3)
    assert kept["f1"] > 0.8
    card = (tmp_path / "kept" / "README.md").read_text()
    assert "in addition to the gold: 29 documents with the `blick`, `zorp` that it found" in card
    assert f"of 3 others it agrees by {100 * kept['f1']:.1f} F1" in card


def test_without_dev_a_tenth_is_held_out(tiny: Path, tmp_path: Path) -> None:
    config = FAST.model_copy(update={"epochs": 1})
    result = run_finetuning(GOLD, teacher=tiny, output=tmp_path / "out", config=config, quiet=True)
    assert (result["gold"], result["dev"]) == (58, 6)


def test_labels_encoder_of_a_model_without_one(tiny: Path, tmp_path: Path) -> None:
    config = FAST.model_copy(update={"freeze": ("labels-encoder",)})
    with pytest.raises(UserError, match="no encoder for labels; take labels-encoder out"):
        run_finetuning(GOLD, teacher=tiny, output=tmp_path / "out", config=config, quiet=True)
    assert not (tmp_path / "out").exists()
