"""`DistilGLiNER`: a student with the interface of `gliner.GLiNER`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from distilgliner.corpus.document import check_labels, normalize_label
from distilgliner.errors import UserError, advise_extra
from distilgliner.hub import locate_folder, push_folder
from distilgliner.student.decode import ScoredSpan
from distilgliner.student.decoders import build_decoder
from distilgliner.student.description import (
    CARD_FILE,
    CONFIG_FILE,
    GRAPH_FILE,
    MANIFEST_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    ScoringStudent,
)
from distilgliner.student.features import build_label_words
from distilgliner.student.scoring import ScoredBatch, iterate_scores, iterate_steps

_HUB_FILES = [CONFIG_FILE, TOKENIZER_FILE, CARD_FILE, WEIGHTS_FILE, GRAPH_FILE, MANIFEST_FILE]
_TEACHER_CONFIG = "gliner_config.json"
_ONLY_OF_TEACHERS = {
    "flat_ner": True,
    "multi_label": False,
    "return_class_probs": False,
    "return_vectors": False,
    "return_label_vectors": False,
    "input_spans": None,
    "packing_config": None,
}
"""Arguments of GLiNER and the only value that a student takes."""


class DistilGLiNER:
    """Finds entities with a distilled student; a drop-in for `GLiNER.predict_entities`."""

    def __init__(self, student: ScoringStudent) -> None:
        self.student = student
        self.decoder = build_decoder(student.config)

    @classmethod
    def from_pretrained(cls, folder_or_hub_id: str | Path, **options: Any) -> DistilGLiNER:
        """Open a student's folder, or download it from the Hugging Face hub.

        `options` go to `huggingface_hub.snapshot_download` (revision, token, cache_dir …).
        Raises `UserError` when there is no such student or the hub cannot be reached.
        """
        options = {"allow_patterns": _HUB_FILES, **options}
        return cls(_read(locate_folder(folder_or_hub_id, "student", **options)))

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the student into a folder that `from_pretrained` opens.

        Raises `UserError` when it cannot be written there.
        """
        try:
            self.student.write(Path(folder))
        except OSError as error:
            reason = "it is a file" if Path(folder).is_file() else error.strerror or error
            raise UserError(
                f"{folder} cannot be written ({reason}); give another folder."
            ) from None

    def push_to_hub(self, repo_id: str, *, private: bool = False, token: str | None = None) -> str:
        """Upload the student to the Hugging Face hub; returns the address of the commit.

        Raises `UserError` when the hub refuses or cannot be reached.
        """
        with tempfile.TemporaryDirectory() as folder:
            self.save_pretrained(folder)
            return push_folder(Path(folder), repo_id, private=private, token=token)

    @property
    def labels(self) -> list[str]:
        """The labels it was distilled with; a closed student knows no others."""
        return list(self.student.labels)

    @property
    def is_open(self) -> bool:
        """Whether it accepts labels that it was not distilled with."""
        return self.student.config.is_open

    def set_threads(self, count: int) -> None:
        """How many threads one call may use; by default one per core."""
        self.student.set_threads(count)

    def predict_entities(
        self,
        text: str,
        labels: str | Sequence[str] | None = None,
        flat_ner: bool = True,
        threshold: float = 0.5,
        multi_label: bool = False,
        **options: Any,
    ) -> list[dict[str, Any]]:
        """The entities of one text; see `batch_predict_entities`."""
        found = self.batch_predict_entities(
            [text], labels, flat_ner, threshold, multi_label, **options
        )
        return found[0]

    def batch_predict_entities(
        self,
        texts: str | Sequence[str],
        labels: str | Sequence[str] | None = None,
        flat_ner: bool = True,
        threshold: float = 0.5,
        multi_label: bool = False,
        batch_size: int = 64,
        **options: Any,
    ) -> list[list[dict[str, Any]]]:
        """Entities per text, in order, as dicts with `start`, `end`, `text`, `label`, `score`.

        The arguments are those of `GLiNER.inference`, in its order; a string is one text or label.
        labels: which to look for, doubles count once; None means those of the distillation.
        threshold: only entities that score above it, strictly between 0 and 1.
        batch_size: at most so many texts at once; it changes the speed, not the result.
        flat_ner, multi_label, options: what only a teacher can do must be off.
        Raises `UserError` for an unknown label, overlapping NER, or a threshold out of range.
        """
        _check_options({"flat_ner": flat_ner, "multi_label": multi_label, **options})
        texts = [texts] if isinstance(texts, str) else texts
        results: list[list[dict[str, Any]]] = [[] for _ in texts]
        for found in self.iterate_entities(texts, labels, threshold, batch_size=batch_size):
            for row, entities in found:
                results[row] = entities
        return results

    inference = batch_predict_entities

    def iterate_entities(
        self,
        texts: Sequence[str],
        labels: str | Sequence[str] | None = None,
        threshold: float = 0.5,
        *,
        batch_size: int = 64,
    ) -> Iterator[list[tuple[int, list[dict[str, Any]]]]]:
        """The same in steps, so that other work can be done in between: a step scores one batch.

        Each gives the texts that are done, by their place in `texts`, and their entities; a step in
        the middle of a long text gives none. Texts without a word do not occur.
        """
        if not 0 < threshold < 1:
            raise UserError(f"The threshold {threshold} is not between 0 and 1; 0.5 is usual.")
        wanted = self.student.labels if labels is None else _choose_labels(labels)
        compute = partial(self.compute_scores, labels=wanted)
        for batch in iterate_steps(texts, compute, batch_size, self.decoder):
            decoded = batch.decode(self.student.config.roles, threshold) if batch else ()
            yield [
                (row, _describe(texts[row], words, spans, wanted)) for row, words, spans in decoded
            ]

    def iterate_scores(
        self, texts: Sequence[str], labels: Sequence[str], *, batch_size: int = 64
    ) -> Iterator[ScoredBatch]:
        """The scores of texts, in batches of similar length; texts without a word are left out.

        The batches can be decoded at several thresholds without scoring again.
        """
        return iterate_scores(
            texts, lambda words: self.compute_scores(words, labels), batch_size, self.decoder
        )

    def compute_scores(
        self, documents: Sequence[Sequence[str]], labels: Sequence[str] | None = None
    ) -> np.ndarray:
        """Scores (B, L, X) of documents given as words, for `labels`, in order.

        Of most students these are logits (B, L, T) of tags; see `student/decoders.py`.
        """
        names = self.student.labels if labels is None else tuple(labels)
        featurizer = self.student.featurizer
        label_words = build_label_words(names, featurizer) if self.is_open else []
        scores = self.student.score(featurizer.build_batch(documents), label_words)
        if self.is_open or names == self.student.labels:
            return scores
        return scores[:, :, self._columns(names)]

    def _columns(self, names: tuple[str, ...]) -> list[int]:
        """Columns of the closed head for some of its labels."""
        known = {label: index for index, label in enumerate(self.student.labels)}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise UserError(
                f"This student does not know the label {unknown[0]!r}; it knows: "
                f"{', '.join(known)}. Distil one with the label, or an open one (bilstm-tower)."
            )
        return self.decoder.find_columns([known[name] for name in names], len(known))


