"""A student as a recognizer of Presidio: personal data by rules and by the student together.

`docs/presidio.md` shows its use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from presidio_analyzer import AnalysisExplanation, EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NerModelConfiguration

from distilgliner.corpus.document import normalize_label
from distilgliner.student.predictor import DistilGLiNER


class DistilGLiNERRecognizer(EntityRecognizer):
    """Finds entities for Presidio's analyzer with a student.

    model: a student's folder or hub id, or "general", the bundled one.
    entity_mapping: what each label is called in Presidio, as {"person": "PERSON"}; only these are
        looked for. None means all labels of the distillation, by Presidio's own names where it has
        one ("date" is DATE_TIME), else in capitals ("date of birth" is DATE_OF_BIRTH).
    threshold: only entities that score above it, strictly between 0 and 1.
    threads: of one call.
    supported_language, name, context: as of every recognizer of Presidio's.

    It needs neither Presidio's NLP engine nor its chunkers: texts may be of any length.
    Raises `UserError` for a missing student, a label that it does not know, or a threshold out of
    range.
    """

    def __init__(
        self,
        model: str | Path = "general",
        entity_mapping: Mapping[str, str] | None = None,
        threshold: float = 0.5,
        threads: int = 1,
        supported_language: str = "en",
        name: str = "DistilGLiNERRecognizer",
        context: list[str] | None = None,
    ) -> None:
        self.student = DistilGLiNER.from_pretrained(model)
        self.student.set_threads(threads)
        self.threshold = threshold
        chosen = map_labels(self.student.labels) if entity_mapping is None else entity_mapping
        self.entity_mapping = {normalize_label(label): kind for label, kind in chosen.items()}
        # A wrong label or threshold is told at once, not with the first text.
        self.student.predict_entities("a", list(self.entity_mapping), threshold=threshold)
        super().__init__(
            supported_entities=sorted(set(self.entity_mapping.values())),
            name=name,
            supported_language=supported_language,
            context=context,
        )

    def load(self) -> None:
        """Nothing: the student is there as soon as the recognizer is."""

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """The entities of a text, of the kinds asked for, by Presidio's names; none means all."""
        wanted = set(entities or self.supported_entities)
        labels = [label for label, kind in self.entity_mapping.items() if kind in wanted]
        if not labels:
            return []
        found = self.student.predict_entities(text, labels, threshold=self.threshold)
        return [self._build_result(entity) for entity in found]

    def _build_result(self, entity: Mapping[str, Any]) -> RecognizerResult:
        kind = self.entity_mapping[entity["label"]]
        return RecognizerResult(
            entity_type=kind,
            start=entity["start"],
            end=entity["end"],
            score=entity["score"],
            analysis_explanation=AnalysisExplanation(
                recognizer=self.name,
                original_score=entity["score"],
                textual_explanation=f"A distilled student found the label {entity['label']!r}",
            ),
        )


def map_labels(labels: Sequence[str]) -> dict[str, str]:
    """Presidio's names of labels: its own where it has one, else in capitals."""
    known = NerModelConfiguration().model_to_presidio_entity_mapping or {}
    names = {label: "_".join(label.upper().split()) for label in labels}
    return {label: known.get(name, name) for label, name in names.items()}
