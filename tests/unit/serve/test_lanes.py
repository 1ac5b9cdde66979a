"""Steps of jobs, on one thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from distilgliner.errors import UserError
from distilgliner.serve.lanes import FailedError, Lane, Steps


@pytest.fixture
def lane() -> Iterator[Lane]:
    lane = Lane("test")
    yield lane
    lane.close()


def run(done: list[str], name: str, steps: int) -> Steps[str]:
    for step in range(steps):
        done.append(f"{name}{step}")
        yield
    return name


def wait_for(event: threading.Event) -> Steps[None]:
    event.wait(20)
    return None
    yield


def test_new_jobs_come_before_the_steps_of_old_ones(lane: Lane) -> None:
    done: list[str] = []
    event = threading.Event()
    lane.submit(wait_for(event), is_small=False)
    jobs = [lane.submit(run(done, name, steps), is_small=False) for name, steps in
            [("a", 3), ("b", 3), ("c", 1)]]  # fmt: skip
    event.set()
    assert [job.result(20) for job in jobs] == ["a", "b", "c"]
    # a and b go on in turn, and neither keeps c waiting.
    assert done == ["a0", "b0", "c0", "a1", "b1", "a2", "b2"]


def test_new_jobs_do_not_hold_up_an_old_one_forever(lane: Lane) -> None:
    done: list[str] = []
    event = threading.Event()
    lane.submit(wait_for(event), is_small=False)
    old = lane.submit(run(done, "old", 3), is_small=False)
    new = [lane.submit(run(done, "new", 1), is_small=True) for _ in range(20)]
    event.set()
    old.result(20)
    new[-1].result(20)
    assert done.index("old2") < 20


def test_a_job_that_is_given_up_ends_after_its_step(lane: Lane) -> None:
    done: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def job() -> Steps[None]:
        try:
            begun.set()
            go_on.wait(20)
            yield
            done.append("second")
        finally:
            done.append("closed")

    future = lane.submit(job(), is_small=False)
    begun.wait(20)
    assert future.cancel()
    go_on.set()
    assert lane.submit(run([], "next", 1), is_small=False).result(20) == "next"
    assert done == ["closed"]


def test_an_error_is_kept_without_what_the_job_held(lane: Lane) -> None:
    def fail(error: Exception) -> Steps[None]:
        held = np.zeros(10)
        yield
        raise error if held.size else AssertionError

    future = lane.submit(fail(MemoryError()), is_small=False)
    with pytest.raises(FailedError, match="MemoryError"):
        future.result(20)
    error = future.exception()
    assert error is not None
    assert error.__cause__ is error.__context__ is None
    with pytest.raises(UserError, match="a sentence"):
        lane.submit(fail(UserError("a sentence")), is_small=False).result(20)


def test_small_jobs_are_done_in_the_pauses_of_a_long_step(lane: Lane) -> None:
    done: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def long_step() -> Steps[None]:
        begun.set()
        go_on.wait(20)
        lane.pause()
        done.append("long")
        yield

    long = lane.submit(long_step(), is_small=False)
    begun.wait(20)
    jobs: list[Any] = [
        lane.submit(run(done, "large", 1), is_small=False),
        lane.submit(run(done, "small", 2), is_small=True),
    ]
    go_on.set()
    for job in [long, *jobs]:
        job.result(20)
    assert done == ["small0", "small1", "long", "large0"]


def test_a_long_step_whose_job_is_given_up_ends_at_its_pause(lane: Lane) -> None:
    done: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def long_step() -> Steps[None]:
        begun.set()
        go_on.wait(20)
        lane.pause()
        done.append("long")
        yield

    future = lane.submit(long_step(), is_small=False)
    begun.wait(20)
    future.cancel()
    go_on.set()
    assert lane.submit(run([], "next", 1), is_small=False).result(20) == "next"
    assert done == []
