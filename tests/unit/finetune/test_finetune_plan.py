"""The order of training: what is drawn, with which prompts, in which batches."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from distilgliner.finetune.config import FinetuneConfig, PromptConfig
from distilgliner.finetune.examples import TrainingCorpus, TrainingExample, join_examples
from distilgliner.finetune.plan import (
    TrainingPlan,
    build_item,
    choose_other_names,
    choose_prompt,
    group_examples,
)

LABELS = ("age", "city", "name")


def build_corpus(name: str, count: int, repeats: float = 1.0) -> TrainingCorpus:
    """Examples that differ in length; the n-th speaks of word n."""
    examples = tuple(
        TrainingExample((f"{name}{number}", *("x" * (number % 7))), ((0, 0, "city"),), 1 + number)
        for number in range(count)
    )
    return TrainingCorpus(name, LABELS, examples, repeats=repeats)


def first_words(plan: TrainingPlan) -> list[str]:
    return [plan[index]["tokenized_text"][0] for index in range(len(plan))]


def test_every_epoch_is_a_pass() -> None:
    plan = TrainingPlan(
        [build_corpus("a", 32)], FinetuneConfig(epochs=3, batch_documents=8, seed=1)
    )
    assert (len(plan), plan.updates, plan.epoch_sizes) == (96, 12, [32, 32, 32])
    words = first_words(plan)
    for epoch in range(3):
        assert len(set(words[32 * epoch : 32 * epoch + 32])) == 32
    assert words[:32] != words[32:64]


def test_an_epoch_ends_with_a_full_batch() -> None:
    plan = TrainingPlan([build_corpus("a", 37)], FinetuneConfig(epochs=1, batch_documents=8))
    assert len(plan) == 32
    assert len(TrainingPlan([build_corpus("a", 3)], FinetuneConfig(epochs=1))) == 3


def test_repeats_weigh_the_corpora() -> None:
    corpora = [build_corpus("a", 40, repeats=0.5), build_corpus("b", 10, repeats=2.5)]
    plan = TrainingPlan(corpora, FinetuneConfig(epochs=2, batch_documents=1))
    words = Counter(word[0] for word in first_words(plan))
    assert words == {"a": 40, "b": 50}
    # 2.5 passes: every example twice at least, none more than three times an epoch
    counts = Counter(word for word in first_words(plan)[:45] if word[0] == "b")
    assert set(counts.values()) <= {2, 3}


def test_the_seed_decides_everything() -> None:
    corpus = [build_corpus("a", 50)]
    config = FinetuneConfig(epochs=2, batch_documents=4, seed=3)
    one, other = (
        TrainingPlan(corpus, config),
        TrainingPlan(corpus, config.model_copy(update={"seed": 4})),
    )
    items = [one[index] for index in range(len(one))]
    again = TrainingPlan(corpus, config)
    # in another order: an item does not depend on those asked for before
    assert [again[index] for index in reversed(range(len(again)))] == items[::-1]
    assert items != [other[index] for index in range(len(other))]


def test_batches_are_of_like_length() -> None:
    plan = TrainingPlan([build_corpus("a", 400)], FinetuneConfig(epochs=1, batch_documents=10))
    numbers = [int(word[1:]) for word in first_words(plan)]
    spans = [
        max(numbers[first : first + 10]) - min(numbers[first : first + 10])
        for first in range(0, 400, 10)
    ]
    assert max(spans) < 60  # at random: some 330
    assert numbers != sorted(numbers)


@given(
    labels=st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=8, unique=True),
    data=st.data(),
    seed=st.integers(0, 99),
)
def test_prompts(labels: list[str], data: st.DataObject, seed: int) -> None:
    present = data.draw(st.lists(st.sampled_from(labels), max_size=3))
    limit = data.draw(st.integers(1, 8))
    example = TrainingExample(("w",) * 4, tuple((n, n, c) for n, c in enumerate(present)), 4)
    config = PromptConfig(max_labels=limit, full_fraction=data.draw(st.sampled_from([0.0, 1.0])))
    prompt = choose_prompt(example, labels, config, random.Random(seed))
    assert 1 <= len(prompt) <= limit
    assert len(set(prompt)) == len(prompt)
    assert set(prompt) <= set(labels)
    if config.full_fraction == 1.0:
        assert len(prompt) == min(limit, len(labels))
        wanted = set(present)
        assert wanted <= set(prompt) or set(prompt) <= wanted  # those of the sentence come first


def test_label_order_is_random() -> None:
    example = TrainingExample(("w",), (), 1)
    config = PromptConfig(full_fraction=1.0)
    generator = random.Random(0)
    prompts = {choose_prompt(example, LABELS, config, generator) for _ in range(100)}
    assert len(prompts) == 6


def test_entities_of_labels_that_are_not_asked_for_do_not_count() -> None:
    example = TrainingExample(("Ada", "in", "Bath"), ((0, 0, "name"), (2, 2, "city")), 3)
    item = build_item(example, ("city", "age"), PromptConfig(cased_fraction=0), random.Random(0))
    assert item == {
        "tokenized_text": ["Ada", "in", "Bath"],
        "ner": [(2, 2, "city")],
        "ner_labels": ["city", "age"],
    }


def test_other_case() -> None:
    example = TrainingExample(("Ada", "Byron"), ((0, 1, "name"),), 2)
    config = PromptConfig(cased_fraction=1.0, lowercase_fraction=1.0)
    seen = set()
    for seed in range(20):
        item = build_item(example, ("name", "city"), config, random.Random(seed))
        assert item["tokenized_text"] == ["ada", "byron"]
        ((_, _, label),) = item["ner"]
        assert label in item["ner_labels"]
        seen.add(tuple(item["ner_labels"]))
    assert seen == {("Name", "City"), ("NAME", "CITY")}


def test_labels_that_differ_only_in_case_stay_as_they_are() -> None:
    example = TrainingExample(("Ada",), ((0, 0, "name"),), 1)
    config = PromptConfig(cased_fraction=1.0)
    for seed in range(10):
        item = build_item(example, ("name", "NAME"), config, random.Random(seed))
        assert item["ner_labels"] == ["name", "NAME"]


def test_joined_examples_keep_words_and_entities() -> None:
    first = TrainingExample(("Ada", "met", "Bob"), ((0, 0, "name"), (2, 2, "name")), 4)
    second = TrainingExample(("in", "New", "York"), ((1, 2, "city"),), 3)
    joined = join_examples([first, second])
    assert joined.words == ("Ada", "met", "Bob", "in", "New", "York")
    assert joined.entities == ((0, 0, "name"), (2, 2, "name"), (4, 5, "city"))
    assert joined.subwords == 7
    assert join_examples([first]) == first


@given(
    count=st.integers(1, 60),
    most=st.integers(1, 5),
    fraction=st.floats(0, 1),
    subwords=st.integers(1, 80),
    seed=st.integers(0, 99),
)
def test_groups_are_all_examples_once_and_fit(
    count: int, most: int, fraction: float, subwords: int, seed: int
) -> None:
    corpus = build_corpus("a", count)
    config = PromptConfig(joined_documents=most, joined_fraction=fraction, joined_subwords=subwords)
    groups = list(group_examples(range(count), corpus, config, random.Random(seed)))
    assert [number for group in groups for number in group] == list(range(count))
    for group in groups:
        assert len(group) <= most
        size = sum(corpus.examples[number].subwords for number in group)
        assert len(group) == 1 or size <= subwords


def test_a_plan_of_joined_examples() -> None:
    prompts = PromptConfig(joined_documents=3, joined_fraction=1.0, joined_subwords=1000)
    config = FinetuneConfig(epochs=1, batch_documents=1, prompts=prompts)
    plan = TrainingPlan([build_corpus("a", 40)], config)
    assert 40 / 3 <= len(plan) <= 21
    items = [plan[index] for index in range(len(plan))]
    words = [word for item in items for word in item["tokenized_text"] if word != "x"]
    assert sorted(words) == sorted(f"a{number}" for number in range(40))
    for item in items:
        cities = [item["tokenized_text"][first] for first, _, label in item["ner"]]
        assert cities == [word for word in item["tokenized_text"] if word != "x"]


def test_other_names_of_labels() -> None:
    other = {"city": ("town", "name"), "age": ("years",)}
    config = PromptConfig(other_names=other, renamed_fraction=1.0, cased_fraction=0.0)
    for seed in range(20):
        names = choose_other_names(LABELS, config, random.Random(seed))
        # "name" is a label itself, so no city is called that
        assert names == {"age": "years", "city": "town", "name": "name"}
    item = build_item(build_corpus("a", 1).examples[0], LABELS, config, random.Random(0))
    assert item["ner"] == [(0, 0, "town")]
    assert sorted(item["ner_labels"]) == ["name", "town", "years"]
    never = PromptConfig(other_names=other, renamed_fraction=0.0, cased_fraction=0.0)
    item = build_item(build_corpus("a", 1).examples[0], LABELS, never, random.Random(0))
    assert item["ner_labels"] == list(LABELS)
