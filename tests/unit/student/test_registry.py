"""Parts by name: ours, and those that another package brings through entry points."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor, nn

from distilgliner.errors import UserError
from distilgliner.student import registry
from distilgliner.student.config import StudentConfig, build_student_config
from distilgliner.student.model import StudentModel
from tiny_store import build_tiny_student


class MeanEncoder(nn.Module):
    """Every word gets its own vector: an encoder that another package might bring."""

    def __init__(self, config: StudentConfig, input_dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(input_dim, config.hidden_dim)
        self.dim = config.hidden_dim

    def forward(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        states: Tensor = self.linear(vectors)
        return states


def add_mean(builder: Any, config: StudentConfig, vectors: str) -> str:
    states: str = builder.linear(vectors, "encoder.linear")
    return states


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(group: str) -> dict[str, EntryPoint]:
        attribute = {"encoders": "MeanEncoder", "graph_encoders": "add_mean"}[group]
        value = f"{__name__}:{attribute}"
        return {"mean": EntryPoint("mean", value, f"distilgliner.{group}")}

    monkeypatch.setattr(registry, "_find_foreign", find)


@pytest.mark.usefixtures("foreign")
def test_an_encoder_of_another_package(tmp_path: Path) -> None:
    config = build_student_config("mean-tagger-tiny")
    assert (config.encoder, config.hidden_dim) == ("mean", 48)
    assert isinstance(StudentModel(config, 10, 2).encoder, MeanEncoder)
    student = build_tiny_student(tmp_path, "tagger", encoder="mean")
    assert student.config.encoder == "mean"
    assert registry.load_part("graph_encoders", "mean") is add_mean


@pytest.mark.usefixtures("foreign")
def test_an_unknown_part_names_all_that_there_are() -> None:
    with pytest.raises(UserError, match=r"no encoder 'gru'; choose one of bilstm, .*, mean"):
        registry.load_part("encoders", "gru")


def test_a_part_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"odd": EntryPoint("odd", "no_such_package:Encoder", "distilgliner.encoders")}
    monkeypatch.setattr(registry, "_find_foreign", lambda group: broken)
    with pytest.raises(UserError, match="'odd' of another package cannot be imported: No module"):
        registry.load_part("encoders", "odd")


def test_every_part_of_ours_can_be_imported() -> None:
    for group in ("encoders", "graph_encoders"):
        for name in registry.find_names(group):  # type: ignore[arg-type]
            assert callable(registry.load_part(group, name))  # type: ignore[arg-type]
