"""`results.json` is read strictly and written so that it reads back the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from distilgliner.compare.results import read_results, write_results
from distilgliner.errors import UserError
from fake_results import build_results


def test_written_results_read_back_the_same(tmp_path: Path) -> None:
    results = build_results(students=("bilstm-tagger", "bilstm-tower"))
    write_results(results, tmp_path / "results.json")
    assert read_results(tmp_path) == results
    assert read_results(tmp_path / "results.json") == results
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


def test_not_finite_loss_becomes_null(tmp_path: Path) -> None:
    content = build_results().model_dump()
    content["runs"][0]["curve"][0]["train_loss"] = float("nan")
    write_results(type(build_results()).model_validate(content), tmp_path / "results.json")
    assert read_results(tmp_path).runs[0].curve[0].train_loss is None


def test_unknown_key_names_file_and_place(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    content = json.loads(build_results().model_dump_json())
    content["runs"][0]["colour"] = "red"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(UserError, match=r"results\.json.*runs\.0\.colour.*compare' again"):
        read_results(path)


def test_broken_json_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text('{\n"format": 1,\n oops}', encoding="utf-8")
    with pytest.raises(UserError, match=r"results\.json, line 3"):
        read_results(path)


def test_missing_file_tells_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give the folder or"):
        read_results(tmp_path / "nothing.json")
