"""`results.json`: everything a comparison measured, and all that its report is made from.

Qualities are fractions from 0 to 1; times are seconds unless the name says milliseconds.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from distilgliner.errors import UserError
from distilgliner.files import write_atomically
from distilgliner.parsing import parse_json, read_text

Arm = Literal["gold", "hard", "soft", "mixed"]
Part = Literal["gold", "transfer", "dev", "test"]
ARMS: tuple[Arm, ...] = ("gold", "hard", "soft", "mixed")
TEACHER = "teacher"
FINETUNED = "fine-tuned teacher"


class _Model(BaseModel):
    # Not finite numbers (the loss of a run that diverged) are written as null: JSON has no others.
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="null")


class Machine(_Model):
    """Where everything was measured."""

    cpu: str
    cores: int
    memory_bytes: int
    python: str
    torch: str
    gliner: str
    distilgliner: str


class DataPart(_Model):
    """The size of one part of the data; `entities` is None for text without human labels."""

    documents: int
    words: int
    entities: int | None = None


class Scores(_Model):
    """Precision, recall and F1, and the number of true entities where it is known."""

    precision: float
    recall: float
    f1: float
    support: int | None = None


class WordScores(_Model):
    """Word by word, as the reference study measures."""

    accuracy: float
    recall: float
    precision: float
    f1: float


class ReliabilityBin(_Model):
    """The entities with a score in (low, high]: their mean score, and the share that is right."""

    low: float
    high: float
    entities: int
    score: float
    accuracy: float


class Calibration(_Model):
    """Scores against what is right; `ece` (from 0 to 1) is None without an entity above `floor`."""

    ece: float | None
    entities: int
    floor: float
    bins: list[ReliabilityBin] = Field(default_factory=list)


class Quality(_Model):
    """Against human labels: strict spans (micro, macro, per label) and words.

    `calibration` is None where it was not measured, as in results of earlier versions.
    """

    micro: Scores
    macro: Scores
    per_label: dict[str, Scores]
    word: WordScores
    calibration: Calibration | None = None


class Agreement(_Model):
    """Against the teacher's own entities; `kl` is None where no distribution was compared."""

    f1: float
    precision: float
    recall: float
    kl: float | None = None


class CurveScores(_Model):
    """One split in one epoch."""

    recall: float
    precision: float
    f1: float
    word_accuracy: float


class CurvePoint(_Model):
    """One epoch of one run; a loss is None where it was not finite or not measured."""

    epoch: int
    train_loss: float | None
    test_loss: float | None
    dev_f1: float | None
    train: CurveScores
    test: CurveScores


class Teacher(_Model):
    """The teacher's quality on the test part, and what annotating the transfer text took.

    `weight_hash` is BLAKE2b (16 bytes) of the weight file that annotated; None in earlier versions.
    """

    name: str
    weight_hash: str | None = None
    quality: Quality
    annotation_seconds: float
    annotation_words_per_second: float


class FurtherTeacher(_Model):
    """Another teacher that the students learned from as well: its quality on the test part."""

    name: str
    weight_hash: str
    quality: Quality


class Finetuning(_Model):
    """The teacher before it was fine-tuned on gold: its quality on the test part, and the time."""

    name: str
    quality: Quality
    seconds: float
    updates: int


class Run(_Model):
    """One student trained once."""

    arm: Arm
    student: str
    seed: int
    quality: Quality
    agreement: Agreement
    train_seconds: float
    best_epoch: int
    updates: int
    curve: list[CurvePoint] = Field(default_factory=list)


class Significance(_Model):
    """Paired bootstrap of F1(a) − F1(b): the difference, its 95 % interval and p."""

    student: str
    a: str
    b: str
    difference: float
    low: float
    high: float
    p: float


class Parameters(_Model):
    """How many numbers a model consists of."""

    total: int
    embedding: int
    other: int


class Latency(_Model):
    """Milliseconds for one sentence."""

    p50: float
    p95: float


class Cost(_Model):
    """What a model costs; `words_per_second` has the number of threads as its key."""

    parameters: Parameters
    disk_bytes: int
    load_seconds: float
    import_seconds: float | None = None
    peak_memory_bytes: int
    words_per_second: dict[str, float]
    latency_ms: Latency


class ExampleEntity(_Model):
    """An entity in an example: characters `start` to `end` (exclusive)."""

    start: int
    end: int
    label: str
    score: float | None = None


class Example(_Model):
    """A test sentence, its human labels, and what the teacher and each arm predicted."""

    text: str
    gold: list[ExampleEntity]
    predictions: dict[str, list[ExampleEntity]]


class Results(_Model):
    """The whole `results.json`."""

    format: Literal[1] = 1
    name: str
    created: datetime
    machine: Machine
    config: dict[str, Any] = Field(default_factory=dict)
    labels: list[str]
    data: dict[Part, DataPart] = Field(default_factory=dict)
    teacher: Teacher
    more_teachers: list[FurtherTeacher] = Field(default_factory=list)
    finetuning: Finetuning | None = None
    runs: list[Run] = Field(default_factory=list)
    significance: list[Significance] = Field(default_factory=list)
    costs: dict[str, Cost] = Field(default_factory=dict)
    examples: list[Example] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    gold_borders: dict[str, Any] | None = None
    """How much of all human labels lies on word borders; see `corpus/borders.py`."""


def read_results(path: str | Path) -> Results:
    """Read `results.json` (or the one in the folder `path`); raises UserError if it is not one."""
    path = Path(path)
    if path.is_dir():
        path = path / "results.json"
    try:
        text = read_text(path)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path}: cannot read the results ({error}); give the folder or results.json "
            "that 'distilgliner compare' wrote"
        ) from None
    try:
        content = parse_json(text)
    except ValueError as error:
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UserError(
            f"{path}{where}: this is not valid JSON ({error}); run 'distilgliner compare' again"
        ) from None
    try:
        return Results.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UserError(
            f"{path}: these are not results of this version: {where}: {first['msg']}; "
            "run 'distilgliner compare' again"
        ) from None


def write_results(results: Results, path: str | Path) -> None:
    """Write `results.json` to the file `path`, atomically."""
    write_atomically(Path(path), results.model_dump_json(indent=1) + "\n")
