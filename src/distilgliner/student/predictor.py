"""`DistilGLiNER`: a student with the interface of `gliner.GLiNER`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from distilgliner.corpus.arguments import (
    check_count,
    check_threads,
    check_threshold,
    group_by_threshold,
)
from distilgliner.corpus.labels import check_labels, normalize_label
from distilgliner.corpus.splitters import find_splitter
from distilgliner.corpus.texts import check_text, list_texts
from distilgliner.corpus.words import Offsets
from distilgliner.errors import UserError, advise_extra
from distilgliner.hub import locate_folder, push_folder
from distilgliner.student.decoding.decode import ScoredSpan
from distilgliner.student.decoding.decoders import build_decoder
from distilgliner.student.decoding.scoring import ScoredBatch, iterate_scores, iterate_steps
from distilgliner.student.description import ScoringStudent
from distilgliner.student.features import build_label_words
from distilgliner.student.folder_files import (
    CARD_FILE,
    CONFIG_FILE,
    GRAPH_FILE,
    MANIFEST_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    FolderFiles,
)
from distilgliner.student.gliner_calls import (
    TorchLike,
    check_call_options,
    check_loading_options,
    check_saving_options,
)

_TEACHER_CONFIG = "gliner_config.json"
_HUB_FILES = [
    *(CONFIG_FILE, TOKENIZER_FILE, CARD_FILE, WEIGHTS_FILE, GRAPH_FILE, MANIFEST_FILE),
    _TEACHER_CONFIG,  # of what is no student
]
_SHOWN_LABELS = 5


class DistilGLiNER(TorchLike):
    """Finds entities with a distilled student; a drop-in for `GLiNER.predict_entities`."""

    _source: str | None = None
    """What it was opened from; None for one that is not from a folder."""

    def __init__(self, student: ScoringStudent) -> None:
        if isinstance(student, (str, Path)):
            raise UserError(f"Open a student with DistilGLiNER.from_pretrained({str(student)!r}).")
        self.student = student
        self.decoder = build_decoder(student.config)

    @classmethod
    def from_pretrained(cls, folder_or_hub_id: str | Path, **options: Any) -> DistilGLiNER:
        """Open a student's folder, or download it from the Hugging Face hub.

        options: those of `huggingface_hub.snapshot_download` (revision, token, cache_dir …), for
        the hub only, and GLiNER's own where they change nothing (map_location="cpu" …).
        Raises `UserError` when there is no such student, the hub cannot be reached, or an option is
        unknown or asks for what a student cannot do.
        """
        for_hub = {"allow_patterns": _HUB_FILES, **check_loading_options(options)}
        folder = locate_folder(folder_or_hub_id, "student", **for_hub)
        if options.get("load_onnx_model") and not (folder / GRAPH_FILE).is_file():
            raise UserError(
                f"{folder} has no {GRAPH_FILE}; export the student with 'distilgliner export', or "
                "leave load_onnx_model out."
            )
        model = cls(_read(folder))
        model._source = str(folder_or_hub_id)
        return model

    def save_pretrained(self, folder: str | Path, **options: Any) -> None:
        """Write the student into a folder that `from_pretrained` opens.

        options: GLiNER's, where they change nothing.
        Raises `UserError` when it cannot be written there.
        """
        check_saving_options(options)
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

    def __repr__(self) -> str:
        """Where it is from, its labels, and what it is."""
        name = "" if self._source is None else f" {self._source!r}"
        config, labels = self.student.config, self.labels
        shown = ", ".join(labels[:_SHOWN_LABELS]) + (", …" if len(labels) > _SHOWN_LABELS else "")
        kind = f"{'open' if self.is_open else 'closed'} {config.encoder}-{config.head}"
        return (
            f"<DistilGLiNER{name}: {kind}, hidden_dim={config.hidden_dim}, "
            f"{len(labels)} labels: {shown}>"
        )

    @property
    def scores_per_label(self) -> int:
        """Of each word: of its tags, or of the spans that begin there."""
        return len(self.decoder.find_columns([0], 1))

    def set_threads(self, count: int) -> None:
        """How many threads one call may use; by default, and for 0, one per core.

        Raises `UserError` for anything but a whole number.
        """
        self.student.set_threads(check_threads(count, least=0))

    @property
    def split_words(self) -> Callable[[str], Offsets]:
        """From a text to its words as `(char_start, char_end)`, as its teacher split them."""
        return find_splitter(self.student.featurizer.word_splitter)

    def predict_entities(
        self,
        text: str,
        labels: str | Iterable[str] | None = None,
        flat_ner: bool = True,
        threshold: float = 0.5,
        multi_label: bool = False,
        **options: Any,
    ) -> list[dict[str, Any]]:
        """The entities of one text; see `batch_predict_entities`.

        Raises `UserError` for anything but a string, and as `batch_predict_entities` does.
        """
        found = self.batch_predict_entities(
            [check_text(text)], labels, flat_ner, threshold, multi_label, **options
        )
        return found[0]

    def batch_predict_entities(
        self,
        texts: str | Iterable[str],
        labels: str | Iterable[str] | None = None,
        flat_ner: bool = True,
        threshold: float | Sequence[float] = 0.5,
        multi_label: bool = False,
        batch_size: int = 64,
        **options: Any,
    ) -> list[list[dict[str, Any]]]:
        """Entities per text, in order, as dicts with `start`, `end`, `text`, `label`, `score`.

        The arguments are those of `GLiNER.inference`, in its order; a string is one text or label.
        texts: any iterable of strings, such as a list, a generator, a Series or an array.
        labels: which to look for, doubles count once; None means those of the distillation.
        threshold: only entities that score above it, strictly between 0 and 1; a list has one for
        each text.
        batch_size: at most so many texts at once; it changes the speed, not the result.
        flat_ner, multi_label, options: what only a teacher can do must be off.
        Raises `UserError` for a text that is no string (it names the row), an unknown label,
        overlapping NER, a threshold out of range, or a batch size below 1.
        """
        check_call_options({"flat_ner": flat_ner, "multi_label": multi_label, **options})
        texts = list_texts(texts)
        wanted = None if labels is None else _choose_labels(labels)
        results: list[list[dict[str, Any]]] = [[] for _ in texts]
        for least, rows in group_by_threshold(threshold, len(texts)):
            chosen = [texts[row] for row in rows]
            for found in self.iterate_entities(chosen, wanted, least, batch_size=batch_size):
                for place, entities in found:
                    results[rows[place]] = entities
        return results

    inference = batch_predict_entities

    def iterate_entities(
        self,
        texts: str | Iterable[str],
        labels: str | Iterable[str] | None = None,
        threshold: float = 0.5,
        *,
        batch_size: int = 64,
    ) -> Iterator[list[tuple[int, list[dict[str, Any]]]]]:
        """The same in steps, so that other work can be done in between: a step scores one batch.

        Each gives the texts that are done, by their place in `texts`, and their entities; a step in
        the middle of a long text gives none. Texts without a word do not occur.
        """
        texts, least = list_texts(texts), check_threshold(threshold)
        batch_size = check_count(batch_size, "batch_size")
        wanted = self.student.labels if labels is None else _choose_labels(labels)
        compute = partial(self.compute_scores, labels=wanted)
        for batch in iterate_steps(
            texts, compute, batch_size, self.decoder, len(wanted), self.split_words
        ):
            decoded = batch.decode(self.student.config.roles, least) if batch else ()
            yield [
                (row, _describe(texts[row], words, spans, wanted)) for row, words, spans in decoded
            ]

    def iterate_scores(
        self, texts: str | Iterable[str], labels: str | Iterable[str], *, batch_size: int = 64
    ) -> Iterator[ScoredBatch]:
        """The scores of texts, in batches of similar length; texts without a word are left out.

        The batches can be decoded at several thresholds without scoring again.
        Raises `UserError` for a text that is no string, and for a batch size below 1.
        """
        names = (labels,) if isinstance(labels, str) else tuple(labels)
        return iterate_scores(
            list_texts(texts),
            lambda words: self.compute_scores(words, names),
            check_count(batch_size, "batch_size"),
            self.decoder,
            len(names),
            self.split_words,
        )

    def compute_scores(
        self, documents: Sequence[Sequence[str]], labels: Sequence[str] | None = None
    ) -> np.ndarray:
        """Scores (B, L, X) of documents given as words, for `labels`, in order.

        Of most students these are logits (B, L, T) of tags; see `student/decoding/decoders.py`.
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


def _choose_labels(labels: str | Iterable[str]) -> tuple[str, ...]:
    """The names sorted, each once, as GLiNER takes them."""
    names = [labels] if isinstance(labels, str) else labels
    if not isinstance(names, Mapping) and isinstance(names, Iterable):
        names = list(names)
        if all(isinstance(name, str) for name in names):
            return tuple(sorted(check_labels(list(dict.fromkeys(map(normalize_label, names))))))
    raise UserError(
        "Students take names of labels, the same for all texts, as ['person', 'city']; "
        "descriptions and labels per text are for the teacher."
    )


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
    if (folder / GRAPH_FILE).exists() or FolderFiles(folder).was_exported():
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
