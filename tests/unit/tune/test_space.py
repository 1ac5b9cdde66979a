"""Spaces: what a file may say, what is refused, and values that people can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.distill.config import TARGETS, DistillConfig, build_distill_config
from distilgliner.errors import UserError
from distilgliner.tune.keys import apply_settings, check_key, find_value
from distilgliner.tune.space import (
    Choice,
    Range,
    build_default_space,
    build_space,
    decode_value,
    describe_space,
    encode_value,
    read_space,
)

BASE = DistillConfig(targets="soft")


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(
        "training.max_gradient_norm: {low: 1, high: 10}\n"
        "training.learning_rate: {low: 1e-3, high: 1e-2, log: true}\n"
        "training.epochs: {low: 3, high: 9}\n"
        "training.weight_decay: [0, 1e-2]\n"
        "training.train_subwords: [true, false]\n"
        "student: [bilstm-tagger, bilstm-tower]\n"
    )
    space = read_space(path, BASE)
    assert space == {
        "student": Choice(("bilstm-tagger", "bilstm-tower")),
        "training.epochs": Range(3, 9),
        "training.learning_rate": Range(0.001, 0.01, log=True),
        "training.max_gradient_norm": Range(1.0, 10.0),
        "training.train_subwords": Choice((True, False)),
        "training.weight_decay": Choice((0, 0.01)),
    }
    assert list(space) == sorted(space)
    whole = {key: d.is_whole for key, d in space.items() if isinstance(d, Range)}
    assert whole == {
        "training.epochs": True,
        "training.learning_rate": False,
        "training.max_gradient_norm": False,  # whole in the file, but not in the configuration
    }
    assert build_space(describe_space(space), BASE) == space


def test_the_documented_file(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "tuning.md").read_text(encoding="utf-8")
    path = tmp_path / "space.yaml"
    path.write_text(page.split("```yaml\n")[1].split("```")[0])
    space = read_space(path, BASE)
    assert len(space) == 5
    assert space["training.learning_rate"] == Range(0.001, 0.01, log=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("training.epochs: [3\n", "cannot be read as YAML"),
        ("", "must map dotted keys to a list of values, or a range"),
        ("- training.epochs\n", "must map dotted keys"),
        ("training.epoch: [3]\n", "unknown key 'training.epoch'; did you mean training.epochs"),
        ("training: {epochs: [3]}\n", "unknown key 'training'"),
        ("training.seed: [0, 1]\n", "training.seed is the same for all trials; set it with --seed"),
        ("training.epochs: 3\n", "training.epochs must be a list of values, or a range"),
        ("training.epochs: {low: 3}\n", "training.epochs must be a list of values, or a range"),
        ("training.epochs: {low: 3, high: 4, step: 1}\n", "must be a list of values, or a range"),
        ("training.epochs: []\n", "must list one value at least, and each only once"),
        ("training.epochs: [3, 4, 3]\n", "must list one value at least, and each only once"),
        ("training.epochs: [2026-01-01]\n", "training.epochs lists a value that no setting has"),
        ("training.weight_decay: [.nan]\n", "weight_decay lists a value that no setting has"),
        ("training.epochs: {low: 9, high: 3}\n", "training.epochs: low must be less than high"),
        ("training.weight_decay: {low: 0, high: .inf}\n", "low must be less than high"),
        ("training.epochs: {low: 1.5, high: 3}\n", "low and high must be whole numbers"),
        ("training.epochs: {low: few, high: many}\n", "has no range of numbers; give a list"),
        ("training.train_subwords: {low: 0, high: 1}\n", "has no range of numbers; give a list"),
        ("student: {low: 0, high: 1}\n", "has no range of numbers; give a list of values"),
        ("training.stages: {low: 0, high: 1}\n", "has no range of numbers; give a list of values"),
        ("training.weight_decay: {low: 0, high: 1, log: true}\n", "log must be true or false, and"),
        ("training.weight_decay: {low: 0, high: 1, log: 1}\n", "log must be true or false"),
        ("training.terms.gold.weight: {low: 0, high: 2}\n", "training.terms.gold.weight is wrong"),
        ("training.epochs: [3, 0]\n", "training.epochs is wrong"),
        ("student_options.layers: {low: 1, high: 9}\n", "layers of student 'bilstm-crf' is wr"),
        ("student: [bilstm-tagger, none]\n", "Unknown student 'none'"),
    ],
)
def test_wrong_files(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_space(path, BASE)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no file .*lost.yaml"):
        read_space(tmp_path / "lost.yaml", BASE)
    with pytest.raises(UserError, match="cannot be read as YAML"):
        read_space(tmp_path, BASE)


def test_keys_that_are_fixed_already() -> None:
    base = build_distill_config({"targets": "soft", "training": {"epochs": 3}})
    with pytest.raises(UserError, match=r"training\.epochs is set for all trials already"):
        build_space({"training.epochs": [3, 4]}, base)
    assert "training.epochs" not in build_default_space(base, 3)
    assert build_default_space(BASE, 1)["training.epochs"] == Range(1, 2)


def test_a_student_that_begins_with_another_keeps_its_size() -> None:
    free = build_default_space(BASE, 3)
    kept = build_default_space(BASE, 3, any_size=False)
    assert set(free) - set(kept) == {"student_options.hidden_dim"}


@pytest.mark.parametrize("student", ["bilstm-tagger", "bilstm-tower-tiny"])
@pytest.mark.parametrize("targets", TARGETS)
def test_the_default_space(targets: Any, student: str) -> None:
    base = DistillConfig(targets=targets, student=student)
    space = build_default_space(base, 10)
    own = {
        "soft": {"target.span_temperature"},
        "mixed": {"training.terms.gold.weight"},
        "hard": {"target.teacher_threshold"},
        "gold": set(),
    }
    others = set.union(*own.values()) - own[targets]
    assert own[targets] <= set(space)
    assert not others & set(space)
    for key, dimension in space.items():
        check_key(key, "default")
        default = 10 if key == "training.epochs" else find_value(base, key)
        assert dimension.contains(default), "the defaults are the first trial"
        is_choice = isinstance(dimension, Choice)
        for value in dimension.values if is_choice else (dimension.low, dimension.high):
            apply_settings(base, {key: value})
    assert build_space(describe_space(space), base) == space


def test_values_of_a_list_keep_their_kinds() -> None:
    choice = Choice((1, True, 1.0, "1", None, [1, 2], {"b": 1, "a": 2}))
    stored = [encode_value(choice, value) for value in choice.values]
    assert len(set(stored)) == len(stored)
    found = [decode_value(choice, value) for value in stored]
    assert list(map(repr, found[:5])) == ["1", "True", "1.0", "'1'", "None"]
    assert found[5:] == [[1, 2], {"a": 2, "b": 1}]
    assert Choice((1, 2)).contains(1)
    assert not Choice((1, 2)).contains(True)


@given(
    st.floats(1e-6, 1e3),
    st.floats(1e-6, 1e3),
    st.floats(0, 1),
)
def test_numbers_are_short_and_in_their_range(one: float, other: float, share: float) -> None:
    low, high = sorted((one, other))
    drawn = low + share * (high - low)
    value = decode_value(Range(low, high), drawn)
    assert low <= value <= high
    assert abs(value - drawn) <= 0.006 * drawn
    assert value in (low, high) or value == float(f"{value:.3g}")
    assert decode_value(Range(low, high), value) == value


def test_what_ranges_contain() -> None:
    assert decode_value(Range(1, 5), 3) == 3
    assert decode_value(Range(0.0, 1.0), 0.123456) == 0.123
    assert Range(1, 5).contains(5)
    assert not Range(1, 5).contains(6)
    assert not Range(0.0, 1.0).contains(True)
    assert not Range(0.0, 1.0).contains(None)
