"""Parts by name: ours, and those that another package brings through entry points."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import Tensor, nn

from distilgliner.errors import UserError
from distilgliner.student import registry
from distilgliner.student.config import StudentConfig, build_student_config
from distilgliner.student.decoding.decoders import TagDecoder
from distilgliner.student.heads.tagger import TaggerHead
from distilgliner.student.model import StudentModel
from distilgliner.student.predictor import DistilGLiNER
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


class ScaledHead(TaggerHead):
    """A head that another package might bring: a tagger with another last step."""

    def finish(self, scores: Tensor, lengths: Tensor) -> Tensor:
        return 2 * scores


def add_mean(builder: Any, config: StudentConfig, vectors: str) -> str:
    states: str = builder.linear(vectors, "encoder.linear")
    return states


@pytest.fixture
def external(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(group: str) -> dict[str, EntryPoint]:
        name, attribute = {
            "encoders": ("mean", "MeanEncoder"),
            "graph_encoders": ("mean", "add_mean"),
            "heads": ("scaled", "ScaledHead"),
            "graph_heads": ("scaled", "add_scaled"),
            "decoders": ("scaled", "TagDecoder"),
        }[group]
        return {name: EntryPoint(name, f"{__name__}:{attribute}", f"distilgliner.{group}")}

    monkeypatch.setattr(registry, "_find_external", find)


@pytest.mark.usefixtures("external")
def test_an_encoder_of_another_package(tmp_path: Path) -> None:
    config = build_student_config("mean-tagger-tiny")
    assert (config.encoder, config.hidden_dim) == ("mean", 48)
    assert isinstance(StudentModel(config, 10, 2).encoder, MeanEncoder)
    student = build_tiny_student(tmp_path, "tagger", encoder="mean")
    assert student.config.encoder == "mean"
    assert registry.load_part("graph_encoders", "mean") is add_mean


@pytest.mark.usefixtures("external")
def test_a_head_of_another_package(tmp_path: Path) -> None:
    config = build_student_config("mean-scaled-small")
    assert (config.encoder, config.head, config.is_open) == ("mean", "scaled", False)
    with pytest.raises(UserError, match=r"a head of tagger, .*, span, scaled, and small"):
        build_student_config("bilstm-softmax")
    one, other = (build_tiny_student(tmp_path, head) for head in ("tagger", "scaled"))
    predictor = DistilGLiNER(other)
    assert isinstance(predictor.decoder, TagDecoder)
    np.testing.assert_allclose(
        predictor.compute_scores([["Ada"]]), 2 * DistilGLiNER(one).compute_scores([["Ada"]])
    )


@pytest.mark.usefixtures("external")
def test_an_unknown_part_names_all_that_there_are() -> None:
    with pytest.raises(UserError, match=r"no encoder 'gru'; choose one of bilstm, .*, mean"):
        registry.load_part("encoders", "gru")


def test_a_name_that_can_be_read_in_two_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"encoders": ("my", "my-enc"), "heads": ("enc-tagger", "crf-small", "tower-reference")}
    monkeypatch.setattr(registry, "_find_external", lambda group: dict.fromkeys(names[group]))
    for name, encoder, head in (
        ("my-enc-tagger", "my-enc", "tagger"),
        ("my-enc-enc-tagger-tiny", "my-enc", "enc-tagger"),
        ("my-crf-small", "my", "crf"),
        ("bilstm-crf-small", "bilstm", "crf"),
        ("my-tower-reference", "my", "tower"),
    ):
        config = build_student_config(name)
        assert (config.encoder, config.head) == (encoder, head)


def test_a_part_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"odd": EntryPoint("odd", "no_such_package:Encoder", "distilgliner.encoders")}
    monkeypatch.setattr(registry, "_find_external", lambda group: broken)
    with pytest.raises(UserError, match="'odd' of another package cannot be imported: No module"):
        registry.load_part("encoders", "odd")


def test_every_part_of_ours_can_be_imported() -> None:
    for group in ("encoders", "graph_encoders", "heads", "graph_heads", "decoders"):
        for name in registry.find_names(group):  # type: ignore[arg-type]
            assert callable(registry.load_part(group, name))  # type: ignore[arg-type]
