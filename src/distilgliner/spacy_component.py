"""A student as a component of a spaCy pipeline: `nlp.add_pipe("distilgliner")`.

spaCy finds it by the entry point of the group `spacy_factories`; `docs/how-to/spacy.md` shows its
use.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import srsly
from spacy.language import Language
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import filter_spans, minibatch, raise_error

from distilgliner.corpus.arguments import check_count, check_threads, check_threshold
from distilgliner.corpus.labels import check_labels, list_labels, normalize_label
from distilgliner.errors import UserError
from distilgliner.student.predictor import DistilGLiNER

_STUDENT_FOLDER = "student"
_Exclude = Iterable[str]


_ErrorHandler = Callable[[str, Any, list[Doc], Exception], Any]


@Language.factory(
    "distilgliner",
    assigns=["doc.ents", "doc.spans", "token.ent_iob", "token.ent_type"],
    default_score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
class DistilGLiNERComponent:
    """Puts the entities of a student into `doc.ents`, and them and their scores into `doc.spans`.

    `nlp.add_pipe("distilgliner", config={...})` makes it; the settings:

    model: a student's folder or hub id, or "general", the bundled one. If it is not there, that is
        told with the first text: a pipeline that is read from a folder has its own student.
    labels: which to look for; None means those of the distillation.
    threshold: only entities that score above it, strictly between 0 and 1.
    names: what labels are called in spaCy, as {"person": "PERSON"}; others keep their names.
    spans_key: of the group in `doc.spans`, whose `attrs["scores"]` has a score for each entity.
    overwrite: whether entities of earlier components give way; else those that overlap them do.
    threads: of one call.

    Entities are stretched to whole tokens where spaCy's tokens are longer than GLiNER's words.
    Raises `UserError` for a setting of another type, a label that the student does not know, or a
    threshold out of range.
    """

    def __init__(
        self,
        nlp: Language,
        name: str,
        model: str = "general",
        labels: list[str] | None = None,
        threshold: float = 0.5,
        names: dict[str, str] | None = None,
        spans_key: str = "distilgliner",
        overwrite: bool = False,
        threads: int = 1,
    ) -> None:
        # The annotations above are strings, which spaCy cannot check.
        self.name = name
        self.wanted = _check_labels(labels)
        self.threshold = check_threshold(threshold)
        self.names = _check_names(names)
        self.spans_key = _check_type("spans_key", spans_key, str, "a name for doc.spans")
        self.overwrite = _check_type("overwrite", overwrite, bool, "true or false")
        self.threads = check_threads(threads, least=0)
        _check_type("model", model, (str, Path), "a student's folder, a hub id, or 'general'")
        self._source = model
        self._model: DistilGLiNER | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None  # of a student from bytes
        with suppress(UserError):
            self._open(model)
        if self._model is not None:
            self._check()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {', '.join(self.labels)}>"

    def _check(self) -> None:
        """A wrong label, name or threshold is told at once, not with the first text."""
        self._find(["a"])
        known = self._list_labels()
        unknown = sorted(self.names.keys() - set(known))
        if unknown:
            raise UserError(
                f"names has {unknown[0]!r}, which is none of the labels {', '.join(known)}."
            )

    def _list_labels(self) -> Sequence[str]:
        if self.wanted is not None:
            return self.wanted
        return self._model.labels if self._model is not None else ()

    @property
    def student(self) -> DistilGLiNER:
        """The student. Raises `UserError` when there is none.

        Not named `model`: spaCy looks for that of every component when a pipeline is put together,
        which would open the student before it is there.
        """
        return self._model or self._open(self._source)

    def _open(self, source: str | Path) -> DistilGLiNER:
        self._model = DistilGLiNER.from_pretrained(source)
        self._model.set_threads(self.threads)
        return self._model

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of its entities, as spaCy has them; none while the student is not there."""
        return tuple(self.names.get(label, label) for label in self._list_labels())

    def __call__(self, doc: Doc) -> Doc:
        """Annotate one document in place."""
        self._annotate(doc, self._find([doc.text])[0])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Annotate documents, many at once, which is faster."""
        for docs in minibatch(stream, check_count(batch_size, "batch_size")):
            for doc, entities in zip(docs, self._find_many(docs), strict=True):
                yield from self._handle(doc, entities)

    def _find_many(self, docs: Sequence[Doc]) -> Sequence[list[dict[str, Any]] | None]:
        """The entities of each; None of all where one has failed: each is tried alone then."""
        try:
            return self._find([doc.text for doc in docs])
        except Exception:  # whatever it is, it comes again with the document that has it
            return [None] * len(docs)

    def _handle(self, doc: Doc, entities: Sequence[Mapping[str, Any]] | None) -> Iterator[Doc]:
        """The annotated document, or none when the error handler has let an error pass."""
        try:
            self._annotate(doc, self._find([doc.text])[0] if entities is None else entities)
        except Exception as error:  # whatever it is: the pipeline's handler decides
            self.get_error_handler()(self.name, self, [doc], error)
        else:
            yield doc

    def set_error_handler(self, error_handler: _ErrorHandler) -> None:
        """What is called for a document that fails, as by `nlp.set_error_handler`."""
        self.error_handler = error_handler

    def get_error_handler(self) -> _ErrorHandler:
        """The handler that was set; else one that raises the error."""
        return getattr(self, "error_handler", raise_error)

    def score(self, examples: Iterable[Example], **_: Any) -> dict[str, Any]:
        """The scores of `doc.ents`, as spaCy's own `ner` has them: `ents_p`, `ents_r`, `ents_f`."""
        scores: dict[str, Any] = get_ner_prf(examples)
        return scores

    def _find(self, texts: list[str]) -> list[list[dict[str, Any]]]:
        return self.student.batch_predict_entities(texts, self.wanted, threshold=self.threshold)

    def _annotate(self, doc: Doc, entities: Sequence[Mapping[str, Any]]) -> None:
        spans = [self._build_span(doc, entity) for entity in entities]
        doc.spans[self.spans_key] = spans
        doc.spans[self.spans_key].attrs["scores"] = [entity["score"] for entity in entities]
        spans = filter_spans(spans)  # two words of GLiNER's in one token of spaCy's
        first, second = (spans, doc.ents) if self.overwrite else (doc.ents, spans)
        taken = {token for span in first for token in range(span.start, span.end)}
        added = [span for span in second if taken.isdisjoint(range(span.start, span.end))]
        doc.ents = [*first, *added]

    def _build_span(self, doc: Doc, entity: Mapping[str, Any]) -> Span:
        label = self.names.get(entity["label"], entity["label"])
        return doc.char_span(entity["start"], entity["end"], label, alignment_mode="expand")

    def to_disk(self, path: str | Path, exclude: _Exclude = ()) -> None:
        """Write the student, so that the pipeline's folder is all that is needed."""
        self.student.save_pretrained(Path(path) / _STUDENT_FOLDER)

    def from_disk(self, path: str | Path, exclude: _Exclude = ()) -> DistilGLiNERComponent:
        """Open the student of a pipeline's folder."""
        self._open(Path(path) / _STUDENT_FOLDER)
        return self

    def to_bytes(self, exclude: _Exclude = ()) -> bytes:
        """The student's files."""
        with tempfile.TemporaryDirectory() as name:
            self.student.save_pretrained(name)
            files = {path.name: path.read_bytes() for path in sorted(Path(name).iterdir())}
        packed: bytes = srsly.msgpack_dumps(files)
        return packed

    def from_bytes(self, packed: bytes, exclude: _Exclude = ()) -> DistilGLiNERComponent:
        """Open a student from its files, which are kept in a folder of their own until the end."""
        self._folder = tempfile.TemporaryDirectory()
        for name, content in srsly.msgpack_loads(packed).items():
            (Path(self._folder.name) / Path(name).name).write_bytes(content)
        self._open(self._folder.name)
        return self

    def __getstate__(self) -> dict[str, Any]:
        """For spaCy's worker processes: everything, the student as bytes."""
        return {**self.__dict__, "_model": self.to_bytes(), "_folder": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open the student again."""
        packed = state.pop("_model")
        self.__dict__.update(state)
        self.from_bytes(packed)


def _check_type(name: str, value: Any, kinds: type | tuple[type, ...], what: str) -> Any:
    """A setting of one of some types. Raises `UserError` for another type, and for an empty one."""
    if not isinstance(value, kinds) or value == "":
        raise UserError(f"The setting {name}={value!r} is not {what}; correct it.")
    return value


def _check_labels(labels: Any) -> list[str] | None:
    """The names, each once; None is left as it is. Raises `UserError` for anything else."""
    if labels is None:
        return None
    return list(check_labels(list(dict.fromkeys(map(normalize_label, list_labels(labels))))))


def _check_names(names: Any) -> dict[str, str]:
    """Names for labels. Raises `UserError` for anything but a dict of strings."""
    if names is None:
        return {}
    if isinstance(names, dict) and all(isinstance(n, str) and n for n in [*names, *names.values()]):
        return {normalize_label(label): name for label, name in names.items()}
    raise UserError(f"The setting names={names!r} does not give each label a name; correct it.")
