"""`DistilGLiNER`: a student with the interface of `gliner.GLiNER`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from distilgliner.corpus.document import check_labels
from distilgliner.corpus.words import split_words
from distilgliner.errors import UserError
from distilgliner.hub import fetch_snapshot, is_hub_id
from distilgliner.student.decode import ScoredSpan, decode_batch
from distilgliner.student.description import (
    CARD_FILE,
    CONFIG_FILE,
    GRAPH_FILE,
    TOKENIZER_FILE,
    ScoringStudent,
)
from distilgliner.student.features import build_label_words
from distilgliner.student.tags import ROLES

_HUB_FILES = [CONFIG_FILE, TOKENIZER_FILE, CARD_FILE, "*.safetensors", "*.onnx"]
BATCH_WORDS = 4096
"""Words (with padding) scored at once, whatever the number of texts."""


@dataclass(frozen=True)
class ScoredBatch:
    """B texts by their place in the input (`rows`), their words, and their tag logits (B, L, T)."""

    rows: list[int]
    words: list[list[tuple[int, int]]]
    scores: np.ndarray

    def decode(
        self, roles: bool, threshold: float
    ) -> Iterator[tuple[int, list[tuple[int, int]], list[ScoredSpan]]]:
        """The place, the words and the entities of each text."""
        lengths = np.array([len(words) for words in self.words])
        decoded = decode_batch(self.scores, lengths, roles=roles, threshold=threshold)
        return zip(self.rows, self.words, decoded, strict=True)


class DistilGLiNER:
    """Finds entities with a distilled student; a drop-in for `GLiNER.predict_entities`."""

    def __init__(self, student: ScoringStudent) -> None:
        self.student = student

    @classmethod
    def from_pretrained(cls, folder_or_hub_id: str | Path, **options: Any) -> DistilGLiNER:
        """Open a student's folder, or download it from the Hugging Face hub.

        `options` go to `huggingface_hub.snapshot_download` (revision, token, cache_dir …).
        Raises `UserError` when there is no such student or the hub cannot be reached.
        """
        return cls(_read(_locate(folder_or_hub_id, options)))

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the student into a folder that `from_pretrained` opens."""
        self.student.write(Path(folder))

    def push_to_hub(self, repo_id: str, *, private: bool = False, token: str | None = None) -> str:
        """Upload the student to the Hugging Face hub; returns the address of the commit."""
        import tempfile

        from huggingface_hub import HfApi

        api = HfApi(token=token)
        api.create_repo(repo_id, private=private, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            self.save_pretrained(folder)
            return str(api.upload_folder(repo_id=repo_id, folder_path=folder))

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
        labels: Sequence[str] | None = None,
        threshold: float = 0.5,
        **options: Any,
    ) -> list[dict[str, Any]]:
        """The entities of one text; see `batch_predict_entities`."""
        return self.batch_predict_entities([text], labels, threshold, **options)[0]

    def batch_predict_entities(
        self,
        texts: Sequence[str],
        labels: Sequence[str] | None = None,
        threshold: float = 0.5,
        *,
        flat_ner: bool = True,
        multi_label: bool = False,
        batch_size: int = 64,
    ) -> list[list[dict[str, Any]]]:
        """Entities per text, in order, as dicts with `start`, `end`, `text`, `label`, `score`.

        labels: which to look for; None means those of the distillation.
        threshold: only entities that score above it, strictly between 0 and 1.
        batch_size: at most so many texts at once; it changes the speed, not the result.
        Raises `UserError` for an unknown label, overlapping NER, or a threshold out of range.
        """
        if not flat_ner or multi_label:
            raise UserError("Students are flat: use flat_ner=True and multi_label=False.")
        if not 0 < threshold < 1:
            raise UserError(f"The threshold {threshold} is not between 0 and 1; 0.5 is usual.")
        wanted = tuple(sorted(check_labels(labels))) if labels is not None else self.student.labels
        results: list[list[dict[str, Any]]] = [[] for _ in texts]
        for batch in self.iterate_scores(texts, wanted, batch_size=batch_size):
            for row, words, spans in batch.decode(self.student.config.roles, threshold):
                results[row] = _describe(texts[row], words, spans, wanted)
        return results

    def iterate_scores(
        self, texts: Sequence[str], labels: Sequence[str], *, batch_size: int = 64
    ) -> Iterator[ScoredBatch]:
        """The tag logits of texts, in batches of similar length; texts without a word are left out.

        The batches can be decoded at several thresholds without scoring again.
        """
        words = [split_words(text) for text in texts]
        for rows in _plan_batches([len(spans) for spans in words], batch_size):
            surfaces = [[texts[row][start:end] for start, end in words[row]] for row in rows]
            scores = self.compute_scores(surfaces, labels)
            yield ScoredBatch(rows, [words[row] for row in rows], scores)

    def compute_scores(
        self, documents: Sequence[Sequence[str]], labels: Sequence[str] | None = None
    ) -> np.ndarray:
        """Tag logits (B, L, T) of documents given as words, for the tags of `labels`, in order."""
        names = self.student.labels if labels is None else tuple(labels)
        featurizer = self.student.featurizer
        label_words = build_label_words(names, featurizer) if self.is_open else []
        logits = self.student.score(featurizer.build_batch(documents), label_words)
        return logits if self.is_open else logits[:, :, self._columns(names)]

    def _columns(self, names: tuple[str, ...]) -> list[int]:
        """Columns of the closed head for some of its labels."""
        known = {label: index for index, label in enumerate(self.student.labels)}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise UserError(
                f"This student does not know the label {unknown[0]!r}; it knows: "
                f"{', '.join(known)}. Distil one with the label, or an open one (bilstm-tower)."
            )
        width = ROLES if self.student.config.roles else 1
        return [0] + [1 + known[name] * width + role for name in names for role in range(width)]


def _plan_batches(lengths: list[int], batch_size: int) -> list[list[int]]:
    """Rows grouped by length, at most `BATCH_WORDS` padded words each; empty rows are left out."""
    order = sorted((row for row, length in enumerate(lengths) if length), key=lengths.__getitem__)
    batches: list[list[int]] = []
    for row in order:
        full = not batches or len(batches[-1]) >= max(1, batch_size)
        if full or (len(batches[-1]) + 1) * lengths[row] > BATCH_WORDS:
            batches.append([])
        batches[-1].append(row)
    return batches


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
    if (folder / GRAPH_FILE).is_file():
        from distilgliner.student.onnx_student import read_onnx_student

        return read_onnx_student(folder)
    try:
        from distilgliner.student.folder import read_student
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UserError(
            f"{folder} holds a trained student, which needs torch; run 'distilgliner export' where "
            "torch is, or install it with: pip install 'distilgliner[student]'"
        ) from None
    return read_student(folder)


def _locate(folder_or_hub_id: str | Path, options: dict[str, Any]) -> Path:
    """The local folder, or the snapshot that the hub gives for an id like `user/student`."""
    path, name = Path(folder_or_hub_id).expanduser(), str(folder_or_hub_id)
    if path.exists():
        return path
    if isinstance(folder_or_hub_id, Path) or not is_hub_id(name):
        raise UserError(f"There is no folder {path}; give a student's folder or a hub id.")
    return fetch_snapshot(name, "student", allow_patterns=_HUB_FILES, **options)
