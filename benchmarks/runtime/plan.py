"""What a run of benchmarks/runtime/measure.py works on: its settings and its texts."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.common.places import CORPORA
from distilgliner.compare.config import CompareConfig, build_compare_config
from distilgliner.compare.data import ComparisonData, read_comparison_data
from distilgliner.corpus.read import read_texts
from distilgliner.corpus.words import split_words

HERE = Path(__file__).parent
QUICK_DOCUMENTS = 60


@dataclass(frozen=True)
class Plan:
    """Settings and data of one run; `run` is the comparison's folder, `output` the benchmark's."""

    config: CompareConfig
    data: ComparisonData
    run: Path
    output: Path
    shared: Path
    students: Mapping[str, Mapping[str, Any]]
    folders: Mapping[str, Path]
    arms: tuple[str, ...]
    seeds: tuple[int, ...]
    stream: tuple[str, ...]
    quick: bool

    @property
    def test(self) -> list[Any]:
        """The labelled documents that everything is measured on."""
        return self.data.test[:QUICK_DOCUMENTS] if self.quick else self.data.test


def build_plan(
    corpus: str, shared: Path, run: Path, output: Path, folders: Mapping[str, Path], *, quick: bool
) -> Plan:
    """Read runtime.yaml and the corpus' comparison.

    Quick is one student, one arm, few texts, and a teacher as it came.
    """
    raw = yaml.safe_load((CORPORA / f"{corpus}.yaml").read_text(encoding="utf-8"))
    config = build_compare_config(raw, base=shared, where=f"{corpus}.yaml")
    if quick:
        config = config.model_copy(update={"finetune": None})
    settings = yaml.safe_load((HERE / "settings.yaml").read_text(encoding="utf-8"))
    students = dict(settings["students"])
    if quick:
        students = dict([next(iter(students.items()))])
    return Plan(
        config=config,
        data=read_comparison_data(config),
        run=run,
        output=output,
        shared=shared,
        students=students,
        folders=folders,
        arms=tuple(settings["arms"][:1] if quick else settings["arms"]),
        seeds=tuple(settings["seeds"]),
        stream=tuple(settings["stream"]),
        quick=quick,
    )


def read_stream(plan: Plan, words: int) -> list[str]:
    """Different sentences of several corpora with `words` words, mixed; repeated if too few.

    The mix is the same for every number of words, and the beginning is no other kind of text than
    the end.
    """
    texts: dict[str, None] = {}
    for corpus in plan.stream:
        for path in sorted((plan.shared / corpus).glob("*.jsonl")):
            texts.update(dict.fromkeys(read_texts(path)))
    if not texts:
        texts.update(dict.fromkeys(document.text for document in plan.data.test))
    mixed = list(texts)
    random.Random(0).shuffle(mixed)
    return take_words(mixed, words)


def take_words(texts: Sequence[str], words: int) -> list[str]:
    """The first texts with at least `words` words together, from the start again if need be."""
    counts = [len(split_words(text)) for text in texts]
    if not sum(counts):
        raise ValueError("texts without words")
    taken: list[str] = []
    total = 0
    while total < words:
        position = len(taken) % len(texts)
        taken.append(texts[position])
        total += counts[position]
    return taken
