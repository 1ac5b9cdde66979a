"""Where stderr is no terminal, long work writes a line now and then."""

from __future__ import annotations

import errno
import io

import pytest

from distilgliner.progress import FIRST_SECONDS, LineProgress, build_progress


class Clock:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def run(total: int | None, steps: int, seconds_per_step: float) -> None:
    clock = Clock()
    with LineProgress(now=clock) as progress:
        task = progress.add_task("annotate", total=total, note="")
        for step in range(1, steps + 1):
            clock.seconds += seconds_per_step
            progress.update(task, completed=step, note=f"loss {step}")


def test_lines_of_long_work(capsys: pytest.CaptureFixture[str]) -> None:
    run(100, 100, 4.0)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "annotate: 1 of 100 (1 %) after 0:04, loss 1"
    assert lines[1] == "annotate: 9 of 100 (9 %) after 0:36, loss 9"
    assert lines[-1] == "annotate: 100 of 100 (100 %) after 6:40, loss 100"
    assert 12 <= len(lines) <= 15


def test_a_tenth_more_is_a_line_but_not_every_moment(capsys: pytest.CaptureFixture[str]) -> None:
    run(10, 10, 5.0)
    assert len(capsys.readouterr().err.splitlines()) == 6


def test_work_of_unknown_length(capsys: pytest.CaptureFixture[str]) -> None:
    run(None, 65, 1.0)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        f"annotate: {n} after {m}, loss {n}"
        for n, m in ((2, "0:02"), (32, "0:32"), (62, "1:02"), (65, "1:05"))
    ]


def test_quick_work_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    run(10, 10, FIRST_SECONDS / 11)
    assert capsys.readouterr().err == ""


def test_work_that_does_not_move_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    progress = LineProgress(now=clock)
    progress.add_task("distil soft", total=12, note="")

    def wait(_: float) -> bool:
        clock.seconds += 20
        return clock.seconds > 70

    monkeypatch.setattr(progress._ended, "wait", wait)
    progress._tell_while_waiting()
    assert capsys.readouterr().err.splitlines() == [
        "distil soft: 0 of 12 (0 %) after 0:20",
        "distil soft: 0 of 12 (0 %) after 1:00",
    ]


def test_a_log_that_is_full_stops_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("sys.stderr", Full())
    run(10, 10, 60.0)


def test_quiet_work_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with build_progress(quiet=True, first_seconds=0.0) as progress:
        progress.advance(progress.add_task("distil", total=1, note=""))
    assert capsys.readouterr().err == ""
