"""Settings of an augmentation: all checked, none unused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from distilgliner.augment.config import METHODS, AugmentConfig, build_augment_config
from distilgliner.errors import UserError


def test_defaults() -> None:
    config = build_augment_config({})
    assert config == AugmentConfig()
    assert (config.methods, config.factor, config.seed) == (("slots",), 3, 0)
    with pytest.raises(ValidationError):
        config.factor = 4


def test_every_method_takes_its_settings() -> None:
    raw = {
        "methods": ["case", "slots", "mask"],
        "slots": {"fraction": 1, "draw": "flat"},
        "mask": {"operation": "delete"},
        "case": {"lower": 0.7, "upper": 0.2, "title": 0.1},
    }
    config = build_augment_config(raw)
    assert set(config.methods) == set(METHODS)
    assert (config.slots.draw, config.mask.operation, config.case.lower) == ("flat", "delete", 0.7)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"method": ["slots"]}, r"setting method is unknown; did you mean methods\?"),
        ({"methods": []}, "setting methods is wrong"),
        ({"methods": ["slots", "slots"]}, "setting methods is wrong: .*name every method once"),
        ({"methods": ["synonyms"]}, r"setting methods\.0 is wrong: .*'slots', 'mask' or 'case'"),
        ({"factor": 0}, "setting factor is wrong"),
        ({"seed": -1}, "setting seed is wrong"),
        ({"slots": {"probability": 1}}, r"setting slots\.probability is unknown"),
        ({"slots": {"fraction": 0}}, r"setting slots\.fraction is wrong"),
        ({"slots": {"fraction": float("nan")}}, r"setting slots\.fraction is wrong"),
        ({"slots": {"draw": "rare"}}, r"setting slots\.draw is wrong: .*'frequency' or 'flat'"),
        ({"methods": ["mask"], "mask": {"operation": "[MASK]"}}, r"'similar' or 'delete'"),
        ({"methods": ["case"], "case": {"lower": 0.9}}, "setting case is wrong: .*at most 1"),
        (
            {"methods": ["case"], "case": {"lower": 0, "upper": 0, "title": 0}},
            "setting case is wrong: .*more than 0",
        ),
        ({"mask": {"fraction": 0.2}}, "settings of mask have no effect on slots; add --method"),
        (
            {"methods": ["mask", "case"], "slots": {}},
            "settings of slots have no effect on mask and case; add --method slots",
        ),
    ],
)
def test_what_is_refused(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        build_augment_config(raw)
