"""`predict` in several processes gives what one gives, in the same order."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from distilgliner.cli import main
from distilgliner.commands import workers
from distilgliner.commands.batches import collect_batches
from distilgliner.commands.workers import predict_in_workers
from distilgliner.errors import UserError
from distilgliner.runtime.export import run_export
from tiny_store import LABELS, build_documents, build_tiny_student, write_jsonl


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("student")
    build_tiny_student(folder / "store", "tagger").write(folder / "trained")
    run_export(folder / "trained", folder / "exported")
    return folder / "exported"


def predict(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["predict", *map(str, arguments)])
    return int(caught.value.code or 0)


def test_the_same_lines_in_the_same_order(tmp_path: Path, student: Path) -> None:
    source = tmp_path / "texts.jsonl"
    lines = write_jsonl(source, build_documents(90)).read_text().splitlines()
    records = [{"id": number, **json.loads(line)} for number, line in enumerate(lines)]
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    options = ["--model", student, "--input", source, "--threshold", "0.3"]
    assert predict(*options, "--output", tmp_path / "one.jsonl", "--threads", "1") == 0
    several = ["--workers", "2", "--batch-size", "7"]
    assert predict(*options, *several, "--output", tmp_path / "two.jsonl") == 0
    one, two = (
        [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
        for name in ("one.jsonl", "two.jsonl")
    )
    assert len(one) == 90
    assert any(line["entities"] for line in one)
    for ours, theirs in zip(two, one, strict=True):
        assert ours["text"] == theirs["text"]
        assert ours["id"] == theirs["id"]
        assert [(e["start"], e["end"], e["label"]) for e in ours["entities"]] == [
            (e["start"], e["end"], e["label"]) for e in theirs["entities"]
        ]


def test_a_fault_in_the_input_comes_behind_what_stood_before_it(
    student: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = '{"text": "Ada met Bob"}\n{"text": "Rome"}\n{"text": \n'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    assert predict("--model", student, "--workers", "2", "--batch-size", "1") == 2
    output = capfd.readouterr()
    assert [json.loads(line)["text"] for line in output.out.splitlines()] == ["Ada met Bob", "Rome"]
    assert "line 3" in output.err
    assert "Traceback" not in output.err


def test_reading_stays_a_few_batches_ahead_and_a_pause_is_answered(student: Path) -> None:
    read: list[int] = []

    def texts() -> Iterator[str | None]:
        for number in range(30):
            read.append(number)
            yield f"Ada met Bob {number}"
            if number == 2:
                yield None

    batches = collect_batches(texts(), 1, flush_on_pause=True)
    lines = predict_in_workers(str(student), batches, LABELS, 0.5, workers=2, threads=1)
    found = [json.loads(next(lines))["text"] for _ in range(3)]
    assert found == [f"Ada met Bob {number}" for number in range(3)]
    assert read == [0, 1, 2]  # at the pause everything came back before more was read
    found.append(json.loads(next(lines))["text"])
    assert len(read) <= 3 + 2 * workers._BATCHES_AHEAD
    found += [json.loads(line)["text"] for line in lines]
    assert found == [f"Ada met Bob {number}" for number in range(30)]


def kill_oneself(_: list[str]) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def test_a_killed_worker_is_one_sentence(student: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_predict_batch", kill_oneself)
    lines = predict_in_workers(str(student), [["Ada"]], LABELS, 0.5, workers=1, threads=1)
    with pytest.raises(UserError, match=r"A worker was killed, .* fewer --workers"):
        list(lines)
