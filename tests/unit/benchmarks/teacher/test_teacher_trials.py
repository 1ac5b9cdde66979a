"""Trials of a better bundled teacher: prompts with absent labels, averages, the table."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml
from benchmarks.teacher.trials import add_absent_labels, average_scores, average_weights
from benchmarks.teacher.trials_table import NAMES, build_teacher_trials_section

from distilgliner.annotate.teacher import Teacher, load_teacher
from distilgliner.finetune.examples import TrainingCorpus
from tiny_teachers import save_tiny_teacher

TEACHER = Path(__file__).parents[4] / "benchmarks" / "teacher"
TEXT = "Ada Lovelace met Charles Babbage in London"


def test_half_of_the_sentences_are_asked_for_absent_labels_too() -> None:
    corpus = TrainingCorpus("tweets", ("cell", "person"), (), repeats=6.0)
    trials = {
        "absent": [
            {"corpora": ["tweets"], "labels": ["cell", "dna", "rna", "alloy"]},
            {"corpora": ["papers"], "labels": ["song"]},
        ]
    }
    plain, *others = add_absent_labels(corpus, trials, 2)
    assert plain.labels == corpus.labels
    assert plain.repeats == pytest.approx(sum(each.repeats for each in others)) == 3
    for each in others:
        assert set(each.labels) > set(corpus.labels)
        assert len(set(each.labels) & {"dna", "rna", "alloy"}) == 2
    assert len({each.labels for each in others}) > 1


def test_every_trial_and_every_corpus_of_absent_labels_is_known() -> None:
    trials = yaml.safe_load((TEACHER / "trials.yaml").read_text())
    recipe = yaml.safe_load((TEACHER / "recipe.yaml").read_text())
    assert set(trials["trials"]) <= set(NAMES)
    named = [name for entry in trials["absent"] for name in entry["corpora"]]
    assert sorted(named) == sorted(recipe["corpora"])


def test_averages_lie_between_and_of_one_teacher_are_itself(tmp_path: Path) -> None:
    first = save_tiny_teacher("uni-encoder span", tmp_path / "first")
    second = save_tiny_teacher("uni-encoder span", tmp_path / "second")
    teacher = load_teacher(second)
    with torch.no_grad():
        for parameter in teacher.model.model.parameters():
            parameter.mul_(0.5)
    teacher.model.save_pretrained(second, safe_serialization=True)

    def score(teacher: Teacher) -> dict[tuple[int, int, str], float]:
        [found] = teacher.batch_predict_entities([TEXT], ["person", "place"], threshold=1e-9)
        return {(e["start"], e["end"], e["label"]): e["score"] for e in found}

    alone = score(load_teacher(first))
    assert len(alone) > 1
    assert score(average_weights([first, first])) == pytest.approx(alone)
    assert score(average_scores([first, first])) == pytest.approx(alone)
    assert score(average_scores([first, second])) != pytest.approx(alone)
    name, mean = next(iter(average_weights([first, second]).model.model.named_parameters()))
    old, new = (dict(load_teacher(f).model.model.named_parameters())[name] for f in (first, second))
    torch.testing.assert_close(mean, (old + new) / 2)


def test_a_row_a_trial() -> None:
    row = {"mean": 0.5, "btc": 0.4, "bundled": 0.3}
    section = build_teacher_trials_section(
        {
            "date": "2026-01-02", "machine": {"cpu": "Z80", "cores": 1}, "sentences": 6400,
            "missed": ["btc"], "rows": {"before": row, "dropout": {**row, "mean": 0.6}},
        }
    )  # fmt: skip
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    assert rows == [
        "| | mean of 19 | btc | labels never seen together |",
        "| the bundled teacher | 50.0 | 40.0 | 30.0 |",
        "| with dropout 0.1 | 60.0 | 40.0 | 30.0 |",
    ]
