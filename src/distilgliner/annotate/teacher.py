"""The teacher: a GLiNER checkpoint that scores every span of a text against every label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from distilgliner.annotate.checkpoint import Checkpoint, check_packages, find_checkpoint
from distilgliner.annotate.decode import decode_flat
from distilgliner.annotate.encoding import compute_batches, encode_documents
from distilgliner.annotate.loading import find_last_position, load_model
from distilgliner.annotate.logits import (
    compute_floor_logit,
    compute_token_span_logits,
    select_spans,
)
from distilgliner.annotate.merge import merge_scores
from distilgliner.annotate.pieces import SplitText, build_split_text
from distilgliner.annotate.prompt_room import (
    check_label_lengths,
    compute_least_room,
    count_prompt,
    explain_no_room,
    surely_fit,
)
from distilgliner.annotate.span_head import compute_marker_logits, has_marker_head
from distilgliner.annotate.spans import AnnotatedDocument, SpanScores
from distilgliner.annotate.states import StateRecorder
from distilgliner.annotate.windows import WindowLimits, find_sentence_ends
from distilgliner.corpus.arguments import check_count, check_threshold
from distilgliner.corpus.labels import check_labels, list_labels
from distilgliner.corpus.prompts import (
    Prompts,
    PromptTooLongError,
    are_groups,
    compute_prompts,
)
from distilgliner.corpus.splitters import check_teacher_splitter, split_with
from distilgliner.corpus.texts import list_texts
from distilgliner.corpus.words import WORD_SPLITTER, Offsets, cut_pieces, split_words
from distilgliner.errors import UserError
from distilgliner.version import __version__

DEFAULT_BATCH_WORDS = 1024
"""Fastest on two CPU cores: 512 to 1024; twice the words a second of the package's own loop."""
_KEPT_PROMPTS = 64
"""Of a bi-encoder: prompts whose vectors of labels are kept."""
_UNLIMITED = 100_000  # tokenizers without a limit say 1e30


def load_teacher(id_or_folder: str | Path | Checkpoint, *, device: str | None = None) -> Teacher:
    """Load a GLiNER span or token checkpoint, uni- or bi-encoder, with the package's own loader.

    `id_or_folder` is a folder, a Hugging Face id, or "bundled". `device` is a torch device; None
    takes the GPU when there is one. A folder is loaded without touching the network.
    Raises `UserError` when the checkpoint is missing, unreachable, damaged or of another kind.
    """
    check_packages()
    checkpoint = (
        id_or_folder if isinstance(id_or_folder, Checkpoint) else find_checkpoint(id_or_folder)
    )
    check_teacher_splitter(checkpoint.word_splitter)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    return Teacher(checkpoint, load_model(checkpoint, device))


def check_room(checkpoint: Checkpoint, labels: Sequence[str], prompts: Prompts = None) -> None:
    """Raise `UserError` for labels that leave no room for text, before anything is written.

    The checkpoint is loaded only where the labels are so many that it is in question.
    """
    if not surely_fit(compute_prompts(labels, prompts)):
        load_teacher(checkpoint, device="cpu").check_room(labels, prompts)


