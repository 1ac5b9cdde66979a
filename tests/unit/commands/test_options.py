"""What the options of several commands have in common."""

from __future__ import annotations

from typing import Any

import pytest

from distilgliner.commands.options import merge_settings, parse_labels, parse_overrides
from distilgliner.errors import UserError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("1e-3", 0.001),
        ("2E4", 20000.0),
        ("true", True),
        ("false", False),
        ("null", None),
        ("bilstm-tower", "bilstm-tower"),
        ("[1, 2]", [1, 2]),
        ("a=b", "a=b"),
        ("[", "["),
    ],
)
def test_values_are_those_of_yaml(text: str, value: Any) -> None:
    found = parse_overrides([f"training.x={text}"])
    assert found == {"training": {"x": value}}
    assert type(found["training"]["x"]) is type(value)


def test_sections_and_single_keys() -> None:
    settings = ["training.a=1", "examples=5", "training.b=2", "training.a=3", " target.c=x"]
    assert parse_overrides(settings) == {
        "training": {"a": 3, "b": 2},
        "examples": 5,
        "target": {"c": "x"},
    }
    assert parse_overrides([]) == {}


def test_groups_in_groups() -> None:
    settings = ["training.terms.gold.weight=0.5", "training.terms.soft.loss=mse"]
    terms = {"gold": {"weight": 0.5}, "soft": {"loss": "mse"}}
    assert parse_overrides(settings) == {"training": {"terms": terms}}


def test_settings_are_merged_group_by_group() -> None:
    base = {"a": {"b": {"c": 1, "d": 2}, "e": 3}, "f": {"g": 4}}
    changes = {"a": {"b": {"c": 5}}, "f": 6, "h": {"i": 7}}
    merged = merge_settings(base, changes)
    assert merged == {"a": {"b": {"c": 5, "d": 2}, "e": 3}, "f": 6, "h": {"i": 7}}
    assert base["a"]["b"] == {"c": 1, "d": 2}  # type: ignore[index]


@pytest.mark.parametrize(
    "settings", [["x"], ["=3"], ["x..y=1"], [".x=3"], ["x.=3"], ["x=1", "x.y=2"]]
)
def test_what_is_no_setting(settings: list[str]) -> None:
    with pytest.raises(UserError, match="must be key=value, as"):
        parse_overrides(settings)


def test_labels_that_were_not_given() -> None:
    assert parse_labels(None) is None
    assert parse_labels(" a b ,c") == ("a b", "c")
