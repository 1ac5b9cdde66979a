"""How a GLiNER checkpoint is asked for many labels: all in one prompt, or in several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from distilgliner.corpus.labels import check_labels
from distilgliner.errors import UserError

Prompts: TypeAlias = int | Sequence[Sequence[str]] | None
"""None: one prompt with all labels. A number: prompts of at most so many, in their order.
Groups of labels: one prompt for each group; every label is in one of them."""


class PromptTooLongError(UserError):
    """Labels that leave no room for text in one prompt.

    `problem` is the first half of the sentence; of these labels any `most` fit into one prompt.
    """

    def __init__(self, problem: str, most: int, remedy: str | None = None) -> None:
        self.problem, self.most = problem, most
        super().__init__(f"{problem}; {remedy or _advise(most)}.")

    def advise(self, remedy: str) -> PromptTooLongError:
        """The same error with another remedy."""
        return PromptTooLongError(self.problem, self.most, remedy)

    def for_groups(self) -> PromptTooLongError:
        """As it is for prompts that were given as groups of labels."""
        return self.advise(
            f"put at most {self.most} into one group (each --labels is one, and in a comparison's "
            "YAML file each list of prompts)"
        )


def _advise(most: int) -> str:
    return (
        f"split them over several prompts with --labels-per-prompt {most} (in a comparison's YAML "
        f"file prompts: {most})"
    )


def are_groups(prompts: Prompts) -> bool:
    """Whether each prompt was given by its labels."""
    return prompts is not None and not isinstance(prompts, int)


def compute_prompts(
    labels: Sequence[str], prompts: Prompts = None, *, keep_order: bool = False
) -> list[tuple[str, ...]]:
    """The labels of each prompt, sorted, and the prompts by their first labels.

    keep_order: labels and prompts in the order given instead, as GLiNER asks for them.
    Raises `UserError` for labels that are empty or named twice, a number below 1, and groups that
    hold other labels than `labels`.
    """
    names = check_labels(labels)
    ordered = names if keep_order else tuple(sorted(names))
    if prompts is None:
        return [ordered]
    if isinstance(prompts, int):
        if prompts < 1:
            raise UserError(
                f"--labels-per-prompt must be at least 1, not {prompts}; in a comparison it is "
                "called prompts."
            )
        return [ordered[first : first + prompts] for first in range(0, len(ordered), prompts)]
    checked = [check_labels(group) for group in prompts]
    grouped = check_labels([label for group in checked for label in group])
    for label in sorted(set(grouped).symmetric_difference(ordered)):
        where = "none of the prompts" if label in ordered else "a prompt, but not among the labels"
        raise UserError(f"The label {label!r} is in {where}; put every label into one prompt.")
    return checked if keep_order else sorted(tuple(sorted(group)) for group in checked)
