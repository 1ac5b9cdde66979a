"""The command `tune`: its options reach the search, and its table says what came of it."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from distilgliner.cli import main
from distilgliner.commands.tune import build_table, describe
from tiny_store import SETTINGS, build_documents, write_jsonl, write_store

TUNE = "tune --annotations store --dev dev.jsonl --output out"
SMALL = " ".join(f"--set {setting}" for setting in SETTINGS)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    documents = build_documents(30)
    write_store(tmp_path / "store", documents[:20])
    write_jsonl(tmp_path / "gold.jsonl", documents[:15])
    write_jsonl(tmp_path / "dev.jsonl", documents[20:])
    (tmp_path / "space.yaml").write_text("training.learning_rate: [1e-2, 2e-2]\n")
    (tmp_path / "wrong.yaml").write_text("training.learning_rat: [1e-2]\n")
    return tmp_path


def run(command: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(command.split())
    return int(caught.value.code or 0)


def test_a_search(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = "--targets mixed --gold gold.jsonl --student bilstm-tower --seed 3 --trials 3"
    command = f"{TUNE} {options} --repeat 2 --set training.epochs=1 {SMALL}"
    assert run(f"{command} --space space.yaml") == 0
    shown = capsys.readouterr().out
    assert "Best trials on dev" in shown
    assert "3 trials in 0." in shown
    assert "settings in out/best.yaml" in shown
    config = json.loads((place / "out" / "best" / "run.json").read_text())["config"]
    assert (config["targets"], config["student"]) == ("mixed", "bilstm-tower")
    assert config["training"]["seed"] in (3, 4, 5)
    assert config["training"]["epochs"] == 1
    result = json.loads((place / "out" / "tune.json").read_text())
    # The default is not in the list, so that all are drawn; the third is one of the two again.
    assert {t["settings"]["training.learning_rate"] for t in result["trials"]} <= {0.01, 0.02}
    assert [repeat["seed"] for repeat in result["repeats"]] in ([4, 4, 5, 5], [])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--space wrong.yaml", "wrong.yaml: unknown key 'training.learning_rat'; did you mean tr"),
        ("--space lost.yaml", "There is no file lost.yaml; give the YAML file of a space."),
        (
            "--space space.yaml --set training.learning_rate=1e-3",
            "space.yaml: training.learning_rate is set for all trials already; leave it out",
        ),
        ("--trials 0", "--trials is wrong: "),
        ("--minutes 0", "--minutes is wrong: "),
        ("--set training.surprise=1", "training.surprise is unknown"),
        ("--targets mixed", "Targets 'mixed' need gold documents; pass --gold FILE."),
        ("--gold gold.jsonl", "learn from no human label; leave --gold out"),
        ("--dev lost.jsonl", "lost.jsonl does not exist"),
        ("--annotations lost", "lost is not a folder"),
    ],
)
def test_wrong_options(
    options: str, message: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"{TUNE} {options}") == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (place / "out").exists()


def test_options_that_are_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("tune --annotations store --output out") == 2
    assert "Missing option '--dev'" in capsys.readouterr().err


def build_trial(number: int, dev_f1: float | None, **values: Any) -> dict[str, Any]:
    settings = {"training.epochs": number, "training.stages": ["[bold]"]}
    common = {"trial": number, "settings": settings, "state": "complete", "same_as": None}
    return {**common, "dev_f1": dev_f1, "seconds": 10.0 + number, **values}


def build_result(**best: Any) -> dict[str, Any]:
    trials = [build_trial(number, 0.5 + number / 100) for number in range(7)]
    trials.append(build_trial(7, 0.9, state="pruned"))
    trials.append(build_trial(8, None, state="failed"))
    trials.append(build_trial(9, 0.56, same_as=6))
    return {
        "trials": trials,
        "repeats": [{"trial": 1, "seed": s, "dev_f1": f1} for s, f1 in ((1, 0.5), (2, 0.6))],
        "importance": {"training.epochs": 0.25, "training.stages": None},
        "best": {"trial": 1, "search_f1": 0.51, "mean_f1": 0.55, "dev_f1": 0.6, **best},
        "seconds": 90.0,
    }


def test_the_table() -> None:
    shown = StringIO()
    Console(width=120, file=shown).print(build_table(build_result(other_seeds=2)))
    rows = {}
    for line in shown.getvalue().splitlines():
        cells = [cell.strip() for cell in line.strip("┃│").replace("┃", "│").split("│")]
        rows[cells[0]] = cells[1:]
    assert rows["trial"] == ["6", "5", "4", "3", "2", "1*", "matters"]
    assert rows["dev F1"] == ["56.0", "55.0", "54.0", "53.0", "52.0", "51.0", ""]
    assert rows["other seeds"] == ["–", "–", "–", "–", "–", "55.0", ""]
    assert rows["seconds"][0] == "16"
    assert rows["epochs"] == ["6", "5", "4", "3", "2", "1", "25 %"]
    assert rows["stages"] == ["['[bold]']"] * 6 + ["–"]


def test_the_lines_below() -> None:
    lines = describe(build_result(other_seeds=2), Path("out")).splitlines()
    assert lines == [
        "10 trials in 1.5 minutes: 8 complete, 1 pruned, 1 failed",
        "out/best: the student of trial 1, dev F1 60.0; settings in out/best.yaml",
        "Its settings with 2 other seeds have 55.0 on average, where the search had 51.0",
    ]
    alone = build_result(mean_f1=None, other_seeds=0)
    assert describe(alone, Path("out")).splitlines()[2] == (
        "No settings were run again: the best dev F1 is in part luck"
    )