class Teacher:
    """A loaded GLiNER model, behind an interface of words, labels and span scores."""

    def __init__(self, checkpoint: Checkpoint, model: Any) -> None:
        self.checkpoint = checkpoint
        self.model = model
        self.name = checkpoint.name
        self.weight_hash = checkpoint.weight_hash
        self.max_width = checkpoint.max_width
        self.tokenizer = model.data_processor.transformer_tokenizer
        """Of the encoder, by transformers."""
        self._collator = model.create_collator()
        self._has_marker_head = has_marker_head(model)
        self.prompts: Prompts = None
        """How `batch_predict_entities` splits the labels; `score` is told with each call."""
        self.on_batch: Callable[[int], None] | None = None
        """Called with a number of words after each batch of `batch_predict_entities`."""
        self.shortened_words = 0
        """Words so long that only their beginning fitted a window, counted since loading."""
        self._label_vectors: dict[tuple[str, ...], torch.Tensor] = {}
        limits = [find_last_position(model.model.token_rep_layer.bert_layer)]
        if self.tokenizer.model_max_length < _UNLIMITED:
            limits.append(self.tokenizer.model_max_length)
        known = [limit for limit in limits if limit is not None]
        self.max_subwords = min(known) if known else None
        """Subwords that the encoder takes, prompt and special tokens included; None: any number."""
        if self.max_subwords is not None:
            # A window that is one giant word is cut here rather than crash in the encoder.
            self.tokenizer.model_max_length = self.max_subwords

    def split(self, text: str) -> SplitText:
        """The words of a text, by the splitter the teacher was trained with, and what it reads."""
        if self.checkpoint.word_splitter == WORD_SPLITTER:
            words = split_words(text)
            return build_split_text(text, words, cut_pieces(text, words))
        words, pieces = split_with(self.model.data_processor.words_splitter, text)
        return build_split_text(text, words, pieces)

    @property
    def split_words(self) -> Callable[[str], Offsets]:
        """From a text to its words as `(char_start, char_end)`; see `split`."""
        if self.checkpoint.word_splitter == WORD_SPLITTER:
            return split_words
        return lambda text: self.split(text).words

    @torch.inference_mode()
    def score(
        self,
        word_lists: Sequence[Sequence[str]],
        labels: Sequence[str],
        floor: float,
        *,
        sentence_ends: Sequence[Sequence[bool]] | None = None,
        batch_words: int = DEFAULT_BATCH_WORDS,
        prompts: Prompts = None,
        keep_order: bool = False,
        recorder: StateRecorder | None = None,
        on_batch: Callable[[int], None] | None = None,
    ) -> list[SpanScores]:
        """Score all spans of up to `max_width` words of each document against each label.

        Words here are GLiNER's own, the `pieces` of `split`.

        Keeps those whose probability exceeds `floor`; `label_index` counts in `labels`. GLiNER's
        scores depend on the order of the labels in the prompt: it is alphabetical, so that
        annotations do not depend on how the labels were named, or with `keep_order` that of
        `labels`, as GLiNER itself has it.
        `prompts` says how the labels are split over several prompts (None: one prompt).
        Long documents are cut into windows, preferably behind words of `sentence_ends`, and merged.
        `recorder` gets the hidden states of the documents' words, from the first prompt's passes.
        `on_batch` is called with the number of words behind each finished batch.
        Raises `UserError` for labels that are empty, double, or too long for the encoder.
        """
        names = check_labels(labels)
        split, limits, prompt_subwords = self._plan(names, prompts, keep_order=keep_order)
        if sentence_ends is None:
            sentence_ends = [_ends_of(words) for words in word_lists]
        documents = list(encode_documents(self.tokenizer, word_lists, sentence_ends, limits))
        self.shortened_words += sum(document.shortened for document in documents)
        if recorder is not None:
            recorder.begin(documents, [len(words) for words in word_lists])
        windows = [
            (int(document.subwords[start:end].sum()), document.words[start:end])
            for document in documents
            for start, end in document.windows
        ]
        found: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in windows]
        floor_logit = compute_floor_logit(floor)
        for batch in compute_batches(
            windows, batch_words=batch_words, prompt_subwords=prompt_subwords
        ):
            rows = [windows[index][1] for index in batch]
            for number, prompt in enumerate(split):
                with_states = recorder if number == 0 else None
                spans, logits = self._score_batch(batch, rows, prompt, floor_logit, with_states)
                cuts = np.searchsorted(spans[:, 0], np.arange(len(batch) + 1))
                for row, index in enumerate(batch):
                    part = slice(cuts[row], cuts[row + 1])
                    found[index].append((spans[part, 1:], logits[part]))
            if on_batch is not None:
                on_batch(sum(map(len, rows)))
        return merge_scores(
            documents,
            found,
            split,
            names,
            max_width=self.max_width,
            is_token_model=self.checkpoint.is_token_model,
            keep_order=keep_order,
        )

    def batch_predict_entities(
        self,
        texts: Sequence[str],
        labels: Sequence[str] | None = None,
        threshold: float = 0.5,
        batch_size: int = 32,
    ) -> list[list[dict[str, Any]]]:
        """The entities of each text, in GLiNER's format: dicts of start, end, text, label, score.

        As `GLiNER.inference`, with the labels in the order given, on which GLiNER's scores depend;
        except that long texts are not truncated, and that words without subwords do not shift the
        others. `batch_size` is in sentences of 32 words.
        Raises `UserError` without labels, and for others than those of `prompts`.
        """
        if labels is None:
            raise UserError("A GLiNER teacher has no labels of its own; pass some with --labels.")
        texts = list_texts(texts)
        labels = [labels] if isinstance(labels, str) else list_labels(labels)
        check_count(batch_size, "batch_size")
        check_threshold(threshold)
        broken = next((label for label in labels if _replace_halves(label) != label), None)
        if broken is not None:
            raise UserError(f"The label {broken!r} has half a character; name it otherwise.")
        originals, texts = texts, [_replace_halves(text) for text in texts]
        read = [self.split(text) for text in texts]
        scores = self.score(
            [text.pieces for text in read],
            labels,
            threshold * 0.999,  # decoding compares probabilities, scoring logits
            sentence_ends=[text.sentence_ends for text in read],
            batch_words=32 * batch_size,
            prompts=self.prompts,
            keep_order=True,
            on_batch=self.on_batch,
        )
        return [
            [
                {
                    "start": entity.char_start,
                    "end": entity.char_end,
                    "text": text[entity.char_start : entity.char_end],
                    "label": entity.label,
                    "score": entity.score,
                }
                for entity in decode_flat(
                    AnnotatedDocument("", text, split.words, self.join_spans(split, spans)),
                    labels,
                    threshold,
                )
            ]
            for text, split, spans in zip(originals, read, scores, strict=True)
        ]

    @property
    def scores_per_label(self) -> int:
        """Of each word: of the spans that begin there."""
        return self.max_width

    def join_spans(self, text: SplitText, scores: SpanScores) -> SpanScores:
        """The scores of spans of words from those that `score` gives, of spans of pieces."""
        return text.join_spans(scores, is_token_model=self.checkpoint.is_token_model)

    def check_room(self, labels: Sequence[str], prompts: Prompts = None) -> None:
        """Raise the `UserError` of `score` for labels that leave no room for text."""
        self._plan(check_labels(labels), prompts)

    def _plan(
        self, labels: tuple[str, ...], prompts: Prompts, *, keep_order: bool = False
    ) -> tuple[list[tuple[str, ...]], WindowLimits, int]:
        """The labels of each prompt, and `compute_limits` of them."""
        split = compute_prompts(labels, prompts, keep_order=keep_order)
        try:
            return split, *self.compute_limits(split)
        except PromptTooLongError as error:
            raise (error.for_groups() if are_groups(prompts) else error) from None

    def compute_limits(self, prompts: Sequence[tuple[str, ...]]) -> tuple[WindowLimits, int]:
        """How large windows may be with these prompts, and the longest prompt in subwords.

        Raises `UserError` where a prompt leaves no room for text: `PromptTooLongError`, which says
        how many of all the labels fit into one, unless one label alone is too long.
        """
        used = [self._count_prompt(prompt) for prompt in prompts]
        longest = max(used)
        room = None if self.max_subwords is None else self.max_subwords - longest
        checkpoint = self.checkpoint
        limits = WindowLimits(
            checkpoint.max_words, room, checkpoint.max_width, checkpoint.overlap_words
        )
        if room is not None and room < compute_least_room(checkpoint.max_width):
            labels = [label for prompt in prompts for label in prompt]
            sizes, shared = count_prompt(self.model.data_processor, self.tokenizer, labels)
            raise explain_no_room(
                labels,
                sizes,
                shared,
                self.max_subwords or 0,
                compute_least_room(checkpoint.max_width),
                used=longest,
                in_prompt=len(prompts[used.index(longest)]),
                teacher=self.name,
            )
        return limits, longest

    def _count_prompt(self, labels: tuple[str, ...]) -> int:
        if self.checkpoint.kind.startswith("bi-encoder"):
            check_label_lengths(self.model, labels, self.name)
            return int(self.tokenizer.num_special_tokens_to_add(pair=False))
        sizes, shared = count_prompt(self.model.data_processor, self.tokenizer, labels)
        return int(sizes.sum()) + shared

    def _score_batch(
        self,
        windows: Sequence[int],
        rows: list[list[str]],
        prompt: tuple[str, ...],
        floor_logit: float,
        recorder: StateRecorder | None,
    ) -> tuple[np.ndarray, np.ndarray]:
        batch = self.model.collate_batch(
            self.model.prepare_base_input(rows), list(prompt), self._collator
        )
        extra = {}
        if "labels_input_ids" in batch:  # a bi-encoder: its labels are encoded only once
            if prompt not in self._label_vectors:
                if len(self._label_vectors) >= _KEPT_PROMPTS:  # a server is asked for any number
                    self._label_vectors.clear()
                device = self.model.device
                self._label_vectors[prompt] = self.model.model.token_rep_layer.encode_labels(
                    batch["labels_input_ids"].to(device), batch["labels_attention_mask"].to(device)
                )
            extra["labels_embeds"] = self._label_vectors[prompt]
        is_token_model = self.checkpoint.is_token_model
        with recorder.recording(windows, rows, batch["words_mask"]) if recorder else nullcontext():
            if self._has_marker_head:
                logits = compute_marker_logits(self.model, batch, **extra)
            else:
                logits = self.model.run_batch(batch, **extra)[0]
        if is_token_model:
            logits = compute_token_span_logits(logits, self.max_width)
        if logits.shape[2 if is_token_model else 3] != len(prompt):
            raise UserError(
                f"The teacher {self.name!r} does not give one score per label for {prompt!r}; "
                "its marker token may occur in a label: name the labels otherwise."
            )
        return select_spans(
            logits, [len(row) for row in rows], floor_logit, is_token_model=is_token_model
        )


def _replace_halves(text: str) -> str:
    """The text with ? for each lone surrogate, which no tokenizer takes; no offset changes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def package_versions() -> dict[str, str]:
    """The versions of the packages that decide the scores, for the manifest."""
    others = {name: version(name) for name in ("gliner", "torch", "transformers")}
    return {"distilgliner": __version__, **others}


def _ends_of(words: Sequence[str]) -> list[bool]:
    text = " ".join(words)
    ends = np.cumsum([len(word) + 1 for word in words]) - 1
    return find_sentence_ends(
        text, [(int(end) - len(word), int(end)) for word, end in zip(words, ends, strict=True)]
    )
