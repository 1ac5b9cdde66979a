"""Whether the labels of a prompt leave room for text, and how many of them would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from distilgliner.annotate.encoding import count_subwords
from distilgliner.annotate.loading import find_last_position
from distilgliner.corpus.prompts import PromptTooLongError
from distilgliner.errors import UserError

_LEAST_ROOM = 64
_MARKERS, _FEW_BYTES = 4, 300
_SHORT_LABEL = 100  # characters, which no tokenizer makes more subwords than an encoder takes
_SHOWN_CHARACTERS = 40


def count_prompt(processor: Any, tokenizer: Any, labels: Sequence[str]) -> tuple[np.ndarray, int]:
    """What each label takes of a prompt in subwords, its marker included, and what they share.

    processor, tokenizer: those of a uni-encoder. Raises `UserError` for a label that the tokenizer
    does not know.
    """
    prompt = processor.prepare_inputs([[]], list(labels))[0][0]
    sizes = count_subwords(tokenizer, [prompt])[0]
    for word, size in zip(prompt, sizes.tolist(), strict=True):
        if size == 0:
            raise UserError(
                f"The label {word!r} has no characters that the teacher's tokenizer knows; "
                "name it otherwise."
            )
    special = int(tokenizer.num_special_tokens_to_add(pair=False))
    in_pairs = sizes[: 2 * len(labels)].reshape(len(labels), 2)
    return in_pairs.sum(axis=1), special + int(sizes[2 * len(labels) :].sum())


def surely_fit(prompts: Sequence[Sequence[str]]) -> bool:
    """Whether the labels of each prompt are few and short, whatever the tokenizer does to them."""
    return all(
        sum(len(label.encode("utf-8", "replace")) + _MARKERS for label in prompt) <= _FEW_BYTES
        for prompt in prompts
    )


def compute_least_room(max_width: int) -> int:
    """Subwords that must be left for text next to the labels."""
    return max(_LEAST_ROOM, 4 * (max_width + 1))


def find_most_labels(sizes: Sequence[int] | np.ndarray, shared: int, limit: int, least: int) -> int:
    """How many labels of these sizes, whichever, fit into one prompt; 0 where not each does.

    Half of the `limit` is left for text if one label allows it: that is the fastest split, as each
    prompt reads the whole text again. Otherwise `least` is.
    """
    longest_first = np.cumsum(np.sort(np.asarray(sizes))[::-1]) + shared
    for room in (max(limit // 2, least), least):
        count = int(np.searchsorted(longest_first, limit - room, side="right"))
        if count:
            return count
    return 0


def explain_no_room(
    labels: Sequence[str],
    sizes: np.ndarray,
    shared: int,
    limit: int,
    least: int,
    *,
    used: int,
    in_prompt: int,
    teacher: str,
) -> UserError:
    """The error for a prompt that leaves less room than `least`.

    labels, sizes: all that the teacher is asked for. used, in_prompt: the subwords and the labels
    of the longest prompt.
    """
    reads = f"of the {limit} subwords that the teacher {teacher!r} reads at once"
    most = find_most_labels(sizes, shared, limit, least)
    if most == 0:
        longest = labels[int(np.argmax(sizes))]
        return UserError(
            f"The label {shorten(longest)} takes {int(sizes.max()) + shared:,} {reads}, which "
            "leaves no room for text; name it in fewer words."
        )
    return PromptTooLongError(
        f"{in_prompt:,} labels in one prompt take {used:,} {reads}, which leaves no room for text",
        most,
    )


def check_label_lengths(model: Any, labels: Sequence[str], teacher: str) -> None:
    """Raise `UserError` for a label that the encoder of labels of a bi-encoder would cut."""
    long = [label for label in labels if len(label) > _SHORT_LABEL]
    if not long:
        return
    tokenizer = model.data_processor.labels_tokenizer
    position = find_last_position(model.model.token_rep_layer.labels_encoder)
    limit = min(tokenizer.model_max_length, position or tokenizer.model_max_length)
    for label in long:
        size = len(tokenizer(label, truncation=False, verbose=False)["input_ids"])
        if size > limit:
            raise UserError(
                f"The label {shorten(label)} takes {size:,} subwords, more than the {limit} that "
                f"the teacher {teacher!r} reads of a label; name it in fewer words."
            )


def shorten(label: str) -> str:
    """A label as messages quote it: of a long one the beginning."""
    return repr(label if len(label) <= _SHOWN_CHARACTERS else f"{label[:_SHOWN_CHARACTERS]}…")
