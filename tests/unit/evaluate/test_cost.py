"""Measuring cost, in this process and with the processes of its own replaced."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fake_predictors import FakePredictor, FakeStudent

from distilgliner.corpus.labels import split_labels
from distilgliner.corpus.words import split_words
from distilgliner.errors import UserError
from distilgliner.evaluate import cost
from distilgliner.evaluate.external import ExternalModel

TEXTS = ["Ada lives in Bath .", " ".join(["word"] * 30), "one two " * 10, "", "short"]


class Slow(FakePredictor):
    def batch_predict_entities(self, texts: Any, labels: Any, threshold: float = 0.5) -> Any:
        time.sleep(0.02)
        return super().batch_predict_entities(texts, labels, threshold)


def test_everything_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "_LEAST_SECONDS", 0.05)
    found = cost.measure_cost(lambda: FakePredictor({}), TEXTS, ["x"], (1, 2), budget_seconds=0.1)
    assert set(found) == {
        "load_seconds",
        "import_seconds",
        "peak_memory_bytes",
        "words_per_second",
        "latency_ms",
    }
    assert set(found["words_per_second"]) == {"1", "2"}
    assert 0 < found["latency_ms"]["p50"] <= found["latency_ms"]["p95"]
    assert found["peak_memory_bytes"] > 1_000_000


def test_a_slow_model_takes_no_longer_than_its_budget() -> None:
    model = Slow({})
    started = time.perf_counter()
    found = cost.measure_cost(lambda: model, TEXTS * 1000, ["x"], budget_seconds=0.2)
    assert time.perf_counter() - started < 3
    assert found["latency_ms"]["p50"] >= 20
    assert 1000 < found["words_per_second"]["1"] < 100_000


def test_labels_of_the_student_itself() -> None:
    model = FakeStudent({}, ["a", "b"])
    cost.measure_cost(lambda: model, TEXTS, None, budget_seconds=0.01)
    assert {tuple(labels) for _, labels, _ in model.calls} == {("a", "b")}
    with pytest.raises(UserError, match="does not know the label 'c'"):
        cost.measure_cost(lambda: model, TEXTS, ["c"], budget_seconds=0.01)


def test_sentences_for_the_latency() -> None:
    chosen = cost.choose_sentences(TEXTS)
    assert [len(split_words(sentence)) for sentence in chosen] == [20, 20, 5, 1]
    assert cost.choose_sentences(TEXTS, 1) == ["one two " * 9 + "one two"]


def test_texts_without_words() -> None:
    with pytest.raises(UserError, match="hold no word"):
        cost.measure_cost(lambda: FakePredictor({}), ["", " "], ["x"])
    with pytest.raises(UserError, match="no text to measure on"):
        cost.run_cost({}, [], ["x"])


def test_models_alternate_and_medians_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    order = []

    def measure(model: Any, texts: Path, options: Sequence[str]) -> Any:
        order.append(model)
        assert texts.read_text().count("\n") == len(TEXTS)
        assert options == ["--threads", "1,3", "--budget", "2.0", "--labels=x"]
        number = len(order)
        return {
            "disk_bytes": 7,
            "load_seconds": float(number),
            "latency_ms": {"p50": 0.5 * number, "p95": 1.0},
        }

    monkeypatch.setattr(cost, "_measure_apart", measure)
    found = cost.run_cost(
        {"a": "A", "b": Path("B")}, TEXTS, ["x"], threads=(3, 1), budget_seconds=2.0
    )
    assert order == ["A", Path("B")] * 3
    assert found["a"] == {
        "disk_bytes": 7,
        "load_seconds": 3.0,
        "latency_ms": {"p50": 1.5, "p95": 1.0},
    }
    assert found["b"]["load_seconds"] == 4.0


def test_a_model_that_cannot_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is no model: it has neither a config\.json") as caught:
        cost.run_cost({"a": tmp_path}, TEXTS, ["one, two"], rounds=1, threads=[1])
    assert not str(caught.value).startswith("distilgliner:")


def test_labels_with_commas_reach_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def run(command: list[str], **_: Any) -> Any:
        started.append(command)
        return subprocess.CompletedProcess(command, 2, "", "distilgliner: enough\n")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(UserError, match="enough"):
        cost.run_cost({"a": tmp_path}, TEXTS, ["one, two", "b"], rounds=1, threads=[1])
    with pytest.raises(UserError, match="enough"):
        cost.run_cost({"a": tmp_path}, TEXTS, ["one, two", "b"], prompts=1, rounds=1, threads=[1])
    found = [
        [split_labels(word[9:]) for word in command if word.startswith("--labels=")]
        for command in started
    ]
    assert found == [[["b", "one, two"]], [["b"], ["one, two"]]]


def test_a_foreign_model_comes_from_its_loader(tmp_path: Path) -> None:
    (tmp_path / "strange_models.py").write_text(
        "import time\n"
        "class Strange:\n"
        "    def batch_predict_entities(self, texts, labels):\n"
        "        time.sleep(0.001)\n"
        "        return [[] for _ in texts]\n"
        "def load_strange(model):\n"
        "    assert model == 'a model'\n"
        "    import xmlrpc.server\n"
        "    return Strange()\n",
        encoding="utf-8",
    )
    model = ExternalModel("strange_models:load_strange", "a model", tmp_path)
    found = cost.run_cost(
        {"strange": model}, TEXTS, ["x"], rounds=1, threads=[1], budget_seconds=0.05
    )["strange"]
    assert 0 < found["import_seconds"] < found["load_seconds"]
    assert found["words_per_second"]["1"] > 0
    assert "disk_bytes" not in found


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of one program")
def test_the_memory_of_the_parent_does_not_count() -> None:
    ballast = b"x" * 200_000_000
    code = "from distilgliner.evaluate.cost import read_peak_memory; print(read_peak_memory())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(cost.__file__).parents[2])},
        capture_output=True,
        check=True,
    )
    assert 5_000_000 < int(done.stdout) < len(ballast)
