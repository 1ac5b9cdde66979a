"""A student as a recognizer of Presidio: personal data by rules and by the student together.

`docs/how-to/presidio.md` shows its use.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from presidio_analyzer import AnalysisExplanation, EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NerModelConfiguration

from distilgliner.corpus.arguments import check_threshold
from distilgliner.corpus.labels import list_labels, normalize_label
from distilgliner.errors import UserError
from distilgliner.student.gliner_calls import check_call_options, check_option
from distilgliner.student.predictor import DistilGLiNER

if TYPE_CHECKING:
    from typing_extensions import Self


class DistilGLiNERRecognizer(EntityRecognizer):
    """Finds entities for Presidio's analyzer with a student.

    model: a student's folder or hub id, or "general", the bundled one.
    entity_mapping: what each label is called in Presidio, as {"person": "PERSON"}; only these are
        looked for. None means all labels of the distillation, by Presidio's own names where it has
        one ("date" is DATE_TIME), else in capitals ("date of birth" is DATE_OF_BIRTH).
    threshold: only entities that score above it, strictly between 0 and 1.
    threads: of one call.
    supported_entities, supported_entity: of the names that it has without an `entity_mapping`, only
        these.
    text_chunker: one of Presidio's, to cut texts with; none is needed, texts may be of any length.
    model_name: as GLiNERRecognizer has it, in place of `model`.
    supported_language, name, version, context, country_code, score_thresholds: as of every
        recognizer of Presidio's.
    options: those of GLiNERRecognizer (flat_ner, map_location …), where they change nothing.

    Presidio's YAML files may have all of these settings, once this module is imported.
    Raises `UserError` for a missing student, a label or a name that it does not know, an unknown
    setting, or a threshold out of range.
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
        *,
        supported_entities: Sequence[str] | None = None,
        supported_entity: str | None = None,
        version: str = "0.0.1",
        text_chunker: Any = None,
        model_name: str | Path | None = None,
        country_code: str | None = None,
        score_thresholds: dict[str, float] | None = None,
        **options: Any,
    ) -> None:
        loading = _check_options(options)
        if text_chunker is not None and not hasattr(text_chunker, "predict_with_chunking"):
            raise UserError(
                f"text_chunker={text_chunker!r} is no chunker of Presidio's; leave it out."
            )
        self.student = DistilGLiNER.from_pretrained(_choose_model(model, model_name), **loading)
        self.student.set_threads(threads)
        self.threshold = check_threshold(threshold)
        self.text_chunker = text_chunker
        if supported_entity is not None:
            supported_entities = [supported_entity, *(supported_entities or ())]
        self.entity_mapping = _choose_mapping(
            self.student.labels, entity_mapping, supported_entities
        )
        # A label that it does not know is told at once, not with the first text.
        self.student.predict_entities("a", list(self.entity_mapping), threshold=threshold)
        super().__init__(
            supported_entities=sorted(set(self.entity_mapping.values())),
            name=name,
            supported_language=supported_language,
            version=version,
            context=context,
            country_code=country_code,
            score_thresholds=score_thresholds,
        )

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        _register(cls.__name__)

    def __repr__(self) -> str:
        kinds = ", ".join(self.supported_entities)
        return f"<{type(self).__name__} {self.name!r}: {kinds}; of {self.student!r}>"

    def eval(self) -> Self:
        """Nothing, as for every loaded student; returns itself."""
        return self

    def to(self, *places: Any, **named: Any) -> Self:
        """Nothing for the CPU. Raises `UserError` for another device."""
        self.student.to(*places, **named)
        return self

    def load(self) -> None:
        """Nothing: the student is there as soon as the recognizer is."""

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """The entities of a text, of the kinds asked for, by Presidio's names; none means all."""
        if isinstance(entities, str):
            raise UserError(
                f"The entities must be a list of names, as [{entities!r}], not a string."
            )
        wanted = set(entities or self.supported_entities)
        labels = [label for label, kind in self.entity_mapping.items() if kind in wanted]
        if not labels:
            return []

        def find(part: str) -> list[RecognizerResult]:
            found = self.student.predict_entities(part, labels, threshold=self.threshold)
            return [self._build_result(entity) for entity in found]

        if self.text_chunker is None:
            return find(text)
        chunked: list[RecognizerResult] = self.text_chunker.predict_with_chunking(text, find)
        return chunked

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


def _choose_model(model: str | Path, model_name: str | Path | None) -> str | Path:
    if model_name is None:
        return model
    if model not in ("general", model_name):
        raise UserError(f"model={model!r} and model_name={model_name!r} differ; give one of them.")
    return model_name


def _choose_mapping(
    labels: Sequence[str],
    entity_mapping: Mapping[str, str] | None,
    supported_entities: Sequence[str] | None,
) -> dict[str, str]:
    """Labels and their names in Presidio; see `DistilGLiNERRecognizer`."""
    if entity_mapping is not None:
        if supported_entities is not None:
            raise UserError(
                "entity_mapping names the entities itself; leave supported_entities out."
            )
        if not isinstance(entity_mapping, Mapping) or not all(
            isinstance(name, str) and name.strip()
            for pair in entity_mapping.items()
            for name in pair
        ):
            raise UserError(
                f"entity_mapping={entity_mapping!r} does not give each label a name; write it as "
                "{'person': 'PERSON'}."
            )
        return {normalize_label(label): kind for label, kind in entity_mapping.items()}
    names = map_labels(labels)
    if supported_entities is None:
        return names
    wanted = list_labels(supported_entities, "supported_entities")
    unknown = [name for name in wanted if name not in names.values()]
    if unknown or not wanted:
        raise UserError(
            f"The student has no entities {', '.join(unknown) or 'of no name'}, only "
            f"{', '.join(dict.fromkeys(names.values()))}; choose of these, or name its labels with "
            "entity_mapping."
        )
    return {label: name for label, name in names.items() if name in wanted}


def _check_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """GLiNERRecognizer's further settings: those for `from_pretrained`, which checks them."""
    calls = {name: options[name] for name in ("flat_ner", "multi_label") if name in options}
    check_call_options(calls)
    loading = {name: value for name, value in options.items() if name not in calls}
    own = [*inspect.signature(DistilGLiNERRecognizer.__init__).parameters][1:-1]
    for name in loading:
        check_option(name, "DistilGLiNERRecognizer", own)
    return loading


def _register(name: str) -> None:
    """Tell Presidio to hand all settings of a class in a YAML file on, for the class to check.

    It drops those of classes that it does not know, without a word.
    """
    with suppress(ImportError):  # where another version of Presidio reads its files otherwise
        from presidio_analyzer.input_validation import yaml_recognizer_models as models
        from pydantic import ConfigDict

        class Settings(models.PredefinedRecognizerConfig):
            model_config = ConfigDict(extra="allow")

            def model_dump(self, *args: Any, **options: Any) -> dict[str, Any]:
                """Without what the file does not say, so that the defaults hold."""
                dumped: dict[str, Any] = super().model_dump(
                    *args, **{"exclude_none": True, **options}
                )
                return dumped

        models.CONFIG_MODEL_MAP.setdefault(name, Settings)


_register(DistilGLiNERRecognizer.__name__)
