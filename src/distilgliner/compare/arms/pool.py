"""Running the arms side by side, one process and one thread each."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from distilgliner.compare.arms.arm import PROGRESS_FILE, ArmJob, run_arm
from distilgliner.errors import UserError
from distilgliner.evaluate.cost import count_cores
from distilgliner.files import read_json
from distilgliner.processes import WorkerDiedError, WorkerPool
from distilgliner.progress import Progress, build_progress

_POLL_SECONDS = 0.5


def run_arms(jobs: Sequence[ArmJob], workers: int | None, *, quiet: bool = False) -> None:
    """Run every job that is not done; what a killed run had finished is kept.

    Raises whatever a job raised; the others are ended, and continue when they are run again.
    """
    waiting = [job for job in jobs if not job.is_done]
    if not waiting:
        return
    count = min(len(waiting), workers or count_cores())
    with build_progress(quiet=quiet) as bar, _one_thread_each():
        total = bar.add_task("train and test", total=len(jobs), note="")
        bar.update(total, completed=len(jobs) - len(waiting))
        with WorkerPool(count) as pool:
            _follow({pool.submit(run_arm, job): job for job in waiting}, bar, total)


def _follow(futures: dict[Future[None], ArmJob], bar: Progress, total: Any) -> None:
    """Show what the jobs write about themselves until all are done."""
    tasks: dict[str, Any] = {}
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=_POLL_SECONDS)
        for future in done:
            _raise_error(future, futures[future])
            bar.advance(total)
            if futures[future].name in tasks:
                bar.remove_task(tasks.pop(futures[future].name))
        for future in pending:
            job = futures[future]
            state = _read_progress(job.folder / PROGRESS_FILE)
            if state is None:
                continue
            if job.name not in tasks:
                tasks[job.name] = bar.add_task(f"  {job.name}", total=state["epochs"], note="")
            note = f"best dev F1 {100 * state['dev_f1']:.1f}"
            bar.update(tasks[job.name], completed=state["epoch"], note=note)
        time.sleep(0)


def _raise_error(future: Future[None], job: ArmJob) -> None:
    """Raise what a job raised; a `UserError` says which job it was."""
    try:
        future.result()
    except UserError as error:
        raise UserError(f"{job.name}: {error}") from None
    except WorkerDiedError:
        raise UserError(
            f"{job.name}: the process was killed, probably because the memory was used up; run the "
            "same command again with fewer --workers."
        ) from None


def _read_progress(path: Path) -> dict[str, Any] | None:
    """What a run says about itself; None when it has not said anything yet."""
    try:
        state: dict[str, Any] = read_json(path, "wait", keys=("epoch", "epochs", "dev_f1"))
    except UserError:
        return None
    is_whole = all(isinstance(value, int | float) for value in state.values())
    return state if is_whole else None


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Children start with one OpenMP thread: more of them than cores slow each other down."""
    name = "OMP_NUM_THREADS"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
