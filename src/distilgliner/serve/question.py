"""What is asked and answered, as JSON: the fields of GLiNER's own server."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Question(BaseModel):
    """One text or several, and what to look for."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str | list[str]
    labels: list[str] | None = Field(default=None, min_length=1)
    """None: those that the model was distilled with; a GLiNER checkpoint has none."""
    threshold: float | None = Field(default=None, gt=0, lt=1)
    """None: that of the server."""
    flat_ner: Literal[True] = True
    multi_label: Literal[False] = False


class Entity(BaseModel):
    """Characters are those of Python, code points; the end is exclusive."""

    start: int
    end: int
    text: str
    label: str
    score: float


class Answer(BaseModel):
    """The entities of one text, in order."""

    entities: list[Entity]


class About(BaseModel):
    """What the server answers for."""

    model: str
    labels: list[str]
    """Of its own; empty for a GLiNER checkpoint, which has only those it is sent."""
    is_open: bool
    """Whether it looks for other labels too."""
    threshold: float
    """Where a question names none."""
