"""Commands say how much gold lies inside words, and which texts have no words to find."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from distilgliner.cli import main

GERMAN = [
    (
        "Der Opel-Chef traf am Dienstag Karin Vogt.",
        [("Opel", "organization"), ("Karin Vogt", "person")],
    ),
    (
        "Ein Bosch-Techniker rief Karin Vogt an.",
        [("Bosch", "organization"), ("Karin Vogt", "person")],
    ),
    ("Das Opel-Bosch-Treffen war kurz.", [("Opel", "organization"), ("Bosch", "organization")]),
]
CHINESE = [
    ("上周李雷从南京出发去了天津。", [("李雷", "person"), ("南京", "location")]),
    ("上周韩梅梅从苏州出发去了天津。", [("韩梅梅", "person"), ("苏州", "location")]),
]


def write(path: Path, rows: list[tuple[str, list[tuple[str, str]]]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for text, surfaces in rows:
            entities = [
                {"start": text.index(s), "end": text.index(s) + len(s), "label": label}
                for s, label in surfaces
            ]
            file.write(json.dumps({"text": text, "entities": entities}) + "\n")
    return path


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as caught:
        main(list(map(str, arguments)))
    return int(caught.value.code or 0)


def test_evaluate_counts_gold_inside_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = write(tmp_path / "de.jsonl", GERMAN)
    output = tmp_path / "out.json"
    labels = "organization,person"
    assert run(
        "evaluate", "--model", "general", "--labels", labels, "--input", gold, "--json", output
    ) == 0  # fmt: skip
    assert (
        "4 of 6 gold entities do not lie on word borders: 3 widened, 1 left out "
        f"('organization' 4 of 4); the first is {gold}, line 1: "
        "'Opel' (organization) in 'Opel-Chef'"
    ) in capsys.readouterr().err
    found = json.loads(output.read_text())
    assert found["gold_borders"]["labels"] == {"organization": {"affected": 4, "entities": 4}}
    assert (found["gold_borders"]["widened"], found["gold_borders"]["left_out"]) == (3, 1)
    assert found["texts_without_spaces"] == 0


def test_evaluate_tells_of_a_script_without_spaces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = write(tmp_path / "zh.jsonl", CHINESE)
    assert (
        run("evaluate", "--model", "general", "--labels", "person,location", "--input", gold) == 0
    )
    shown = capsys.readouterr().err
    assert "4 of 4 gold entities do not lie on word borders: 2 widened, 2 left out" in shown
    assert "2 of 2 texts have Chinese, Japanese, Thai, Lao, Khmer or Burmese without" in shown


@pytest.mark.parametrize("workers", [1, 2])
def test_predict_tells_once(
    workers: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = write(tmp_path / "zh.jsonl", [*CHINESE, ("Ada lives in Oslo.", [])])
    output = tmp_path / "out.jsonl"
    options = ["--input", texts, "--output", output, "--workers", workers]
    assert run("predict", "--model", "general", *options) == 0
    assert capsys.readouterr().err.count("2 of 3 texts have Chinese, Japanese,") == 1
    assert len(output.read_text(encoding="utf-8").splitlines()) == 3


def test_gold_on_word_borders_is_no_matter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = write(tmp_path / "en.jsonl", [("Ada Byron lives in Oslo.", [("Ada Byron", "person")])])
    assert run("evaluate", "--model", "general", "--labels", "person", "--input", gold) == 0
    assert "Note" not in capsys.readouterr().err
