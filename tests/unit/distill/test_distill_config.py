"""What a run can be told, and how it says that something is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from distilgliner.distill.config import TARGETS, TrainingConfig, build_distill_config
from distilgliner.errors import UserError
from distilgliner.student.config import STUDENTS, build_student_config


@pytest.mark.parametrize("targets", TARGETS)
@pytest.mark.parametrize("student", STUDENTS)
def test_targets_and_students(targets: str, student: str) -> None:
    config = build_distill_config({"targets": targets, "student": student})
    assert (config.targets, config.student) == (targets, student)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({}, "The setting targets is wrong: Field required"),
        ({"targets": "silver"}, "The setting targets is wrong: Input should be 'gold'"),
        ({"targets": "soft", "student": "gru"}, "Unknown student 'gru'; its name is ENCODER-HEAD"),
        (
            {"targets": "soft", "surprise": 1},
            "setting surprise is unknown; known keys: targets",
        ),
        (
            {"targets": "soft", "training": {"epoch": 1}},
            r"epoch is unknown; did you mean training.epochs\?",
        ),
        ({"targets": "soft", "training": {"epochs": 0}}, "training.epochs is wrong: .* than or"),
        ({"targets": "soft", "training": {"seed": -1}}, "training.seed is wrong"),
        ({"targets": "soft", "training": {"seed": 2**70}}, "training.seed is wrong"),
        ({"targets": "soft", "training": {"threads": 0}}, "training.threads is wrong"),
        (
            {"targets": "soft", "training": {"terms": {"gold": {"weight": 1.5}}}},
            "training.terms.gold.weight is wrong",
        ),
        (
            {"targets": "soft", "training": {"terms": {"soft": {"loss": "l1"}}}},
            "training.terms.soft.loss is wrong",
        ),
        (
            {"targets": "soft", "training": {"stages": [{"terms": ["states"], "epochs": 1}]}},
            "training.stages is wrong: .*the last stage must teach tags",
        ),
        (
            {"targets": "soft", "target": {"span_temperature": 0}},
            "target.span_temperature is wrong",
        ),
        ({"targets": "soft", "target": 3}, "The setting target is wrong"),
        (
            {"targets": "soft", "student_options": {"hiden_dim": 3}},
            "option hiden_dim of student 'bilstm-crf' is wrong: .*hidden_dim",
        ),
        ({"targets": "soft", "student_options": {"layers": 0}}, "option layers .* is wrong"),
        ({"targets": "soft", "student_options": {"head": "softmax"}}, "student_options.head"),
    ],
)
def test_one_line_names_what_is_wrong(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        build_distill_config(raw)
    assert "\n" not in str(caught.value)
    assert "pydantic.dev" not in str(caught.value)


def test_options_of_students() -> None:
    config = build_student_config("bilstm-tower", {"hidden_dim": 7, "roles": False})
    assert (config.head, config.hidden_dim, config.roles) == ("tower", 7, False)
    assert config.layers == STUDENTS["bilstm-tower"].layers
    assert STUDENTS["bilstm-tower"].roles


def test_configs_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        TrainingConfig().epochs = 3  # type: ignore[misc]


@pytest.mark.parametrize("kind", ["bilstm-tagger", "bilstm-tower", "bilstm-tower-reference"])
def test_every_kind_comes_in_three_sizes(kind: str) -> None:
    sizes = [STUDENTS[kind + size] for size in ("-tiny", "-small", "")]
    widths = [(config.subword_dim, config.hidden_dim, config.label_dim) for config in sizes]
    assert widths == [(48, 48, 48), (96, 96, 96), (128, 128, 128)]
    assert len({(config.head, config.roles) for config in sizes}) == 1
