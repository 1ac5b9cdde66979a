"""The whole way by the command line, with the bundled teacher and little of the bundled corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from distilgliner.bundled import bundled_corpus
from distilgliner.cli import main
from distilgliner.runtime.export import run_export

LABELS = "person,organization,location,date,product,event"
SIZES = {"subword_dim": 48, "affix_dim": 16, "affix_buckets": 1024, "hidden_dim": 48}
QUICK = {
    "batch_documents": 4,
    "learning_rate": 0.01,
    "table_learning_rate": 0.01,
    "min_updates": 0,
    "patience": 99,
}
TRAIN, DEV, TEST = (str(bundled_corpus(part)) for part in ("train", "dev", "test"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("gliner", reason="needs the extra 'annotate'")
    return tmp_path_factory.mktemp("way")


def run(*arguments: str | Path) -> None:
    with pytest.raises(SystemExit) as caught:
        main(list(map(str, arguments)))
    assert caught.value.code == 0


def all_files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_annotate_distill_evaluate_predict(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    store, student = folder / "annotations", folder / "student"
    run("annotate", "--teacher", "bundled", "--labels", LABELS, "--input", f"{TRAIN}[:40]",
        "--output", store)  # fmt: skip
    settings = [f"student_options.{name}={value}" for name, value in SIZES.items()]
    settings += [f"training.{name}={value}" for name, value in QUICK.items()]
    options = [word for setting in settings for word in ("--set", setting)]
    run("distill", "--annotations", store, "--output", student, "--targets", "soft",
        "--epochs", "16", "--dev", f"{TRAIN}[:40]", *options)  # fmt: skip
    result = json.loads((student / "result.json").read_text())
    assert (result["documents"], result["epochs"], result["updates"]) == (40, 16, 160)
    assert "A bilstm-crf student of bundled" in (student / "README.md").read_text()
    hint = b"annotations has no hidden states of the teacher"
    assert hint in capfdbinary.readouterr().err

    scores = folder / "scores.json"
    run("evaluate", "--model", student, "--input", f"{TRAIN}[:40]", "--json", scores,
        "--annotations", store)  # fmt: skip
    measured = json.loads(scores.read_text())
    assert sorted(measured["labels"]) == sorted(LABELS.split(","))
    assert measured["micro"]["f1"] == pytest.approx(result["dev_f1"], abs=0.05)
    assert measured["micro"]["support"] > 40
    assert measured["micro"]["f1"] > 0.3  # of sentences that it has seen
    assert 0.3 < measured["agreement"]["f1"] < 1

    capfdbinary.readouterr()
    (folder / "texts.txt").write_text("Ada Lovelace left London .\n\nNothing at all .\n")
    run("predict", "--model", student, "--input", folder / "texts.txt", "--threshold", "0.01")
    lines = [json.loads(line) for line in capfdbinary.readouterr().out.decode().splitlines()]
    texts = ["Ada Lovelace left London .", "", "Nothing at all ."]
    assert [line["text"] for line in lines] == texts
    assert lines[0]["entities"]
    for entity in lines[0]["entities"]:
        assert list(entity) == ["start", "end", "text", "label", "score"]
        assert lines[0]["text"][entity["start"] : entity["end"]] == entity["text"]
        assert entity["label"] in LABELS.split(",")


def test_students_and_teacher_have_one_interface(folder: Path, bundled_teacher: Any) -> None:
    from distilgliner import DistilGLiNER

    student = DistilGLiNER.from_pretrained(folder / "student")
    text, labels = "Ada Lovelace left London for Siemens in 1843 .", LABELS.split(",")
    expected = bundled_teacher.batch_predict_entities([text], labels, 0.5)[0]
    assert expected
    found = student.predict_entities(text, labels, threshold=0.01)
    assert found
    assert {name: type(value) for name, value in found[0].items()} == {
        name: type(value) for name, value in expected[0].items()
    }


def test_compare(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = folder / "compare.yaml"
    settings = {
        "name": "tiny",
        "labels": LABELS.split(","),
        "gold": f"{TRAIN}[:40]",
        "transfer": f"{TRAIN}[:40]",
        "dev": f"{DEV}[:10]",
        "test": f"{TEST}[:12]",
        "arms": ["soft", "mixed"],
        "seeds": [3],
        "student_options": SIZES,
        "training": {"epochs": 8, **QUICK},
        "curve_documents": 5,
        "examples": 3,
        "cost_rounds": 1,
        "cost_seconds": 0.05,
        "workers": 2,
    }
    config.write_text(json.dumps(settings))  # JSON is YAML
    output = folder / "comparison"
    run("compare", config, "--output", output)
    shown = capsys.readouterr().out
    assert str(output / "report.html") in shown.replace("\n", "")

    results = json.loads((output / "results.json").read_text())
    assert [(run["arm"], run["seed"]) for run in results["runs"]] == [("soft", 3), ("mixed", 3)]
    assert {pair["a"] + pair["b"] for pair in results["significance"]} <= {"softmixed", "mixedsoft"}
    assert results["costs"].keys() == {"teacher", "bilstm-crf"}
    assert results["costs"]["bilstm-crf"]["disk_bytes"] < 5e6
    assert results["costs"]["teacher"]["disk_bytes"] > 5e7
    assert results["data"]["test"]["documents"] == 12
    assert results["teacher"]["quality"]["micro"]["f1"] > 0.3
    assert results["teacher"]["annotation_words_per_second"] > 0
    for described in results["runs"]:
        assert [point["epoch"] for point in described["curve"]] == list(range(1, 9))
        assert described["agreement"]["kl"] > 0
        assert described["train_seconds"] > 0
        assert 0 <= described["quality"]["calibration"]["ece"] <= 1
    assert results["teacher"]["quality"]["calibration"]["entities"] > 0
    html, markdown = ((output / f"report.{kind}").read_text() for kind in ("html", "md"))
    assert "<svg" in html
    assert "http" not in html.split("<body")[1].split("src=")[-1][:5]
    for report in (html, markdown):
        assert "tiny" in report
        assert "mixed" in report

    # Again: nothing is trained, annotated or measured anew.
    made = all_files(output)
    run("compare", config, "--output", output)
    changed = {path for path, time in all_files(output).items() if made.get(path) != time}
    for part in ("runs", "annotations"):
        assert not [path for path in changed if path.is_relative_to(output / part)]
    assert output / "costs.json" not in changed
    again = json.loads((output / "results.json").read_text())
    assert {**again, "created": None} == {**results, "created": None}


def test_a_comparison_with_other_settings_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["compare", str(folder / "compare.yaml"), "--output", str(folder / "comparison"),
              "--seeds", "3,4", "--epochs", "5"])  # fmt: skip
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert "holds a comparison with another training; give another --output" in error
    assert error.count("\n") == 1


def test_the_best_student_of_the_quickstart(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    """The command on the comparison that is finished already: only its last steps are left."""
    from distilgliner.compare import quickstart
    from distilgliner.compare.config import read_compare_config

    config = read_compare_config(folder / "compare.yaml")
    monkeypatch.setattr(quickstart, "build_quickstart_config", lambda **_: config)
    output = folder / "comparison"
    run("quickstart", "--output", output)
    shown = capsys.readouterr().out
    assert "Report:" in shown
    for text in quickstart.EXAMPLES:
        assert text.split()[0] in shown
    student = output / "student"
    best = output / "runs" / "bilstm-crf" / "mixed" / "seed-3"
    names = {"README.md", "config.json", "model.onnx", "manifest.json", "tokenizer.json"}
    assert names <= {path.name for path in student.iterdir()}
    run_export(best, tmp_path / "exported")
    assert (student / "model.onnx").read_bytes() == (tmp_path / "exported/model.onnx").read_bytes()
