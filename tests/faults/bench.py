"""What attacks are made on: a small folder of each kind, and the command line in this process."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
import signal
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from damage import PICKLE_RAN

from distilgliner.cli import main
from distilgliner.distill.training.checkpoint import CHECKPOINT_FILE
from tiny_store import SETTINGS, build_documents, write_jsonl, write_store

SECONDS = 120
"""After which an attack counts as one that hangs."""
_SET = " ".join(f"--set {setting}" for setting in SETTINGS)
DISTILL = (
    f"distill --annotations store --dev dev.jsonl --targets hard --epochs 2 {_SET} "
    "--student bilstm-tagger --set training.batch_documents=8"
)
TUNE = (
    f"tune --annotations store --dev dev.jsonl --targets hard --trials 2 --repeat 0 {_SET} "
    "--set training.epochs=1 --set training.batch_documents=8 --space space.yaml --output tuned"
)
PREDICT = "predict --input texts.txt --model"
COMPARE = "compare --output compared"


@dataclass
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str
    crash: str = ""


Expect = Callable[[Outcome, Path, "Bench"], str | None]
"""What fell, in words; None when the attack was held off."""


@dataclass
class Attack:
    """Something that goes wrong, a command, and what must come of it."""

    name: str
    prepare: Callable[[Path], object]
    """Works in the folder of the attack, which has a copy of the material."""
    command: str
    expect: Expect
    file_limit: int | None = None
    """Bytes that a file may have, in place of a full disk."""
    needs: tuple[str, ...] = field(default_factory=tuple)
    """What of the material it needs; () is all of it."""


class Bench:
    """The material, made once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        documents = build_documents(40)
        write_store(folder / "store", documents[:24])
        write_store(folder / "other-store", build_documents(24, seed=5))
        write_jsonl(folder / "gold.jsonl", documents[:24])
        write_jsonl(folder / "dev.jsonl", documents[24:32])
        write_jsonl(folder / "test.jsonl", documents[32:])
        (folder / "texts.txt").write_text("\n".join(document.text for document in documents[:8]))
        (folder / "space.yaml").write_text("training.learning_rate: [1e-2, 2e-2]\n")
        (folder / "compare.yaml").write_text(
            "labels: [person, city]\ngold: gold.jsonl\ntransfer: gold.jsonl\ndev: dev.jsonl\n"
            "test: test.jsonl\n"
        )
        (folder / "lexicon.json").write_text('{"city": ["Oslo", "Bath"]}')
        (folder / "labels.txt").write_text("person\ncity\n")
        with working_in(folder):
            for command in (
                f"{DISTILL} --output student",
                "export --model student --output exported",
            ):
                outcome = run(command)
                assert outcome.code == 0, outcome
                assert not outcome.crash, outcome
            self._stop_halfway(folder / "half")
        self.predictions = {model: self.predict(model) for model in ("student", "exported")}

    def add_search(self) -> None:
        """A finished search as well, which takes seconds."""
        with working_in(self.folder):
            if not Path("tuned").is_dir():
                assert run(TUNE).code == 0

    def predict(self, model: str) -> str:
        """What a student finds in the texts."""
        with working_in(self.folder):
            outcome = run(f"{PREDICT} {model}")
        assert outcome.code == 0, outcome
        assert outcome.out.count('"label"') > 3
        return outcome.out

    def _stop_halfway(self, folder: Path) -> None:
        """A run that was stopped when its first epoch was written."""
        from distilgliner.distill.training import loop

        whole, count = loop.write_checkpoint, 0

        def write_once(*arguments: Any) -> None:
            nonlocal count
            whole(*arguments)
            count += 1
            if count == 1:
                raise KeyboardInterrupt

        loop.write_checkpoint = write_once  # type: ignore[assignment]
        try:
            assert run(f"{DISTILL} --output half").code == 130
        finally:
            loop.write_checkpoint = whole
        assert (folder / CHECKPOINT_FILE).is_file()

    def try_one(self, attack: Attack) -> str | None:
        """Make an attack in a fresh copy; what fell, or None."""
        with tempfile.TemporaryDirectory(prefix="attack-") as name:
            place = Path(name)
            for path in self.folder.iterdir():
                if not attack.needs or path.name in attack.needs:
                    copy = shutil.copytree if path.is_dir() else shutil.copy
                    copy(path, place / path.name)
            with working_in(place):
                attack.prepare(place)
                with limit_files(attack.file_limit):
                    outcome = run(attack.command)
                if outcome.crash:
                    return outcome.crash
                if (place / PICKLE_RAN).exists():
                    return "a pickle ran"
                return attack.expect(outcome, place, self)


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Change into a folder inside the block."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def limit_files(size: int | None) -> Iterator[None]:
    """No file may be larger inside the block; None sets no limit."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    if size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class _TooLongError(BaseException):
    """The command does not end."""


def _end(*_: object) -> None:
    raise _TooLongError


def run(command: str) -> Outcome:
    """Run a command line in this process; whatever escapes it is a crash."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    crash, code = "", 0
    before = signal.signal(signal.SIGALRM, _end)
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main(shlex.split(command))
    except SystemExit as ended:
        code = int(ended.code or 0)
    except _TooLongError:
        crash = f"it hangs: {command[:200]}"
    except BaseException as error:
        lines = traceback.format_exception(error)
        crash = f"{type(error).__name__} escapes: {''.join(lines[-3:])[-600:]}"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    texts = (stream.detach().getvalue().decode("utf-8", "replace") for stream in (out, err))
    return Outcome(code, *texts, crash)
