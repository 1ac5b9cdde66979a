"""The settings of fine-tuning."""

from __future__ import annotations

import pytest

from distilgliner.errors import UserError
from distilgliner.finetune.config import build_finetune_config


def test_nested_settings() -> None:
    config = build_finetune_config({"epochs": 2, "prompts": {"max_labels": 3}})
    assert (config.epochs, config.prompts.max_labels) == (2, 3)
    assert config.prompts.full_fraction == 0.75


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ({"epoch": 2}, "epoch"),
        ({"epochs": 0}, "epochs"),
        ({"freeze": ["decoder"]}, "freeze.0"),
        ({"prompts": {"labels": 3}}, "prompts.labels"),
        ({"prompts": {"label_dropout": 1.0}}, "prompts.label_dropout"),
        ({"precision": "fp8"}, "precision"),
    ],
)
def test_wrong_settings_are_named(raw: dict[str, object], name: str) -> None:
    with pytest.raises(UserError, match=f"The setting {name} is (wrong: .*; correct it|unknown; )"):
        build_finetune_config(raw)
