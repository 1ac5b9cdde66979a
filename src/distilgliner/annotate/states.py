"""Hidden states of a teacher's text encoder, one vector per word, out of the passes that score.

They are what a student's own states can be matched with (Romero et al. 2015, FitNets, section 2.2;
Sun et al. 2019, Patient Knowledge Distillation, section 3.2). The states are read, never changed,
so that the scores are the same with and without them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from distilgliner.annotate.encoding import EncodedDocument, count_subwords
from distilgliner.annotate.windows import select_owned
from distilgliner.errors import UserError

_FP16_MAX = float(np.finfo(np.float16).max)


def resolve_layers(states: Sequence[int], layers: int) -> tuple[int, ...]:
    """The wanted layers in ascending order: 0 the embeddings, `layers` the last one.

    Negative numbers count from the last, which is -1. Raises `UserError` for a layer that an
    encoder of `layers` layers does not have, and for one named twice.
    """
    for layer in states:
        if not -layers - 1 <= layer <= layers:
            raise UserError(
                f"--states {layer}: the teacher's encoder has {layers} layers; choose from 0 (the "
                f"embeddings) to {layers}, or from -1 (the last) down to {-layers - 1}."
            )
    resolved = [layer if layer >= 0 else layers + 1 + layer for layer in states]
    if len(set(resolved)) < len(resolved):
        wanted = ",".join(map(str, states))
        raise UserError(f"--states {wanted} names a layer twice; name each once.")
    return tuple(sorted(resolved))


def find_text_encoder(model: Any) -> torch.nn.Module:
    """The transformer that reads the text in a loaded `gliner` model."""
    encoder: torch.nn.Module = model.model.token_rep_layer.bert_layer.model
    return encoder


def read_encoder_size(model: Any) -> tuple[int, int]:
    """How many layers the text encoder of a loaded `gliner` model has, and its hidden size D."""
    config: Any = find_text_encoder(model).config
    return int(config.num_hidden_layers), int(config.hidden_size)


@contextmanager
def record_hidden_states(
    encoder: torch.nn.Module,
) -> Iterator[list[tuple[torch.Tensor, ...] | None]]:
    """What the encoder computes inside the block, one entry per pass.

    An entry has the embeddings and then the output of each layer, each (B, S, D) for B texts of S
    subwords; it is None when the encoder does not tell them.
    """
    passes: list[tuple[torch.Tensor, ...] | None] = []

    def ask(_: torch.nn.Module, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return args, {**kwargs, "output_hidden_states": True}

    def keep(_: torch.nn.Module, __: Any, output: Any) -> None:
        passes.append(getattr(output, "hidden_states", None))

    hooks = (
        encoder.register_forward_pre_hook(ask, with_kwargs=True),
        encoder.register_forward_hook(keep),
    )
    try:
        yield passes
    finally:
        for hook in hooks:
            hook.remove()


class StateRecorder:
    """Collects the states of words while a teacher scores documents; see `Teacher.score`.

    A word's state is the mean over its subwords; prompt and special tokens belong to no word. Of
    several windows that hold a word the state comes from the one that owns it (`select_owned`), and
    of several prompts from the first. Words that the teacher does not see have zeros.
    """

    def __init__(self, model: Any, layers: Sequence[int]) -> None:
        """`model` is a loaded `gliner` model, `layers` are as `resolve_layers` returns them."""
        self.layers = tuple(layers)
        self.states: list[np.ndarray] = []
        """Per document, float16 (N, L, D): N layers, L words, D hidden; filled while scoring."""
        self._encoder = find_text_encoder(model)
        self._count, self._dim = read_encoder_size(model)
        self._tokenizer = model.data_processor.transformer_tokenizer
        self._marks_last = getattr(model.config, "subtoken_pooling", "first") == "last"
        self._windows: list[tuple[int, np.ndarray, np.ndarray]] = []

    def begin(self, documents: Sequence[EncodedDocument], lengths: Sequence[int]) -> None:
        """Make room for documents of `lengths` words, of which the teacher sees `documents`."""
        shapes = [(len(self.layers), length, self._dim) for length in lengths]
        self.states = [np.zeros(shape, dtype=np.float16) for shape in shapes]
        self._windows = []
        for number, document in enumerate(documents):
            for index, (start, end) in enumerate(document.windows):
                words = np.arange(start, end)
                own = select_owned(words, words + 1, index, document.windows, len(document.words))
                self._windows.append((number, own, document.positions[words[own]]))

    @contextmanager
    def recording(
        self, windows: Sequence[int], rows: Sequence[Sequence[str]], words_mask: torch.Tensor
    ) -> Iterator[None]:
        """Keep the states of the one pass inside the block, over the words `rows` of `windows`.

        `words_mask` (B, S) is GLiNER's: which subword stands for which word, counted from 1.
        Raises `UserError` when the encoder does not tell its states.
        """
        with record_hidden_states(self._encoder) as passes:
            yield
        hidden = self._select_layers(passes, words_mask.shape)
        sizes = count_subwords(self._tokenizer, rows)
        for row, (window, marks) in enumerate(zip(windows, words_mask.cpu().numpy(), strict=True)):
            first = find_first_subword(marks, sizes[row], marks_last=self._marks_last)
            subwords = hidden[:, row, first : first + int(sizes[row].sum())]
            number, own, places = self._windows[window]
            self.states[number][:, places] = pool_words(subwords, sizes[row])[:, own]

    def _select_layers(
        self, passes: Sequence[tuple[torch.Tensor, ...] | None], shape: Sequence[int]
    ) -> np.ndarray:
        """The wanted layers of a pass, float32 (N, B, S, D)."""
        found = passes[0] if len(passes) == 1 else None
        expected = (*shape, self._dim)
        if (
            found is None
            or len(found) != self._count + 1
            or any(tuple(found[layer].shape) != expected for layer in self.layers)
        ):
            raise UserError(
                f"The teacher's encoder ({type(self._encoder).__name__}) does not tell the hidden "
                "states of its layers; annotate without --states."
            )
        return torch.stack([found[layer] for layer in self.layers]).float().cpu().numpy()


def find_first_subword(marks: np.ndarray, sizes: np.ndarray, *, marks_last: bool) -> int:
    """Where the text begins among the S subwords of a row, behind the prompt.

    `marks` (S,) is a row of GLiNER's `words_mask`, which marks the first, the last (`marks_last`)
    or all subwords of a word with the word's number, from 1; `sizes` (L,) counts the words'
    subwords. Raises `UserError` when the two disagree, and states would go to other words.
    """
    ends = np.cumsum(sizes)
    places = ends - 1 if marks_last else ends - sizes
    first = int(np.flatnonzero(marks)[0]) - int(places[0])
    expected = np.repeat(np.arange(1, len(sizes) + 1), sizes)
    text = marks[first : first + len(expected)]
    if (
        len(text) < len(expected)
        or not np.array_equal(text[places], expected[places])
        or bool(((text != 0) & (text != expected)).any())
    ):
        raise UserError(
            "The teacher's tokenizer cuts words differently after a prompt than alone, so that "
            "states cannot be told apart by word; annotate without --states."
        )
    return first


def pool_words(subwords: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The mean over the subwords of each word: float32 (N, T, D) → float16 (N, L, D).

    T subwords make L words of `sizes` (L,) subwords, all at least 1. Values beyond the range of
    fp16 (65,504) become its ends.
    """
    starts = np.cumsum(sizes) - sizes
    means = np.add.reduceat(subwords, starts, axis=1) / sizes[:, None].astype(np.float32)
    return np.clip(means, -_FP16_MAX, _FP16_MAX).astype(np.float16)
