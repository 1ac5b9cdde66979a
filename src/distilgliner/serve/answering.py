"""One thread that predicts, whatever number of requests wait for it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from distilgliner.corpus.document import check_labels, normalize_label
from distilgliner.errors import UserError
from distilgliner.models import (
    Predictor,
    built_in_labels,
    check_known_labels,
    find_entities,
    is_open,
)
from distilgliner.serve.question import About, Question

Found: TypeAlias = dict[str, list[dict[str, Any]]]
"""An `Answer` as JSON."""


class AnswerTimeoutError(Exception):
    """An answer that took too long, its wait included."""


class Answerer:
    """Answers questions with one model, one after the other, in a thread of its own."""

    def __init__(self, predictor: Predictor, name: str, threshold: float = 0.5) -> None:
        self.predictor = predictor
        self.about = About(
            model=name,
            labels=list(built_in_labels(predictor) or ()),
            is_open=is_open(predictor),
            threshold=threshold,
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="predict")

    async def answer(self, question: Question, seconds: float) -> Found | list[Found]:
        """An answer for one text, a list of them for several.

        Raises `UserError` for a label that a closed student does not know, and `AnswerTimeoutError`
        after so many seconds; a question that waits until then is not begun.
        """
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._thread, self.predict, question)
        try:
            return await asyncio.wait_for(work, seconds)
        except asyncio.TimeoutError:
            raise AnswerTimeoutError from None

    def predict(self, question: Question) -> Found | list[Found]:
        """The same at once, in the thread of the caller."""
        texts = [question.text] if isinstance(question.text, str) else question.text
        threshold = question.threshold or self.about.threshold
        found = find_entities(self.predictor, texts, self._choose_labels(question), threshold)
        answers = [{"entities": entities} for entities in found]
        return answers[0] if isinstance(question.text, str) else answers

    def _choose_labels(self, question: Question) -> tuple[str, ...]:
        """Sorted, each once, as GLiNER takes them; without any, the model's own."""
        if question.labels is None:
            if not self.about.labels:
                raise UserError(
                    'This model has no labels of its own; send some, as "labels": ["person"].'
                )
            return tuple(self.about.labels)
        labels = check_labels(sorted({normalize_label(label) for label in question.labels}))
        check_known_labels(self.predictor, labels)
        return labels
