"""The configuration of a comparison: one YAML file, every key visible, unknown keys refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from distilgliner.augment.config import AugmentConfig
from distilgliner.bundled import BUNDLED, GENERAL
from distilgliner.corpus.labels import check_labels
from distilgliner.corpus.offsets import Offsets
from distilgliner.corpus.prompts import compute_prompts
from distilgliner.corpus.reading import Reading
from distilgliner.corpus.source import STDIN, parse_source
from distilgliner.distill.config import (
    TARGETS,
    CalibrationConfig,
    Seed,
    TargetConfig,
    Targets,
    TrainingConfig,
)
from distilgliner.errors import UserError
from distilgliner.finetune.config import FinetuneConfig
from distilgliner.parsing import parse_yaml, read_text
from distilgliner.settings import describe_wrong_setting
from distilgliner.student.config import build_student_config


class CompareConfig(BaseModel):
    """All arms × students × seeds of one comparison. Sources are what `read_documents` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str = Field(default="comparison", description="title of the report")
    teacher: str = Field(default="bundled", description="folder, hub id, or 'bundled'")
    more_teachers: tuple[str, ...] = Field(
        default=(), description="checkpoints that students learn from as well, of the same text"
    )
    labels: tuple[str, ...] = Field(description="what to find")
    annotations: tuple[str, ...] = Field(
        default=(),
        description="folders of 'distilgliner annotate' with the transfer text, one for a teacher, "
        "which are used instead of annotating it again",
    )
    prompts: int | tuple[tuple[str, ...], ...] | None = Field(
        default=None, description="labels a prompt, or groups of labels with a prompt each"
    )
    ignore_labels: tuple[str, ...] = Field(default=(), description="left out of all human labels")
    gold: tuple[str, ...] = Field(default=(), description="labelled text for gold and mixed")
    transfer: tuple[str, ...] = Field(description="text for the teacher; labels in it are not read")
    dev: tuple[str, ...] = Field(
        default=(), description="labelled; chooses the epoch; without it each arm holds out a tenth"
    )
    test: tuple[str, ...] = Field(description="labelled; measured, never used for a choice")
    labels_of: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="of a source of gold or dev: the labels it was annotated for, if not for all",
    )
    format: str | None = Field(default=None, description="of all text, if names do not tell")
    offsets: Offsets = Field(default="characters", description="what start and end count")
    tag_column: str | int | None = Field(
        default=None, description="number or name of the tags that count, where there are several"
    )
    arms: tuple[Targets, ...] = Field(default=TARGETS, description="what students learn from")
    students: tuple[str, ...] = Field(default=("bilstm-crf",), description="their architectures")
    student_options: dict[str, int | float | bool] = Field(
        default_factory=dict, description="overrides of the students' architectures"
    )
    seeds: tuple[Seed, ...] = Field(default=(0, 1, 2), description="each trains every student")
    finetune: FinetuneConfig | None = Field(
        default=None, description="fine-tune the teacher on gold first; students learn from that"
    )
    augment: AugmentConfig | None = Field(
        default=None, description="make new texts of the transfer text, for the teacher to annotate"
    )
    initial: str | None = Field(
        default=None,
        description="a student that those with a teacher begin with: folder, hub id, or 'general'",
    )
    target: TargetConfig = TargetConfig()
    training: TrainingConfig = TrainingConfig()
    calibration: CalibrationConfig = CalibrationConfig()
    workers: int | None = Field(default=None, ge=1, description="runs at once; None: one per core")
    curve_documents: int = Field(default=300, ge=0, description="per split, for the curves")
    examples: int = Field(default=20, ge=0, description="test sentences shown in the report")
    cost_rounds: int = Field(default=3, ge=0, description="0 measures no cost")
    cost_seconds: float = Field(default=5.0, gt=0, description="of each measurement of a round")

    def read_options(self) -> Reading:
        """The options of `read_documents`."""
        return {"format": self.format, "offsets": self.offsets, "tag_column": self.tag_column}


SOURCES = ("gold", "transfer", "dev", "test")


def read_compare_config(path: str | Path) -> CompareConfig:
    """Read a YAML file; paths in it are relative to its folder. Raises `UserError`."""
    path = Path(path)
    try:
        raw = parse_yaml(read_text(path))
    except FileNotFoundError:
        raise UserError(f"There is no file {path}; give a comparison's YAML file.") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as YAML: {error}; correct it.") from None
    if not isinstance(raw, dict):
        raise UserError(f"{path} must be a mapping of keys to values, such as 'labels: [person]'.")
    return build_compare_config(raw, base=path.parent, where=str(path))


