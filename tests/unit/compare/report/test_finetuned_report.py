"""What a report says when the teacher was fine-tuned on gold first."""

from __future__ import annotations

import pytest

from distilgliner.compare.config import build_compare_config
from distilgliner.compare.report.tables import build_label_table, build_quality_table
from distilgliner.compare.report.verdict import build_verdict
from distilgliner.compare.results import Results
from distilgliner.errors import UserError
from fake_results import build_results

RAW = {"labels": ["person"], "transfer": "a.txt", "dev": "dev.jsonl", "test": "test.jsonl"}


def build_finetuned(before: float) -> Results:
    content = build_results().model_dump()
    quality = build_results().teacher.quality.model_dump()
    quality["micro"]["f1"] = before
    content["teacher"]["quality"]["micro"]["f1"] = 0.75
    content["finetuning"] = {
        "name": "bundled", "quality": quality, "seconds": 312.0, "updates": 824
    }  # fmt: skip
    return Results.model_validate(content)


def test_both_teachers_have_a_row() -> None:
    table = build_quality_table(build_finetuned(0.715))
    assert [(row.name, row.cells[0].text) for row in table.rows[:2]] == [
        ("teacher", "71.5"),
        ("fine-tuned teacher", "75.0"),
    ]
    assert any("824 updates, 5 min 12 s" in note for note in table.notes)
    plain = build_quality_table(build_results())
    assert [row.name for row in plain.rows].count("fine-tuned teacher") == 0
    assert build_label_table(build_finetuned(0.715)).columns[2] == "fine-tuned teacher"


@pytest.mark.parametrize(("before", "change"), [(0.715, "+3.5"), (0.75, "0.0"), (0.76, "−1.0")])
def test_the_verdict_says_what_it_gave(before: float, change: str) -> None:
    verdict = build_verdict(build_finetuned(before))
    assert f"from {100 * before:.1f} to 75.0 ({change})" in verdict
    # hard and soft learned from a teacher that has seen the labels
    assert "Without any human label" not in verdict
    assert "Without any human label" in build_verdict(build_results())


def test_the_section_of_the_configuration() -> None:
    raw = {**RAW, "gold": "gold.jsonl", "finetune": {"epochs": 2, "freeze": ["subwords"]}}
    config = build_compare_config(raw)
    assert config.finetune is not None
    assert (config.finetune.epochs, config.finetune.freeze) == (2, ("subwords",))
    assert build_compare_config({**RAW, "gold": "gold.jsonl"}).finetune is None
    with pytest.raises(UserError, match=r"'finetune.epoch'; did you mean finetune.epochs\?"):
        build_compare_config({**raw, "finetune": {"epoch": 2}})
    with pytest.raises(UserError, match="finetune needs gold; add gold or leave finetune out"):
        build_compare_config({**RAW, "arms": ["soft"], "finetune": {}})
