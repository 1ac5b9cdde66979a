"""Anything that predicts entities, opened by one function: students and GLiNER checkpoints."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from distilgliner.corpus.arguments import check_threads
from distilgliner.corpus.prompts import Prompts
from distilgliner.corpus.texts import list_texts
from distilgliner.corpus.words import Offsets, split_words
from distilgliner.errors import UserError, missing_extra
from distilgliner.hub import locate_folder
from distilgliner.parsing import parse_json, read_text
from distilgliner.student.config import FORMAT
from distilgliner.student.folder_files import CONFIG_FILE, TOKENIZER_FILE

_TEACHER_CONFIG = "gliner_config.json"
_DAMAGED = "damaged"
"""Instead of a format: of a configuration that is no JSON."""
_STEP_CHARACTERS = 4_000
"""Of texts that a model without steps of its own is asked for at once,"""
_STEP_TEXTS = 64
"""and how many of them."""

Entities: TypeAlias = list[dict[str, Any]]


class Predictor(Protocol):
    """What every model can do; the interface of `gliner.GLiNER`."""

    def batch_predict_entities(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        *,
        threshold: float = 0.5,
    ) -> list[list[dict[str, Any]]]:
        """Entities of each text, in order: dicts with `start`, `end`, `text`, `label`, `score`.

        `start` and `end` are characters, the end exclusive.
        """
        ...


def load_predictor(id_or_folder: str | Path) -> Predictor:
    """Open a student's folder, a GLiNER checkpoint's folder, or a hub id of either.

    "bundled" is the bundled teacher, "general" the bundled student.
    Raises `UserError` when it is none of these, or when the hub cannot be reached.
    """
    if _find_kind(id_or_folder) == "student":
        from distilgliner.student.predictor import DistilGLiNER

        return DistilGLiNER.from_pretrained(id_or_folder)
    _require("torch", "annotate")
    _require("gliner", "annotate")
    from distilgliner.annotate.teacher import load_teacher

    return load_teacher(id_or_folder)


def find_entities(
    predictor: Predictor, texts: Sequence[str], labels: Sequence[str], threshold: float = 0.5
) -> list[list[dict[str, Any]]]:
    """Entities of each text, in order, as JSON has them; blank texts have none."""
    texts = list_texts(texts)
    filled = [text for text in texts if text.strip()]
    found = iter(
        predictor.batch_predict_entities(filled, labels, threshold=threshold) if filled else ()
    )
    return [[_to_json(entity) for entity in next(found)] if text.strip() else [] for text in texts]


def is_student(predictor: Predictor) -> bool:
    """Whether a model is a student, which works in steps and may be asked by several threads."""
    return hasattr(predictor, "iterate_entities")


def scores_per_label(predictor: Predictor) -> int:
    """How many scores a model computes of each word for one label: what its memory grows with."""
    return int(getattr(predictor, "scores_per_label", 1))


def iterate_entities(
    predictor: Predictor,
    texts: Sequence[str],
    labels: Sequence[str],
    threshold: float,
    pause: Callable[[], None],
) -> Iterator[list[tuple[int, Entities]]]:
    """As `find_entities`, in steps: after each the places and entities of the texts that are done.

    Other work can be done between two steps. Where a step of a GLiNER checkpoint takes long, it
    calls `pause` after each of its batches, which may raise.
    """
    filled = [row for row, text in enumerate(texts) if text.strip()]
    if is_student(predictor):
        steps = predictor.iterate_entities([texts[row] for row in filled], labels, threshold)  # type: ignore[attr-defined]
        for found in steps:
            yield [(filled[place], list(map(_to_json, entities))) for place, entities in found]
        return
    for rows in _group_texts(texts, filled):
        with _pausing(predictor, pause):
            entities = find_entities(predictor, [texts[row] for row in rows], labels, threshold)
        yield list(zip(rows, entities, strict=True))


def set_threads(predictor: Predictor, count: int) -> None:
    """How many threads one call may use; torch and the tokenizer are set for the whole process."""
    # The tokenizers library looks at this at every call.
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if count > 1 else "false"
    if hasattr(predictor, "set_threads"):
        predictor.set_threads(count)
    elif "torch" in sys.modules:
        import torch

        torch.set_num_threads(check_threads(count))


def set_prompts(predictor: Predictor, prompts: Prompts) -> None:
    """How a GLiNER checkpoint is asked for its labels; students have no prompts."""
    if hasattr(predictor, "prompts"):
        predictor.prompts = prompts


def check_prompts(predictor: Predictor, prompts: Prompts) -> None:
    """Raise `UserError` for a number of labels per prompt where a model has no prompts."""
    if isinstance(prompts, int) and not hasattr(predictor, "prompts"):
        raise UserError(
            "--labels-per-prompt is for GLiNER checkpoints, and this is a student, which takes any "
            "number of labels at once; leave it out."
        )


def built_in_labels(predictor: Predictor) -> tuple[str, ...] | None:
    """The labels that a model was distilled with; None for one that only has those it is given."""
    labels = getattr(predictor, "labels", None)
    return tuple(labels) if labels else None


def is_open(predictor: Predictor) -> bool:
    """Whether a model accepts any label; False for students with a closed label set."""
    return bool(getattr(predictor, "is_open", True))


def find_word_splitter(predictor: Predictor) -> Callable[[str], Offsets]:
    """From a text to the words of a model: entities begin and end at their borders."""
    own: Callable[[str], Offsets] = getattr(predictor, "split_words", split_words)
    return own


def choose_known_labels(predictor: Predictor, labels: Sequence[str] | None) -> tuple[str, ...]:
    """`labels` as they are, or for None the model's own.

    Raises `UserError` when a closed student does not know one, and for None when a model has no
    labels of its own.
    """
    if labels is not None:
        check_known_labels(predictor, labels)
        return tuple(labels)
    own = built_in_labels(predictor)
    if own is None:
        raise UserError("A GLiNER checkpoint has no labels of its own; pass --labels person,city.")
    return own


def check_known_labels(predictor: Predictor, labels: Sequence[str]) -> None:
    """Raise `UserError` when `predictor` is a closed student that lacks one of `labels`."""
    known = built_in_labels(predictor) or ()
    unknown = [] if is_open(predictor) else [label for label in labels if label not in known]
    if unknown:
        raise UserError(
            f"This student does not know the label {unknown[0]!r}; it knows: {', '.join(known)}."
        )


def locate_model(id_or_folder: str | Path) -> Path:
    """The folder on this machine of a model that has been loaded before.

    Raises `UserError` when there is none.
    """
    return locate_folder(id_or_folder, "model", local_files_only=True)


def _group_texts(texts: Sequence[str], rows: Sequence[int]) -> Iterator[list[int]]:
    """The rows of texts that are asked for in a step: few and short ones, or a single long one."""
    group: list[int] = []
    size = 0
    for row in rows:
        size += len(texts[row])
        if group and (size > _STEP_CHARACTERS or len(group) >= _STEP_TEXTS):
            yield group
            group, size = [], len(texts[row])
        group.append(row)
    if group:
        yield group


@contextmanager
def _pausing(predictor: Predictor, pause: Callable[[], None]) -> Iterator[None]:
    """A GLiNER checkpoint calls `pause` after each batch; it may be asked again meanwhile."""
    if not hasattr(predictor, "on_batch"):
        yield
        return
    outer = predictor.on_batch
    predictor.on_batch = lambda _: pause()
    try:
        yield
    finally:
        predictor.on_batch = outer


def _to_json(entity: dict[str, Any]) -> dict[str, Any]:
    return {
        "start": entity["start"],
        "end": entity["end"],
        "text": entity["text"],
        "label": entity["label"],
        "score": float(entity["score"]),
    }


def _require(package: str, extra: str) -> None:
    if find_spec(package) is None:
        raise missing_extra(package, extra)


def _find_kind(id_or_folder: str | Path) -> Literal["student", "teacher"]:
    folder = locate_folder(id_or_folder, "model", allow_patterns=[CONFIG_FILE, _TEACHER_CONFIG])
    if _read_format(folder / CONFIG_FILE) == FORMAT:
        return "student"
    if (folder / _TEACHER_CONFIG).is_file():
        return "teacher"
    if _read_format(folder / CONFIG_FILE) == _DAMAGED and (folder / TOKENIZER_FILE).is_file():
        return "student"  # which says what is wrong with it
    raise UserError(
        f"{id_or_folder} is no model: it has neither a {CONFIG_FILE} of a DistilGLiNER student "
        f"nor a {_TEACHER_CONFIG}; give a folder of 'distilgliner distill' or a GLiNER checkpoint."
    )


def _read_format(path: Path) -> str | None:
    if not path.is_file():
        return None
    try:
        config = parse_json(read_text(path))
    except (OSError, ValueError):
        return _DAMAGED
    return config.get("format") if isinstance(config, dict) else None
