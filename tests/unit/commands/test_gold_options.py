"""The options and notices of labelled text, as typed, on the bundled student."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from distilgliner.cli import main

TEXT = "🎪 Mara Lindt works at Siemens in Graz."
SPANS = [(2, 12, "person"), (22, 29, "organization"), (33, 37, "location")]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, *, pad: int = 0, astral: int = 0, last: int = 0, text: str = TEXT) -> None:
    entities = [
        {
            "start": start + astral - pad,
            "end": end + astral + pad - last,
            "text": text[start:end],
            "label": label,
        }
        for start, end, label in SPANS
    ]
    Path(name).write_text(json.dumps({"text": text, "entities": entities}) + "\n")


def run(capsys: pytest.CaptureFixture[str], command: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as stopped:
        main(command.split())
    return int(stopped.value.code or 0), capsys.readouterr().err


def evaluate(capsys: pytest.CaptureFixture[str], options: str) -> tuple[dict[str, Any], str]:
    code, told = run(capsys, f"evaluate --model general --gold {options} --json found.json")
    assert code == 0, told
    found: dict[str, Any] = json.loads(Path("found.json").read_text())
    return found["micro"], told


def test_padded_gold_scores_as_clean_gold_does(capsys: pytest.CaptureFixture[str]) -> None:
    write("clean.jsonl")
    padded = "🎪\u00a0Mara Lindt  works at\u2003Siemens\tin\nGraz ."
    marked = [(1, 14, "person"), (22, 31, "organization"), (33, 39, "location")]
    entities = [{"start": s, "end": e, "label": label} for s, e, label in marked]
    Path("padded.jsonl").write_text(json.dumps({"text": padded, "entities": entities}) + "\n")
    clean, told = evaluate(capsys, "clean.jsonl")
    assert told == ""
    found, told = evaluate(capsys, "padded.jsonl")
    assert found == clean
    assert clean["support"] == 3
    assert told.count("\n") == 1
    assert told.startswith("Note: white space at the borders of 3 entities or words was left out")


@pytest.mark.parametrize(
    ("unit", "change"),
    [("utf16", {"astral": 1}), ("utf8", {"astral": 3}), ("inclusive", {"last": 1})],
)
def test_the_remedy_works_when_typed(
    capsys: pytest.CaptureFixture[str], unit: str, change: dict[str, int]
) -> None:
    write("clean.jsonl")
    write("gold.jsonl", **change)
    clean, _ = evaluate(capsys, "clean.jsonl")
    code, told = run(capsys, "evaluate --model general --gold gold.jsonl")
    assert code == 2
    assert "gold.jsonl, line 1" in told
    assert told.endswith(f"pass --offsets {unit}.\n")
    assert evaluate(capsys, f"gold.jsonl --offsets {unit}")[0] == clean


def test_a_column_of_tags_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("gold.tsv").write_text("1\tGraz\tB-organization\tB-location\n2\tAG\tI-organization\tO\n")
    code, told = run(capsys, "evaluate --model general --gold gold.tsv")
    assert (code, "--tag-column 3" in told) == (2, True)
    found, _ = evaluate(capsys, "gold.tsv --tag-column 3")
    assert found["support"] == 1


@pytest.mark.parametrize(
    "command",
    [
        "annotate --teacher bundled --labels a --output out --input gold.jsonl",
        "finetune --teacher bundled --output out --gold gold.jsonl",
        "export --model general --quantize int8 --output out --dev gold.jsonl",
        "augment --output out.jsonl --input gold.jsonl",
    ],
)
def test_every_command_takes_the_options(capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, told = run(capsys, f"{command} --offsets bytes --tag-column 2")
    assert code == 2
    assert "--offsets 'bytes' is unknown; choose one of" in told


def test_a_comparison_takes_them_too() -> None:
    from distilgliner.compare.config import build_compare_config

    config = build_compare_config(
        {"labels": ["a"], "transfer": "a.txt", "test": "b", "arms": ["soft"], "tag_column": 3,
         "offsets": "utf16", "format": "csv"}
    )  # fmt: skip
    assert config.read_options() == {"format": "csv", "offsets": "utf16", "tag_column": 3}


def test_a_rejected_record_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    record = {"text": "Ida", "spans": [{"start": 0, "end": 3, "label": "a"}], "answer": "reject"}
    Path("gold.jsonl").write_text(json.dumps(record) + "\n")
    code, told = run(capsys, "finetune --teacher bundled --output out --gold gold.jsonl")
    assert code == 2
    assert "line 1, has no human labels (because of the \"answer\" 'reject'); give" in told


def test_an_array_on_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import sys
    from types import SimpleNamespace

    content = json.dumps([{"text": "Mara Lindt"}, {"text": "Graz"}], indent=1).encode()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    with pytest.raises(SystemExit):
        main(["predict", "--model", "general", "--output", "found.jsonl"])
    texts = [json.loads(line)["text"] for line in Path("found.jsonl").read_text().splitlines()]
    assert texts == ["Mara Lindt", "Graz"]


def test_files_in_utf16_name_a_remedy_and_what_latin1_makes_of_them_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    raw = "Mara Lindt\r\n".encode("utf-16")
    Path("a.txt").write_bytes(raw)
    code, told = run(capsys, "predict --model general --input a.txt")
    assert (code, "iconv -f utf-16 -t utf-8" in told) == (2, True)
    Path("a.txt").write_bytes(raw.decode("latin-1").encode())
    code, told = run(capsys, "predict --model general --input a.txt")
    assert (code, "holds the character NUL" in told) == (2, True)