def build_compare_config(
    raw: dict[str, Any], *, base: Path | None = None, where: str = "the options"
) -> CompareConfig:
    """Check keys and values; a single source may be given without a list. Raises `UserError`."""
    raw = {key: [value] if _is_lone(key, value) else value for key, value in raw.items()}
    try:
        config = CompareConfig(**raw)
    except (ValidationError, TypeError) as error:
        raise UserError(f"{where}: {_describe(error)}") from None
    try:
        labels = check_labels(config.labels)
        compute_prompts(labels, config.prompts)
        labels_of = {source: check_labels(known) for source, known in config.labels_of.items()}
        for student in config.students:
            build_student_config(student, config.student_options)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    for name in ("seeds", "arms", "students"):
        values = getattr(config, name)
        if not values or len(set(values)) != len(values):
            raise UserError(f"{where}: {name} must name one at least, and each only once.")
    if {"gold", "mixed"} & set(config.arms) and not config.gold:
        raise UserError(f"{where}: the arms gold and mixed need gold; add gold or leave them out.")
    for key in SOURCES:
        for source in getattr(config, key):
            _check_rereadable(source, f"{where}: {key}")
    update: dict[str, Any] = {"labels": labels, "labels_of": labels_of}
    if config.finetune is not None and not config.gold:
        raise UserError(f"{where}: finetune needs gold; add gold or leave finetune out.")
    for key in ("finetune", "augment"):
        if config.annotations and getattr(config, key) is not None:
            raise UserError(
                f"{where}: {key} needs new annotations; leave annotations or {key} out."
            )
    if config.finetune is not None and config.more_teachers:
        raise UserError(f"{where}: finetune is for one teacher; leave more_teachers out.")
    if len({config.teacher, *config.more_teachers}) <= len(config.more_teachers):
        raise UserError(f"{where}: a teacher is named twice; name each only once.")
    _check_labels_of(labels_of, config, labels, where)
    if base is not None:
        update["teacher"] = _locate(config.teacher, base)
        update["more_teachers"] = tuple(_locate(name, base) for name in config.more_teachers)
        update["annotations"] = tuple(_locate(name, base) for name in config.annotations)
        update["labels_of"] = {_locate(source, base): known for source, known in labels_of.items()}
        update["initial"] = config.initial and _locate(config.initial, base)
        for key in SOURCES:
            update[key] = tuple(_locate(source, base) for source in getattr(config, key))
    return config.model_copy(update=update)


def _check_labels_of(
    labels_of: dict[str, tuple[str, ...]],
    config: CompareConfig,
    labels: tuple[str, ...],
    where: str,
) -> None:
    """Raise `UserError` for a source that is not there, or a label that the student will lack."""
    for source, known in labels_of.items():
        if source not in (*config.gold, *config.dev):
            raise UserError(
                f"{where}: labels_of: {source!r} is no source of gold or dev; write it as it "
                "stands there."
            )
        unknown = sorted(set(known) - set(labels))
        if unknown:
            raise UserError(
                f"{where}: labels_of: {source!r} has the label {unknown[0]!r}, which is not among "
                f"the labels ({', '.join(labels)})."
            )


def _check_rereadable(source: str, where: str) -> None:
    """Raise `UserError` for standard input and other pipes: every run reads the text itself."""
    name = parse_source(source).name
    path = Path(name)
    if name == STDIN or (path.exists() and not path.is_file() and not path.is_dir()):
        raise UserError(
            f"{where}: {source!r} can be read only once, and a comparison reads its text several "
            "times; save it to a file."
        )


def _is_lone(key: str, value: Any) -> bool:
    named = ("labels", "ignore_labels", "arms", "students", "seeds", "more_teachers", "annotations")
    listed = (*SOURCES, *named)
    return key in listed and isinstance(value, (str, int))


def _locate(source: str, base: Path) -> str:
    """A path relative to the configuration file, where there is such a file; else as it stands."""
    if source in (BUNDLED, GENERAL) or source.startswith("hf:"):
        return source
    name, bracket, cut = source.partition("[")
    return f"{base / name}{bracket}{cut}" if (base / name).exists() else source


def _describe(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return f"{error}; use the keys of the documentation."
    key, problem = describe_wrong_setting(error, CompareConfig)
    if error.errors()[0]["type"] == "extra_forbidden":
        return f"unknown key {key!r}; {problem}"
    return f"{key}: {problem}"
