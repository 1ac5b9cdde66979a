"""A teacher at work on the shards of a store, under settings that the manifest records."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from distilgliner.annotate.checkpoint import Checkpoint, check_packages, find_checkpoint
from distilgliner.annotate.corpus import SHARD_CHARACTERS
from distilgliner.annotate.decode import decode_flat
from distilgliner.annotate.manifest import (
    BatchSettings,
    Manifest,
    PromptSettings,
    StateSettings,
    WindowSettings,
)
from distilgliner.annotate.shards import ShardSummary, write_shard
from distilgliner.annotate.spans import AnnotatedDocument
from distilgliner.annotate.vocabulary import VOCABULARY_FOLDER, write_vocabulary
from distilgliner.corpus.document import Document
from distilgliner.corpus.labels import check_labels
from distilgliner.corpus.prompts import Prompts, compute_prompts

if TYPE_CHECKING:
    from distilgliner.annotate.states import StateRecorder
    from distilgliner.annotate.teacher import Teacher


class Annotator:
    """The settings of a run, and the teacher, which is loaded when the first shard needs it."""

    def __init__(
        self,
        teacher: str | Path | Teacher | Checkpoint,
        labels: Sequence[str],
        *,
        floor: float,
        shard_documents: int,
        batch_words: int,
        prompts: Prompts,
        states: Sequence[int],
    ) -> None:
        """See `run_annotation`. Raises `UserError` for bad labels, layers and teachers."""
        check_packages()
        from distilgliner.annotate import teacher as teacher_module

        self.has_vocabulary = False
        """Whether the store's vocabulary is there and is known to be whole."""
        self._teacher: Teacher | None = None
        if isinstance(teacher, teacher_module.Teacher):
            self._teacher, self._checkpoint = teacher, teacher.checkpoint
        elif isinstance(teacher, Checkpoint):
            self._checkpoint = teacher
        else:
            self._checkpoint = find_checkpoint(teacher)
        self._load = teacher_module.load_teacher
        self._words = 0
        self._seconds = 0.0
        checkpoint = self._checkpoint
        self.manifest = Manifest(
            teacher=checkpoint.name,
            teacher_hash=checkpoint.weight_hash,
            teacher_kind=checkpoint.kind,
            labels=tuple(sorted(check_labels(labels))),  # results must not depend on their order
            floor=floor,
            word_splitter=checkpoint.word_splitter,
            max_width=checkpoint.max_width,
            prompt=_build_prompt_settings(checkpoint, labels, prompts),
            windows=WindowSettings(
                max_words=checkpoint.max_words, overlap_words=checkpoint.overlap_words
            ),
            batches=BatchSettings(
                shard_documents=shard_documents,
                shard_characters=SHARD_CHARACTERS,
                batch_words=batch_words,
            ),
            versions=teacher_module.package_versions(),
            states=self._build_state_settings(states) if states else None,
        )

    def _build_state_settings(self, states: Sequence[int]) -> StateSettings:
        from distilgliner.annotate.states import read_encoder_size, resolve_layers

        size = self._checkpoint.encoder_size or read_encoder_size(self._get_teacher().model)
        layers, dim = size
        return StateSettings(layers=resolve_layers(states, layers), dim=dim)

    @property
    def words_per_second(self) -> float:
        """Of the shards finished and the batches done in this run; loading does not count."""
        return self._words / self._seconds if self._seconds else 0.0

    def run(self, path: Path, chunk: Sequence[Document], show: Callable[[float], None]) -> None:
        """Annotate the documents of one shard and write it; `show` gets the share that is done."""
        teacher = self._get_teacher()
        self.write_vocabulary(path.parent)
        read = [teacher.split(document.text) for document in chunk]
        word_lists = [text.pieces for text in read]
        total = max(1, sum(map(len, word_lists)))
        started, seconds_before, words_before = time.perf_counter(), self._seconds, self._words

        def on_batch(words: int) -> None:
            self._words += words
            self._seconds = seconds_before + time.perf_counter() - started
            show(min(1.0, (self._words - words_before) / total))

        recorder = self._build_recorder(teacher)
        shortened_before = teacher.shortened_words
        spans = teacher.score(
            word_lists,
            self.manifest.labels,
            self.manifest.floor,
            sentence_ends=[text.sentence_ends for text in read],
            batch_words=self.manifest.batches.batch_words,
            prompts=self.manifest.prompt.prompts,
            recorder=recorder,
            on_batch=on_batch,
        )
        states: Sequence[np.ndarray | None] = [None] * len(chunk)
        if recorder is not None:
            states = [
                text.join_states(found) for text, found in zip(read, recorder.states, strict=True)
            ]
        annotated = [
            AnnotatedDocument(
                document.id, document.text, text.words, teacher.join_spans(text, scores), vectors
            )
            for document, text, scores, vectors in zip(chunk, read, spans, states, strict=True)
        ]
        labels = self.manifest.labels
        write_shard(
            path,
            annotated,
            ShardSummary(
                documents=len(annotated),
                words=sum(len(text.words) for text in read),
                entities=sum(len(decode_flat(document, labels)) for document in annotated),
                shortened_words=teacher.shortened_words - shortened_before,
            ),
            self.manifest.compute_settings_hash(),
        )
        self._words = words_before + total  # overlaps of windows counted once

    def _build_recorder(self, teacher: Teacher) -> StateRecorder | None:
        if self.manifest.states is None:
            return None
        from distilgliner.annotate.states import StateRecorder

        return StateRecorder(teacher.model, self.manifest.states.layers)

    def write_vocabulary(self, output: Path) -> None:
        """Write what students inherit into the store, unless it is there and whole."""
        if self.has_vocabulary:
            return
        model = self._get_teacher().model
        # Encoding leaves its padding and truncation in the tokenizer, which is not its nature.
        tokenizer = getattr(model.data_processor.transformer_tokenizer, "backend_tokenizer", None)
        if tokenizer is not None:
            tokenizer.no_padding()
            tokenizer.no_truncation()
        write_vocabulary(model, output / VOCABULARY_FOLDER)
        self.has_vocabulary = True

    def _get_teacher(self) -> Teacher:
        if self._teacher is None:
            self._teacher = self._load(self._checkpoint)
        return self._teacher


def _build_prompt_settings(
    checkpoint: Checkpoint, labels: Sequence[str], prompts: Prompts
) -> PromptSettings:
    split = compute_prompts(labels, prompts)
    entity_token, separator_token = checkpoint.prompt_tokens
    return PromptSettings(
        entity_token=entity_token,
        separator_token=separator_token,
        labels_per_prompt=prompts if isinstance(prompts, int) else None,
        groups=None if isinstance(prompts, int) or len(split) == 1 else tuple(split),
    )
