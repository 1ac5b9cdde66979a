"""`distilgliner finetune`: what it asks for, and what it says when it is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from distilgliner.cli import main
from distilgliner.finetune import run
from distilgliner.finetune.config import FinetuneConfig
from tiny_store import build_documents, write_jsonl

RESULT = {"f1_before": 0.5, "f1": 0.625, "updates": 1200, "seconds": 61.4}


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command asks the stage for; its answer is `RESULT` with the share put in here."""
    write_jsonl(tmp_path / "gold.jsonl", build_documents(8))
    monkeypatch.chdir(tmp_path)
    kept: dict[str, Any] = {"share": 1.0}

    def run_finetuning(gold: Any, **arguments: Any) -> dict[str, Any]:
        kept.update(arguments, gold=gold)
        return {**RESULT, "share": kept["share"], **kept.get("more", {})}

    monkeypatch.setattr(run, "run_finetuning", run_finetuning)
    return kept


def finetune(options: str = "") -> int:
    with pytest.raises(SystemExit) as caught:
        main(f"finetune --teacher bundled --gold gold.jsonl --output out {options}".split())
    return int(caught.value.code or 0)


@pytest.mark.parametrize(
    ("share", "ending"),
    [
        (1.0, " s\n"),
        (0.5, " s; 50% of what it learned, mixed into the old weights\n"),
        (0.0, " s; dev gained nothing, so the teacher is unchanged\n"),
    ],
)
def test_it_says_how_much_was_learned(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str], share: float, ending: str
) -> None:
    asked["share"] = share

    assert finetune() == 0

    expected = "out: dev F1 50.0 before, 62.5 after, 1,200 updates in 61"
    assert capsys.readouterr().out == expected + ending


def test_settings_reach_the_stage(asked: dict[str, Any]) -> None:
    options = "--epochs 3 --freeze subwords --seed 4 --threads 1 --set interpolation=[0.1,0.9]"

    assert finetune(options) == 0

    assert asked["config"] == FinetuneConfig(
        epochs=3, freeze=("subwords",), seed=4, interpolation=(0.1, 0.9)
    )
    assert (asked["teacher"], asked["output"], asked["threads"]) == ("bundled", Path("out"), 1)
    assert len(asked["gold"]) == 8
    assert asked["labels"] == ("city", "person")


def test_text_to_keep(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    Path("notes.txt").write_text("Ada sees Rome.\nBob does not.\n", encoding="utf-8")
    asked["more"] = {"kept": {"f1": 0.931}}

    assert finetune("--keep notes.txt --keep gold.jsonl --keep-labels animal,person") == 0

    assert [d.text for d in asked["keep"][:2]] == ["Ada sees Rome.", "Bob does not."]
    assert len(asked["keep"]) == 10
    assert asked["keep_labels"] == ("animal", "person")
    assert capsys.readouterr().out.endswith(
        "; 93.1 F1 with what it said before of the text to keep\n"
    )


def test_kept_text_in_which_nothing_was_found(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    asked["more"] = {"kept": {"f1": None}}
    assert finetune("--keep gold.jsonl --keep-labels animal") == 0
    assert capsys.readouterr().out.endswith(" s\n")


def test_a_share_must_lie_between(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert finetune("--set interpolation=[1.5]") == 2
    assert "interpolation.0 is wrong: Input should be less than 1" in capsys.readouterr().err
