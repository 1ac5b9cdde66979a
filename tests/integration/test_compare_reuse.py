"""A comparison takes annotations that are there already, if they are of its teacher and text."""

from __future__ import annotations

from pathlib import Path

import pytest

from distilgliner.annotate.run import run_annotation
from distilgliner.annotate.store import open_store
from distilgliner.compare.config import build_compare_config, read_compare_config
from distilgliner.compare.run import run_comparison
from distilgliner.corpus.read import read_texts
from distilgliner.errors import UserError
from tiny_comparison import write_comparison

pytest.importorskip("gliner", reason="needs the extra 'annotate'")


def test_annotations_are_used_again_or_refused(tmp_path: Path) -> None:
    training = {"epochs": 1, "min_updates": 0}
    path = write_comparison(tmp_path, arms=["soft"], training=training, annotations="store")
    texts = list(read_texts(str(tmp_path / "gold.jsonl")))
    labels = read_compare_config(path).labels
    teacher = tmp_path / "teacher"
    run_annotation(
        [*texts, "One more text."], teacher=teacher, labels=labels, output=tmp_path / "store"
    )
    config = read_compare_config(path)
    assert config.annotations == (str(tmp_path / "store"),)
    results = run_comparison(config, tmp_path / "out", quiet=True)
    copied = open_store(tmp_path / "out" / "annotations" / "transfer")
    given = {document.id: document for document in open_store(tmp_path / "store")}
    assert {document.text for document in copied} == set(texts)
    for document in copied:
        assert (document.spans.logit == given[document.id].spans.logit).all()
    assert results.teacher.annotation_words_per_second == 0, "nothing was annotated"
    assert "done before" in (tmp_path / "out" / "report.md").read_text()
    assert run_comparison(config, tmp_path / "out", quiet=True).runs == results.runs

    few = tmp_path / "few"
    run_annotation(texts[1:], teacher=teacher, labels=labels, output=few)
    other = tmp_path / "other"
    run_annotation(texts, teacher=teacher, labels=labels[:1], output=other)
    for folder, message in (
        (few, "no annotations of 1 of the"),
        (other, "labels .*stored .* leave --annotations out"),
        (tmp_path / "nowhere", "is not a folder"),
    ):
        changed = config.model_copy(update={"annotations": (str(folder),)})
        with pytest.raises(UserError, match=message):
            run_comparison(changed, tmp_path / "refused", quiet=True)
        assert not (tmp_path / "refused").exists()
    with pytest.raises(UserError, match="augment needs new annotations"):
        build_compare_config({**config.model_dump(), "augment": {"methods": ["case"]}})
