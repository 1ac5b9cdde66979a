# ruff: noqa: E501
"""Made-up but plausible comparison results, the same for the same seed."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from typing import Any

from distilgliner.compare.results import Results

LABELS = ("person", "organization", "location", "product", "event", "date")
_LEVEL = {"gold": 0.656, "hard": 0.653, "soft": 0.662, "mixed": 0.697}
_STUDENT_SHIFT = {"bilstm-tagger": 0.0, "bilstm-tower": -0.021}

# Entities as [text|label]; a label after a second bar is what confuses weaker systems.
SENTENCES = (
    "Last week [Marta Oliveira|person] left [Brightwater Analytics|organization] for [Porto|location].",
    "The [Kestrel 4|product] reaches shops in [Denmark|location|organization] on [3 May|date].",
    "[Halden Rowe|person|organization] told [The Evening Courier|organization|product] that he would not run again.",
    "Tickets for the [Lowland Jazz Festival|event|organization] sold out before [Friday|date].",
    "Our order from [Tallow & Finch|organization|person] arrived in [Leeds|location] two days late.",
    "Please move the call with [Dr Anneke Visser|person] to [14 June|date].",
    "The [Northgate Summit|event|location] ended without a word from [Ministry of Fisheries|organization].",
    "I returned the [Pelia One|product|person] because the strap broke in [Cyprus|location].",
    "[Solveig Aas|person] and [Tomas Brandt|person] opened a bakery in [Gdansk|location|organization].",
    "[Corvid Systems|organization] bought a small maker of valves near [Lake Balaton|location].",
    "Nobody at [Ostrava General|organization|location] had seen the [Veritas 900|product] fail before.",
    "In [March 2019|date] the [River Cup|event|organization] moved to [Bergen|location].",
    "The reviewer from [Maple Street Books|organization|location] gave it two stars out of 5 <again> & left.",
    "[Ines Kaya|person] writes for [Harbour Post|organization|product] from [Izmir|location].",
    "After the [Winter Games|event] the hall in [Tromsø|location|person] stood empty.",
    "My [Aurora Lamp|product|event] still flickers, and [Quill Support|organization] does not answer.",
    "Rain stopped the [Dune Rally|event|product] near [Agadir|location] for a day.",
    "[Pieter Claes|person] chairs the board of [Aldersyde Trust|organization|location] until [2027|date].",
    "The ferry from [Mallaig|location|person] was cancelled, says [Caledon Lines|organization].",
    "[Yara Haddad|person] won at the [Cedar Open|event|organization] with a borrowed [Strato racket|product].",
)


def build_results(
    *,
    students: Sequence[str] = ("bilstm-tagger",),
    arms: Sequence[str] = ("gold", "hard", "soft", "mixed"),
    seeds: int = 3,
    labels: Sequence[str] = LABELS,
    random_seed: int = 7,
    **changes: Any,
) -> Results:
    """Results with every part filled; `changes` replace whole parts, e.g. `costs={}`."""
    rng = random.Random(random_seed)
    runs = [
        _run(rng, student, arm, seed, labels)
        for student in students
        for arm in arms
        for seed in range(seeds)
    ]
    content: dict[str, Any] = {
        "format": 1,
        "name": "Tweets, six labels",
        "created": "2025-11-22T09:53:00+00:00",
        "machine": {
            "cpu": "Example Xeon 2.4 GHz", "cores": 2, "memory_bytes": 24 * 2**30,
            "python": "3.11.2", "torch": "2.13.0", "gliner": "0.2.29", "distilgliner": "0.1.0",
        },
        "config": {"name": "Tweets, six labels", "arms": list(arms), "seeds": seeds,
                   "distill": {"temperature": 1.5, "learning_rate": 0.002}},
        "labels": list(labels),
        "data": {
            "gold": {"documents": 6335, "words": 104_210, "entities": 7_912},
            "transfer": {"documents": 14_961, "words": 241_877, "entities": None},
            "dev": {"documents": 1000, "words": 16_455, "entities": 1_240},
            "test": {"documents": 2000, "words": 32_901, "entities": 2_466},
        },
        "teacher": {
            "name": "gliner-minilm-span", "quality": _quality(rng, 0.715, labels, 0.78),
            "annotation_seconds": 1765.0, "annotation_words_per_second": 137.0,
        },
        "runs": runs,
        "significance": [row for student in students for row in _significance(student, arms)],
        "costs": {"teacher": _cost(29_400_000, 11_700_000, 137.0, 178.0, 41.0)}
        | {name: _cost(5_612_345, 4_700_000, _speed(name), 9.8, 0.42) for name in students},
        "examples": [_example(rng, text, arms) for text in SENTENCES],
        "notes": ["The transfer text contains the gold documents without their labels."],
    }  # fmt: skip
    return Results.model_validate(content | changes)


def build_cost(parameters: int, words_per_second: float) -> dict[str, Any]:
    """A cost entry for a model of a given size and speed."""
    return _cost(parameters, parameters // 2, words_per_second, 20.0, 10.0)


def _speed(student: str) -> float:
    return 19_180.0 if student == "bilstm-tagger" else 14_350.0


def _scores(f1: float, tilt: float, support: int | None = None) -> dict[str, Any]:
    """Precision and recall around an F1."""
    precision = min(f1 + tilt, 1.0)
    recall = f1 * precision / (2 * precision - f1)
    return {"precision": precision, "recall": recall, "f1": f1} | (
        {"support": support} if support is not None else {}
    )


def _quality(rng: random.Random, f1: float, labels: Sequence[str], word: float) -> dict[str, Any]:
    per_label = {}
    for index, label in enumerate(labels):
        level = f1 + 0.12 - 0.34 * index / len(labels) + rng.gauss(0, 0.015)
        per_label[label] = _scores(max(min(level, 0.98), 0.05), 0.03, round(820 * 0.68**index) + 9)
    return {
        "micro": _scores(f1, 0.02, 2466),
        "macro": _scores(f1 - 0.05, 0.02),
        "per_label": per_label,
        "word": {"accuracy": 0.93 + (f1 - 0.65) / 4, "recall": word, "precision": 0.79, "f1": 0.76},
        "calibration": _calibration(f1),
    }


def _calibration(f1: float) -> dict[str, Any]:
    """Scores that say too much, the more the worse the model; no random number is drawn."""
    bins = [
        {"low": low / 10, "high": (low + 1) / 10, "entities": 40 + 9 * low * low,
         "score": (low + 0.5) / 10, "accuracy": (low + 0.5) / 10 * (0.55 + 0.6 * f1)}
        for low in range(1, 10)
    ]  # fmt: skip
    total = sum(part["entities"] for part in bins)
    ece = sum(part["entities"] * (part["score"] - part["accuracy"]) for part in bins) / total
    return {"ece": ece, "entities": total, "floor": 0.1, "bins": bins}


def _run(
    rng: random.Random, student: str, arm: str, seed: int, labels: Sequence[str]
) -> dict[str, Any]:
    f1 = _LEVEL[arm] + _STUDENT_SHIFT.get(student, 0.0) + rng.gauss(0, 0.004)
    agreement = {"gold": 0.69, "hard": 0.79, "soft": 0.80, "mixed": 0.78}[arm] + rng.gauss(0, 0.004)
    epochs = 16 + rng.randrange(5)
    curve = [_point(rng, arm, f1, epoch) for epoch in range(1, epochs + 1)]
    return {
        "arm": arm, "student": student, "seed": seed,
        "quality": _quality(rng, f1, labels, f1 + 0.05),
        "agreement": _scores(agreement, 0.01)
        | {"kl": None if arm == "gold" else 0.11 + rng.random() / 50},
        "train_seconds": 48 + rng.random() * 20, "best_epoch": epochs - 5, "updates": epochs * 198,
        "curve": curve,
    }  # fmt: skip


def _point(rng: random.Random, arm: str, f1: float, epoch: int) -> dict[str, Any]:
    rise = 1 - math.exp(-epoch / 2.6)
    ceiling = {"gold": 0.985, "hard": 0.95, "soft": 0.86, "mixed": 0.93}[arm]
    train = 0.1 + (ceiling - 0.1) * (1 - math.exp(-epoch / 4)) + rng.gauss(0, 0.004)
    test = 0.1 + (f1 - 0.1) * rise + rng.gauss(0, 0.005)
    scale = {"gold": 0.42, "hard": 0.38, "soft": 0.46, "mixed": 0.62}[arm]
    overfit = 0.006 * epoch if arm in ("gold", "hard") else 0.001 * epoch
    return {
        "epoch": epoch,
        "train_loss": scale * (0.05 + math.exp(-epoch / 3.2)) + rng.random() * 0.004,
        "test_loss": scale * (0.26 + math.exp(-epoch / 2.2)) + overfit + rng.random() * 0.006,
        "dev_f1": test + 0.01,
        "train": _scores(train, 0.02) | {"word_accuracy": 0.9 + train / 12},
        "test": _scores(test, 0.03) | {"word_accuracy": 0.88 + test / 12},
    }


def _significance(student: str, arms: Sequence[str]) -> list[dict[str, Any]]:
    pairs = (("mixed", "gold", 0.0), ("mixed", "hard", 0.0), ("soft", "hard", 0.11),
             ("hard", "gold", 0.62))  # fmt: skip
    rows = []
    for a, b, p in pairs:
        if a in arms and b in arms:
            difference = _LEVEL[a] - _LEVEL[b]
            rows.append({"student": student, "a": a, "b": b, "difference": difference,
                         "low": difference - 0.0118, "high": difference + 0.0113, "p": p})  # fmt: skip
    return rows


def _cost(total: int, embedding: int, speed: float, megabytes: float, p50: float) -> dict[str, Any]:
    return {
        "parameters": {"total": total, "embedding": embedding, "other": total - embedding},
        "disk_bytes": round(megabytes * 1e6),
        "load_seconds": 1.9 if megabytes > 100 else 0.08,
        "peak_memory_bytes": round(3e8 + megabytes * 4e6),
        "words_per_second": {"1": speed, "2": speed * 1.7},
        "latency_ms": {"p50": p50, "p95": 2.3 * p50},
    }


def _example(rng: random.Random, marked: str, arms: Sequence[str]) -> dict[str, Any]:
    text, gold, confusions = "", [], []
    position = 0
    for match in re.finditer(r"\[([^|\]]+)\|([^|\]]+)(?:\|([^\]]+))?\]", marked):
        text += marked[position : match.start()]
        start = len(text)
        text += match[1]
        gold.append({"start": start, "end": len(text), "label": match[2]})
        confusions.append(match[3])
        position = match.end()
    text += marked[position:]
    weak = {"teacher": 0.25, "gold": 0.6, "hard": 0.6, "soft": 0.5, "mixed": 0.3}
    predictions = {}
    for system in ("teacher", *arms):
        said = []
        for entity, confusion in zip(gold, confusions, strict=True):
            prediction = entity | {"score": round(rng.uniform(0.5, 0.99), 3)}
            if confusion and rng.random() < weak[system]:
                fate = rng.randrange(3)
                if fate == 0:
                    continue
                if fate == 1:
                    prediction["label"] = confusion
                elif " " in text[entity["start"] : entity["end"]]:
                    prediction["start"] = text.index(" ", entity["start"]) + 1
            said.append(prediction)
        if rng.random() < weak[system] / 3:
            last = re.search(r"\w+(?=\W*$)", text)
            if last and all(e["end"] <= last.start() for e in gold):
                said.append(
                    {"start": last.start(), "end": last.end(), "label": "date", "score": 0.52}
                )
        predictions[system] = said
    return {"text": text, "gold": gold, "predictions": predictions}
