"""`distilgliner serve`, as a program of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gliner.serve import GLiNERClient

from distilgliner.cli import main
from distilgliner.student.predictor import DistilGLiNER

_LIMIT = 60  # seconds, after which something hangs
TEXTS = ["Ada met Bob in Rome.", "", "Rome 😀 Ada"]


@pytest.fixture
def server(exported: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program, and the address that it names."""
    command = [sys.executable, "-m", "distilgliner", "serve", "--model", exported, "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"open (http://127\.0\.0\.1:\d+) ", process.stdout.readline())
        assert found, process.stderr and process.stderr.read()
        yield process, found[1]
    finally:
        process.kill()
        process.communicate()


def test_gliners_own_client_gets_what_python_finds(
    server: tuple[subprocess.Popen[str], str], exported: Path
) -> None:
    process, address = server
    assert httpx.get(f"{address}/health", timeout=_LIMIT).json() == {"status": "ok"}
    model = DistilGLiNER.from_pretrained(exported)
    client = GLiNERClient(address, timeout=_LIMIT)
    found = client.predict(TEXTS, labels=model.labels[:1], threshold=0.01)
    expected = model.batch_predict_entities(TEXTS, model.labels[:1], threshold=0.01)
    assert any(expected)
    assert [
        [(entity["start"], entity["end"], entity["label"]) for entity in answer["entities"]]
        for answer in found
    ] == [[(e["start"], e["end"], e["label"]) for e in entities] for entities in expected]

    process.send_signal(signal.SIGINT)
    output, error = process.communicate(timeout=_LIMIT)
    assert (process.returncode, output, error) == (0, "stopped\n", "")


def test_neither_torch_nor_gliner_is_needed(exported: Path) -> None:
    program = f"""
import sys
from distilgliner import DistilGLiNER
from distilgliner.serve import answering, app, limits, run

model = DistilGLiNER.from_pretrained({str(exported)!r})
app.build_app(answering.Answerer(model, "m"), limits.ServeLimits(1, 1, 1.0))
assert not {{"torch", "gliner", "transformers", "pyarrow"}} & set(sys.modules)
"""
    finished = subprocess.run([sys.executable, "-c", program], timeout=_LIMIT)
    assert finished.returncode == 0


def test_bad_options_end_with_one_line(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options, error in [
        (["--threshold", "1"], "--threshold 1 is not between 0 and 1"),
        (["--host", "no address"], "--host no address is no address of this machine"),
    ]:
        with pytest.raises(SystemExit) as caught:
            main(["serve", "--model", str(exported), "--port", "0", *options])
        assert caught.value.code == 2
        assert error in capsys.readouterr().err


def test_without_its_packages_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith("distilgliner.serve")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    with pytest.raises(SystemExit) as caught:
        main(["serve", "--model", "general"])
    assert caught.value.code == 2
    assert "pip install 'distilgliner[serve]'" in capsys.readouterr().err
