"""What a comparison's teacher annotates: new texts of an augmentation, hidden states for terms."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from distilgliner.annotate.store import open_store
from distilgliner.compare.arms.annotations import find_layers
from distilgliner.compare.config import build_compare_config, read_compare_config
from distilgliner.compare.run import run_comparison
from distilgliner.corpus.read import read_texts
from distilgliner.distill.config import TermsConfig, build_distill_config
from distilgliner.distill.run import run_distillation
from distilgliner.errors import UserError
from tiny_comparison import write_comparison

pytest.importorskip("gliner", reason="needs the extra 'annotate'")


def test_new_texts_are_annotated_and_learnt_from(tmp_path: Path) -> None:
    augment = {"methods": ["case"], "factor": 2}
    path = write_comparison(
        tmp_path, augment=augment, arms=["soft"], training={"epochs": 1, "min_updates": 0}
    )
    config = read_compare_config(path)
    results = run_comparison(config, tmp_path / "out", quiet=True)
    store = open_store(tmp_path / "out" / "annotations" / "transfer")
    texts = {document.text for document in store}
    plain = set(read_texts(str(tmp_path / "gold.jsonl")))
    held = {text for part in ("dev", "test") for text in read_texts(f"{tmp_path / part}.jsonl")}
    assert plain < texts
    assert not texts & held
    new = len(texts) - len(plain)
    assert len(plain) < new <= 2 * len(plain)
    assert any(f"{new} new texts" in note and "by case" in note for note in results.notes)
    assert results.data["transfer"].documents == len(plain), "what people wrote"
    assert results.runs[0].updates == -(-len(texts) // config.training.batch_documents)

    again = run_comparison(config, tmp_path / "out", quiet=True)
    assert again.notes == results.notes
    with pytest.raises(UserError, match="another augment"):
        run_comparison(config.model_copy(update={"augment": None}), tmp_path / "out", quiet=True)


def test_states_are_kept_where_a_term_looks_at_them(tmp_path: Path) -> None:
    terms = {"states": {"weight": 1.0, "loss": "cosine"}}
    training = {"epochs": 1, "min_updates": 0, "terms": terms}
    path = write_comparison(tmp_path, arms=["soft"], training=training)
    config = read_compare_config(path)
    results = run_comparison(config, tmp_path / "out", quiet=True)
    assert results.runs[0].updates > 0
    assert any("soft learned the teacher's hidden states" in note for note in results.notes)
    assert not any("prompts" in note for note in results.notes)
    stores = tmp_path / "out" / "annotations"
    assert open_store(stores / "transfer").manifest.states is not None
    assert open_store(stores / "test").manifest.states is None

    # The same texts, teacher and seed, but word vectors that begin elsewhere.
    moved = build_distill_config(
        {
            "targets": "soft",
            "student_options": config.student_options,
            "training": {**training, "context_share": 1.0},
        }
    )
    plain = moved.model_copy(update={"training": config.training})
    curves = [
        run_distillation(stores / "transfer", recipe, tmp_path / name, quiet=True)["curve"]
        for name, recipe in (("moved", moved), ("plain", plain))
    ]
    assert curves[0][0]["objective"] != curves[1][0]["objective"]


def test_labels_are_asked_for_in_prompts(tmp_path: Path) -> None:
    path = write_comparison(tmp_path, arms=["soft"], training={"epochs": 1, "min_updates": 0})
    labels = sorted(read_compare_config(path).labels)
    groups = [labels[1:], labels[:1]]
    raw = {**yaml.safe_load(path.read_text()), "prompts": groups, "cost_rounds": 0}
    path.write_text(yaml.safe_dump(raw))
    results = run_comparison(read_compare_config(path), tmp_path / "out", quiet=True)
    told = f"asked for the labels in 2 prompts: {labels[0]}; {', '.join(labels[1:])}."
    assert any(told in note for note in results.notes)
    for part in ("transfer", "dev", "test"):
        store = open_store(tmp_path / "out" / "annotations" / part)
        assert store.manifest.prompt.groups == (tuple(labels[:1]), tuple(labels[1:]))


def test_layers() -> None:
    def layers(**terms: dict[str, object]) -> tuple[int, ...]:
        return find_layers(TermsConfig.model_validate(terms))

    assert layers() == (-1,), "by itself"
    assert layers(states={"weight": 0.0}) == ()
    assert layers(states={"weight": 0.5}) == (-1,)
    assert layers(states={"weight": 0.0}, attention={"weight": 0.5}) == (-1,)
    assert layers(states={"weight": 0.5, "loss": "fsp"}) == (0, -1)


def test_its_settings_are_checked() -> None:
    raw = {"labels": ["person"], "transfer": "a.txt", "dev": "d.jsonl", "test": "t.jsonl",
           "arms": ["soft"]}  # fmt: skip
    assert build_compare_config(raw).augment is None
    with pytest.raises(UserError, match=r"known keys: augment.methods"):
        build_compare_config({**raw, "augment": {"times": 2}})
    with pytest.raises(UserError, match="methods"):
        build_compare_config({**raw, "augment": {"methods": ["translate"]}})
