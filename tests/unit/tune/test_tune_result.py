"""What a search leaves can be used: by `distill`, by a comparison, and by the search itself."""

from __future__ import annotations

import json
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_runs import build_record

from distilgliner.commands.options import parse_overrides
from distilgliner.compare.config import build_compare_config
from distilgliner.distill.config import build_distill_config
from distilgliner.errors import UserError
from distilgliner.tune.budget import TuneBudget
from distilgliner.tune.repeat import Repeat
from distilgliner.tune.result import Best, build_result, read_finished, write_best
from distilgliner.tune.space import Range

RAW: dict[str, Any] = {
    "targets": "mixed",
    "student": "bilstm-tower-tiny",
    "student_options": {"hidden_dim": 24, "roles": True},
    "target": {"span_floor": 1e-05},
    "training": {
        "epochs": 7,
        "learning_rate": 0.00312,
        "seed": 5,
        "terms": {"gold": {"weight": 0.55}, "soft": {"loss": "reverse_kl"}},
        "stages": [{"terms": ["soft"], "epochs": 2}, {"epochs": 3}],
    },
}


def test_the_best_settings_can_be_used(tmp_path: Path) -> None:
    config = build_distill_config(RAW)
    path = tmp_path / "best.yaml"
    write_best(path, config, "Trial 3 of a search.")
    lines = path.read_text().splitlines()
    assert lines[0] == "# Trial 3 of a search."
    assert "arms: [mixed] and students: [bilstm-tower-tiny]" in lines[2]

    sections = yaml.safe_load(path.read_text())
    assert set(sections) == {"student_options", "target", "training"}
    others = {"labels": ["a"], "gold": "g", "transfer": "t", "dev": "d", "test": "e"}
    comparison = build_compare_config(
        {**others, "arms": ["mixed"], "students": ["bilstm-tower-tiny"], **sections}
    )
    assert comparison.training == config.training.model_copy(update={"seed": 0})
    assert (comparison.target, comparison.student_options) == (
        config.target,
        config.student_options,
    )

    command = shlex.split(lines[1].removeprefix("# "))
    assert command[:2] == ["distilgliner", "distill"]
    options = dict(zip(command[2::2], command[3::2], strict=True))
    settings = [value for name, value in pairwise(command) if name == "--set"]
    overrides = parse_overrides(settings)
    overrides["training"]["seed"] = 5
    assert (options["--targets"], options["--student"]) == ("mixed", "bilstm-tower-tiny")
    found = build_distill_config(
        {"targets": options["--targets"], "student": options["--student"], **overrides}
    )
    assert found == config


def test_the_content(tmp_path: Path) -> None:
    space = {"training.epochs": Range(0, 9)}
    records = [
        build_record(0, 0.5),
        build_record(1, 0.2, state="pruned", rungs={1: 0.2}),
        build_record(2, 0.75),
    ]
    repeats = [Repeat(2, 1, 0.5), Repeat(0, 1, 0.25), Repeat(2, 2, 0.75), Repeat(0, 2, 0.25)]
    best = Best(records[2], 2, 0.75)
    budget = TuneBudget(trials=3)
    result = build_result(budget, space, records, repeats, best, "trials", 61.26)
    assert result["best"] == {
        "trial": 2,
        "settings": {"training.epochs": 2},
        "search_f1": 0.75,
        "mean_f1": 0.625,
        "other_seeds": 2,
        "seed": 2,
        "dev_f1": 0.75,
    }
    assert result["seconds"] == 61.3
    assert result["trials"][1] == {
        "trial": 1,
        "settings": {"training.epochs": 1},
        "state": "pruned",
        "dev_f1": 0.2,
        "epochs": 4,
        "seconds": 10.0,
        "rungs": {"1": 0.2},
        "note": "",
        "same_as": None,
    }
    assert result["repeats"][1] == {"trial": 0, "seed": 1, "dev_f1": 0.25}
    alone = build_result(budget, space, records, [], Best(records[2], 0, 0.75), "minutes", 1.0)
    assert (alone["best"]["mean_f1"], alone["best"]["other_seeds"]) == (None, 0)

    (tmp_path / "tune.json").write_text(json.dumps(result))
    assert read_finished(tmp_path, budget) == result
    assert read_finished(tmp_path, TuneBudget(trials=4)) is None


def test_folders_without_a_result(tmp_path: Path) -> None:
    assert read_finished(tmp_path, TuneBudget()) is None
    (tmp_path / "tune.json").write_text("{}")
    with pytest.raises(UserError, match=r"tune.json lacks 'budget'; remove the folder"):
        read_finished(tmp_path, TuneBudget())
