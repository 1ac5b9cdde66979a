"""Questions answered by one model, whatever number of requests wait for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distilgliner.corpus.labels import normalize_label
from distilgliner.corpus.prompts import PromptTooLongError
from distilgliner.errors import UserError
from distilgliner.models import (
    Predictor,
    built_in_labels,
    check_known_labels,
    is_open,
    is_student,
    iterate_entities,
    scores_per_label,
)
from distilgliner.serve.lanes import Lane, Pause, Steps
from distilgliner.serve.limits import ServeLimits, check_counts, count_words
from distilgliner.serve.question import About, Question

_SMALL_CHARACTERS = 20_000
"""Texts of a request up to which it is answered before larger ones,"""
_SMALL_SCORES = 200_000
"""and characters times labels."""
_ENTITIES_AT_ONCE = 1000


class AnswerTimeoutError(Exception):
    """An answer that took too long, its wait included."""


class Answerer:
    """Answers questions with one model.

    Small questions and large ones have a thread each where the model is a student, which any
    number of threads may ask; a GLiNER checkpoint has one thread for both.
    """

    def __init__(
        self,
        predictor: Predictor,
        name: str,
        threshold: float = 0.5,
        limits: ServeLimits | None = None,
    ) -> None:
        self.predictor = predictor
        self.limits = limits or ServeLimits()
        self.about = About(
            model=Path(name).resolve().name if Path(name).exists() else name,
            labels=list(built_in_labels(predictor) or ()),
            is_open=is_open(predictor),
            threshold=threshold,
        )
        self._small = Lane("predict")
        self._large = Lane("predict-large") if is_student(predictor) else self._small

    def close(self) -> None:
        """Stop the threads after the step under way."""
        self._small.close()
        self._large.close()

    async def answer(self, question: Question, seconds: float) -> str:
        """The JSON of an `Answer` for one text, of a list of them for several.

        Raises `UserError` for a label that a closed student does not know, `Refusal` for more than
        the limits, `AnswerTimeoutError` after so many seconds, and `FailedError` when the model
        fails. A question that is given up, because it took too long or the task was cancelled, is
        not begun, or ends after the step under way.
        """
        texts = [question.text] if isinstance(question.text, str) else question.text
        check_counts(texts, question.labels or (), self.limits)
        labels = self._choose_labels(question)
        characters = sum(map(len, texts))
        is_small = characters <= _SMALL_CHARACTERS and characters * len(labels) <= _SMALL_SCORES
        lane = self._small if is_small else self._large
        steps = self._run(question, texts, labels, lane.pause)
        work = asyncio.wrap_future(lane.submit(steps, is_small=is_small))
        try:
            return await asyncio.wait_for(work, seconds)
        except asyncio.TimeoutError:
            raise AnswerTimeoutError from None

    def _run(
        self, question: Question, texts: Sequence[str], labels: tuple[str, ...], pause: Pause
    ) -> Steps[str]:
        per_word = len(labels) * scores_per_label(self.predictor)
        yield from count_words(texts, per_word, self.limits)
        threshold = self.about.threshold if question.threshold is None else question.threshold
        answers = ['{"entities": []}'] * len(texts)
        try:
            for rows in iterate_entities(self.predictor, texts, labels, threshold, pause):
                for row, entities in rows:
                    answers[row] = _format_answer(entities)
                yield
        except PromptTooLongError as error:
            raise error.advise(
                f"send at most {error.most} of these labels at once, or start the server with "
                f"--labels-per-prompt {error.most}"
            ) from None
        return answers[0] if isinstance(question.text, str) else f"[{', '.join(answers)}]"

    def _choose_labels(self, question: Question) -> tuple[str, ...]:
        """Each once, in the order of the question; without any, the model's own."""
        if question.labels is None:
            if not self.about.labels:
                raise UserError(
                    'This model has no labels of its own; send some, as "labels": ["person"].'
                )
            return tuple(self.about.labels)
        labels = tuple(dict.fromkeys(map(normalize_label, question.labels)))
        if "" in labels:
            raise UserError('A label is empty in "labels"; leave it out.')
        check_known_labels(self.predictor, labels)
        return labels


def _format_answer(entities: Sequence[dict[str, Any]]) -> str:
    """An `Answer` as JSON, in ASCII: half a character, which JSON can name, has no other form.

    Not at once for thousands, which would keep all other threads waiting.
    """
    parts = [
        json.dumps(entities[start : start + _ENTITIES_AT_ONCE])[1:-1]
        for start in range(0, len(entities), _ENTITIES_AT_ONCE)
    ]
    return f'{{"entities": [{", ".join(parts)}]}}'