def _check_options(options: Mapping[str, Any]) -> None:
    """Refuse what GLiNER can do and a student cannot."""
    unknown = options.keys() - _ONLY_OF_TEACHERS.keys()
    if unknown:
        raise TypeError(f"unexpected keyword argument {min(unknown)!r}")
    for name, value in options.items():
        if name == "flat_ner" and type(value) in (int, float):
            raise UserError(
                f"The third argument is flat_ner, as in GLiNER; write threshold={value}."
            )
        if value is not _ONLY_OF_TEACHERS[name]:
            raise UserError(
                f"A student cannot do {name}={value!r}, only {name}={_ONLY_OF_TEACHERS[name]}; "
                "leave it out, or ask the teacher."
            )


def _choose_labels(labels: str | Sequence[str]) -> tuple[str, ...]:
    """The names sorted, each once: a student's answer does not depend on their order."""
    names = [labels] if isinstance(labels, str) else list(labels)
    if isinstance(labels, Mapping) or not all(isinstance(name, str) for name in names):
        raise UserError(
            "Students take names of labels, the same for all texts, as ['person', 'city']; "
            "descriptions and labels per text are for the teacher."
        )
    return tuple(sorted(check_labels(list(dict.fromkeys(map(normalize_label, names))))))


def _describe(
    text: str, words: list[tuple[int, int]], spans: list[ScoredSpan], labels: tuple[str, ...]
) -> list[dict[str, Any]]:
    entities = []
    for word_start, word_end, label, score in spans:
        start, end = words[word_start][0], words[word_end - 1][1]
        entities.append(
            {
                "start": start,
                "end": end,
                "text": text[start:end],
                "label": labels[label],
                "score": score,
            }
        )
    return entities


def _read(folder: Path) -> ScoringStudent:
    """An exported student where there is one, which needs no torch; else the trained one."""
    if (folder / _TEACHER_CONFIG).is_file() and not (folder / CONFIG_FILE).is_file():
        raise UserError(
            f"{folder} is a GLiNER checkpoint, not a student; open it with "
            "distilgliner.load_predictor, or distil a student from it."
        )
    if (folder / GRAPH_FILE).is_file():
        from distilgliner.student.onnx_student import read_onnx_student

        return read_onnx_student(folder)
    try:
        from distilgliner.student.folder import read_student
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UserError(
            f"{folder} holds a trained student, which needs torch; export it with 'distilgliner "
            f"export' where torch is, or {advise_extra('student')}"
        ) from None
    return read_student(folder)
