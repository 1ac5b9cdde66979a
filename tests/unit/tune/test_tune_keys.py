"""Dotted keys: read off the models, so that a new field is a key; unknown ones are refused."""

from __future__ import annotations

from dataclasses import fields
from types import NoneType
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from distilgliner.distill.config import (
    DistillConfig,
    TargetConfig,
    TrainingConfig,
    build_distill_config,
)
from distilgliner.errors import UserError
from distilgliner.settings import list_setting_keys
from distilgliner.student.config import StudentConfig
from distilgliner.tune.keys import (
    apply_settings,
    check_key,
    find_value,
    list_keys,
    list_set_keys,
)


class _Stage(BaseModel):
    epochs: int = 1


class _Made(BaseModel):
    """A configuration as it may once look."""

    rate: float = 0.1
    count: Annotated[int, Field(ge=1)] | None = None
    stage: _Stage = _Stage()
    last: _Stage | None = None
    stages: tuple[_Stage, ...] = ()
    weights: dict[str, float] = {}
    loss: Literal["kl", "mse"] = "kl"


def test_keys_of_a_new_model() -> None:
    assert list_setting_keys(_Made) == {
        "rate": (float,),
        "count": (int, NoneType),
        "stage.epochs": (int,),
        "last.epochs": (int,),
        "stages": (tuple,),
        "weights": (dict,),
        "loss": (Literal,),
    }


def test_keys_of_the_users_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    made = list_setting_keys(_Made)
    monkeypatch.setattr("distilgliner.tune.keys.list_keys", lambda: made)
    assert check_key("weights.person", "space.yaml") == ()
    assert check_key("weights", "space.yaml") == (dict,)
    with pytest.raises(UserError, match=r"unknown key 'rate\.person'"):
        check_key("rate.person", "space.yaml")


def test_every_field_of_the_configuration_is_a_key() -> None:
    keys = list_keys()
    sections = {"target": TargetConfig, "training": TrainingConfig}
    names = {section: list(model.model_fields) for section, model in sections.items()}
    names["student_options"] = [setting.name for setting in fields(StudentConfig)]
    for section, section_names in names.items():
        assert section not in keys
        for name in section_names:
            assert any(f"{key}.".startswith(f"{section}.{name}.") for key in keys), name
    assert {"targets", "student"} <= set(keys)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (
            "training.learning_rat",
            r"unknown key 'training.learning_rat'; did you mean training.learning_rate\?",
        ),
        ("student_options.hiden_dim", r"did you mean student_options.hidden_dim\?"),
        ("target.zzz", r"known keys: target.teacher_threshold, target.span_floor, "),
        ("training", "unknown key 'training'; known keys: training.epochs, "),
        ("training.epochs.more", "unknown key 'training.epochs.more'"),
        (3, "unknown key '3'; known keys: "),
        ("training.seed", "training.seed is the same for all trials; set it with --seed"),
        ("targets", "set it with --targets"),
    ],
)
def test_keys_that_cannot_be_searched(key: object, message: str) -> None:
    with pytest.raises(UserError, match=rf"^space.yaml: .*{message}"):
        check_key(key, "space.yaml")


def test_known_keys() -> None:
    assert check_key("training.learning_rate", "space.yaml") == (float,)
    assert check_key("student", "space.yaml") == (str,)
    assert check_key("student_options.layers", "space.yaml") == (int,)


def test_settings_replace_and_leave_the_rest() -> None:
    base = build_distill_config(
        {"targets": "soft", "student_options": {"layers": 2}, "training": {"epochs": 3}}
    )
    settings = {"training.learning_rate": 0.01, "student_options.layers": 1, "target.span_floor": 0}
    found = apply_settings(base, settings)
    assert (found.training.epochs, found.training.learning_rate) == (3, 0.01)
    assert found.student_options == {"layers": 1}
    # What was left to the default still is, which the floor of the annotations asks for.
    assert found.target.model_fields_set == {"span_floor"}
    assert base.student_options == {"layers": 2}
    with pytest.raises(UserError, match=r"The setting training.epochs is wrong"):
        apply_settings(base, {"training.epochs": 0})


def test_values_with_their_defaults() -> None:
    base = DistillConfig(
        targets="soft", student="bilstm-tagger-tiny", student_options={"layers": 2}
    )
    assert find_value(base, "training.patience") == TrainingConfig().patience
    assert find_value(base, "student_options.layers") == 2
    assert find_value(base, "student_options.hidden_dim") == 48
    assert find_value(base, "student") == "bilstm-tagger-tiny"
    assert find_value(base, "training.not.there") is None


def test_set_keys_make_the_same_configuration() -> None:
    raw = {
        "targets": "mixed",
        "student_options": {"hidden_dim": 8},
        "target": {},
        "training": {"epochs": 12, "average_decay": 0},
    }
    config = build_distill_config(raw)
    keys = list_set_keys(config)
    assert keys == {
        "targets": "mixed",
        "student_options.hidden_dim": 8,
        "training.epochs": 12,  # the default, but set
        "training.average_decay": 0,
    }
    assert apply_settings(DistillConfig(targets="soft"), keys) == config
