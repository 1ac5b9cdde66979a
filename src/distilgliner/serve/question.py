"""What is asked and answered, as JSON: the fields of GLiNER's own server."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from distilgliner.serve.refusal import Refusal, shorten

_EXAMPLE = '{"text": "…", "labels": ["person"]}'


class Question(BaseModel):
    """One text or several, and what to look for."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str | list[str]
    labels: list[str] | None = Field(default=None, min_length=1)
    """None: those that the model was distilled with; a GLiNER checkpoint has none. A checkpoint is
    asked for them in this order, on which its scores depend; a student's answer does not."""
    threshold: float | None = Field(default=None, gt=0, lt=1)
    """None: that of the server."""
    flat_ner: Literal[True] = True
    multi_label: Literal[False] = False
    relations: list[Any] | None = Field(default=None, max_length=0)
    """Accepted where it asks for nothing, as GLiNER's client may send it; so are the next two."""
    relation_threshold: float | None = Field(default=None, ge=0, le=1)
    adapter_id: Literal["__base__"] | None = None


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
    """Its name; of a folder the last part, not the path."""
    labels: list[str]
    """Of its own; empty for a GLiNER checkpoint, which has only those it is sent."""
    is_open: bool
    """Whether it looks for other labels too."""
    threshold: float
    """Where a question names none."""


def parse_question(body: bytes) -> Any:
    """The JSON of a body, checked as far as it must be before the fields are.

    Raises `Refusal` for what is not UTF-8 or not strict JSON (NaN, a name given twice, brackets
    nested too deep, numbers of thousands of digits), and for a field that is not known.
    """
    try:
        question = json.loads(
            body.decode("utf-8-sig"), object_pairs_hook=_build_object, parse_constant=_refuse
        )
    except UnicodeDecodeError as error:
        raise Refusal(400, f"The body is not UTF-8 (byte {error.start}); encode it so.") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Refusal(400, f"The body is not JSON ({error.msg}, {place}).") from None
    except RecursionError:
        raise Refusal(400, f"The body is nested too deep; send {_EXAMPLE}.") from None
    except ValueError:  # of an integer of thousands of digits
        raise Refusal(400, "The body has a number with too many digits.") from None
    if isinstance(question, dict):
        unknown = next((name for name in question if name not in Question.model_fields), None)
        if unknown is not None:
            known = ", ".join(Question.model_fields)
            sentence = f'"{shorten(unknown)}" is not known here; a question has: {known}.'
            raise Refusal(400, sentence)
        for name in ("text", "labels"):  # pydantic would complain of each, which may be thousands
            items = question.get(name)
            if isinstance(items, list) and not all(isinstance(item, str) for item in items):
                raise Refusal(400, _MEANINGS[name])
    return question


def describe_fault(fault: dict[str, Any]) -> str:
    """What is wrong with a question, in a sentence, from pydantic's first complaint."""
    place = [part for part in fault["loc"] if part != "body"]
    name = str(place[0]) if place else ""
    if fault["type"] == "missing" and name:
        return f'"{name}" is missing; send {_EXAMPLE}.'
    return _MEANINGS.get(name, f"The body must be JSON, as {_EXAMPLE}, and be sent as such.")


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) < len(pairs):
        double = next(name for name, count in Counter(n for n, _ in pairs).items() if count > 1)
        raise Refusal(400, f'"{shorten(double)}" is given twice; give it once.')
    return built


def _refuse(constant: str) -> Any:
    raise Refusal(400, f"The body is not JSON ({constant} is not a JSON number).")


_MEANINGS = {
    "text": '"text" must be a string, or a list of them.',
    "labels": '"labels" must be a list of names, the same for all texts, as ["person", "city"].',
    "threshold": '"threshold" must be a number between 0 and 1 (neither of the two); 0.5 is usual.',
    "flat_ner": 'Only entities that do not overlap are found here; leave "flat_ner" out.',
    "multi_label": 'An entity has one label here; leave "multi_label" out.',
    "relations": 'Entities are found here, but no relations; leave "relations" out.',
    "relation_threshold": 'No relations are found here; leave "relation_threshold" out.',
    "adapter_id": 'There are no adapters here; leave "adapter_id" out.',
}
