"""What a reader of the report must know of how a comparison was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from distilgliner.compare.arms.arm import LABEL_FREE
from distilgliner.compare.config import CompareConfig
from distilgliner.compare.report.wording import join_words
from distilgliner.corpus.prompts import compute_prompts
from distilgliner.distill.data import LEARNED
from distilgliner.distill.objective.terms import use_states


def explain_comparison(
    config: CompareConfig, new_texts: int, dev_sources: Mapping[str, str]
) -> list[str]:
    """Sentences for the report.

    new_texts: how many were made of the transfer text. dev_sources: who labelled what chose the
    epoch, by arm, as the runs have written it.
    """
    return [
        "Every arm had the same student, the same number of updates and the same early stopping.",
        *_explain_teachers(config),
        *_explain_texts(config, new_texts),
        *_explain_learning(config),
        *_explain_choice(config, dev_sources),
        *_explain_examples(config),
    ]


def _explain_teachers(config: CompareConfig) -> Iterator[str]:
    prompts = compute_prompts(config.labels, config.prompts)
    if len(prompts) > 1:
        yield (
            f"The teacher was asked for the labels in {len(prompts)} prompts: "
            f"{'; '.join(map(', '.join, prompts))}."
        )
    taught = _list_taught(config)
    if taught and config.more_teachers:
        names = [Path(name).name or name for name in (config.teacher, *config.more_teachers)]
        how = {"average": "the mean of what they say", "sample": "one of them, drawn in each pass"}
        yield (
            f"{join_words(taught)} learned from {len(names)} teachers, {join_words(names)}: "
            f"{how[config.target.teachers]}. Shares of the teacher, agreement with it and its "
            f"costs are those of the first, {names[0]}."
        )


def _explain_texts(config: CompareConfig, new_texts: int) -> Iterator[str]:
    if config.augment is not None:
        methods = " and ".join(config.augment.methods)
        yield (
            f"The teacher also annotated {new_texts:,} new texts, made of the transfer text by "
            f"{methods}; every arm learned from them too."
        )
    if config.labels_of:
        files = "; ".join(
            f"{Path(source).name}: {', '.join(known)}" for source, known in config.labels_of.items()
        )
        yield (
            f"Some texts were annotated by people for some labels only ({files}). Of the others "
            "they say nothing: these were masked, not taken for absent."
        )


def _explain_learning(config: CompareConfig) -> Iterator[str]:
    taught = _list_taught(config)
    if taught and use_states(config.training.terms, taught[0], has_states=True):
        yield (
            f"Beside its targets, {join_words(taught)} learned the teacher's hidden states "
            "(training.terms.states)."
        )
    if taught and config.initial is not None:
        yield (
            f"{join_words(taught)} began with the word vectors and the encoder of the student "
            f"{config.initial} (initial), all other arms with random weights."
        )


def _explain_choice(config: CompareConfig, dev_sources: Mapping[str, str]) -> Iterator[str]:
    """Who chose the epoch."""
    if config.finetune is not None:
        chose = ", and dev labels chose every epoch" if config.dev else ""
        yield f"The teacher was fine-tuned on gold{chose}: no arm is free of human labels."
    free = [arm for arm in config.arms if arm in LABEL_FREE]
    if config.dev and free and config.finetune is None:
        yield (
            f"No human label was used by {' and '.join(free)}: their epoch was chosen by the "
            "agreement with the teacher on the dev text. The other arms chose it by dev labels."
        )
    if not config.dev:
        yield "There was no dev text. " + " ".join(_explain_held_out(config, dev_sources))


def _explain_held_out(config: CompareConfig, dev_sources: Mapping[str, str]) -> Iterator[str]:
    """What chose the epoch of each arm where there is no dev."""
    held = {
        "the teacher": "A tenth of the transfer text, with the teacher's decisions,",
        "humans": "A tenth of the gold",
        LEARNED: "The gold itself, for want of text,",
    }
    for source, text in held.items():
        arms = [arm for arm in config.arms if dev_sources[arm] == source]
        if arms:
            learned = "learned it too" if source == LEARNED else "did not learn it"
            yield f"{text} chose the epoch of {join_words(arms)}, which {learned}."


def _explain_examples(config: CompareConfig) -> Iterator[str]:
    if config.examples:
        yield (
            f"The sentences show {config.students[0]}, seed {config.seeds[0]}; they are those on "
            "which the systems differ most, not a fair sample."
        )


def _list_taught(config: CompareConfig) -> list[str]:
    return [arm for arm in config.arms if arm != "gold"]
