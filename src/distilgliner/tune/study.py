"""The trials of a search, in an Optuna study that survives `kill -9`.

The storage is SQLite and not Optuna's journal file: a kill in the middle of a write is rolled back
by the former, and leaves half a line in the latter, which the next write makes unreadable.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState
from sqlalchemy.exc import DatabaseError

from distilgliner.checksums import hash_texts
from distilgliner.errors import UserError
from distilgliner.folders import REMEDY
from distilgliner.progress import silence_loggers
from distilgliner.tune.space import (
    Choice,
    Dimension,
    Space,
    decode_value,
    encode_value,
)

State = Literal["complete", "pruned", "failed"]
STARTUP_TRIALS = 6
"""Drawn at random before the sampler models anything; Optuna's ten are half of our twenty."""
COMPLETE_BEFORE_PRUNING = 5
_NAME = "tune"
_OUTCOME = "outcome"
_CHECKSUM = "checksum"


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    rungs: the best dev F1 (0 to 1) when so many quarters of the schedule were over. note: why it
    failed. same_as: the earlier trial with the same settings, whose outcome was taken over.
    """

    state: State
    dev_f1: float | None
    epochs: int
    seconds: float
    rungs: dict[int, float] = field(default_factory=dict)
    note: str = ""
    same_as: int | None = None


@dataclass(frozen=True)
class Record:
    """A trial that has ended. `trial` counts from 0, and only those: killed ones are repeated."""

    trial: int
    settings: dict[str, Any]
    outcome: Outcome


@contextmanager
def open_study(path: Path) -> Iterator[optuna.Study]:
    """Open or begin the study in a file; trials that a kill has cut off are marked as failed.

    Bad trials are pruned by the median rule (Golovin et al. 2017, Google Vizier): in a search of
    twenty, successive halving loses the best trial far more often: docs/explanation/experiments.md.
    Raises `UserError` when the file is damaged.
    """
    with silence_loggers("optuna"):
        try:
            # Not by a URL, in which some paths mean something else.
            storage = optuna.storages.RDBStorage("sqlite://", {"creator": lambda: _connect(path)})
            study = optuna.create_study(
                storage=storage,
                study_name=_NAME,
                direction="maximize",
                load_if_exists=True,
                pruner=optuna.pruners.MedianPruner(n_startup_trials=COMPLETE_BEFORE_PRUNING),
            )
        except (DatabaseError, optuna.exceptions.OptunaError, RuntimeError) as error:
            raise _damaged(path, error) from None
        try:
            for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                study.tell(trial.number, state=TrialState.FAIL)
            yield study
        except DatabaseError as error:
            if "disk" in str(error):  # full, or it cannot be read at all
                raise
            raise _damaged(path, error) from None
        finally:
            storage.remove_session()
            storage.engine.dispose()


def _damaged(path: Path, reason: object) -> UserError:
    first = str(reason).splitlines()[0]
    return UserError(f"{path} cannot be read as a search ({first}); {REMEDY}.")


def _connect(path: Path) -> sqlite3.Connection:
    """With a write-ahead log, which a kill does not harm and which waits for the disk less often:
    a power cut can lose the last trial, which is then repeated."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def ask(
    study: optuna.Study, space: Space, defaults: Mapping[str, Any], seed: int, number: int
) -> tuple[optuna.Trial, dict[str, Any]]:
    """A new trial and its settings; trial 0 has the defaults, as far as the space has them.

    Each trial has a sampler of its own (TPE, Bergstra et al. 2011), seeded by `seed` and `number`,
    so that its settings depend on the trials before it alone and not on when the search was cut.
    """
    study.sampler = optuna.samplers.TPESampler(
        n_startup_trials=STARTUP_TRIALS,
        multivariate=True,
        constant_liar=False,
        seed=(seed * 100_003 + number) % 2**32,
    )
    waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
    if number == 0 and not waiting:
        study.enqueue_trial(
            {
                key: encode_value(dimension, defaults[key])
                for key, dimension in space.items()
                if dimension.contains(defaults[key])
            }
        )
    trial = study.ask({key: _build_distribution(dimension) for key, dimension in space.items()})
    return trial, _decode(space, trial.params)


def tell(study: optuna.Study, trial: optuna.Trial, outcome: Outcome) -> None:
    """Write down how a trial ended; a failed one counts as pruned, so that it is learned from."""
    known = study.get_trials(deepcopy=False)[trial.number].intermediate_values
    for rung, f1 in outcome.rungs.items():
        if rung not in known:
            trial.report(f1, rung)
    attributes = {
        "state": outcome.state,
        "epochs": outcome.epochs,
        "seconds": outcome.seconds,
        "note": outcome.note,
        "same_as": outcome.same_as,
    }
    rungs = study.get_trials(deepcopy=False)[trial.number].intermediate_values
    value = outcome.dev_f1 if outcome.state == "complete" else None
    attributes[_CHECKSUM] = _hash_trial(attributes, trial.params, rungs, value)
    trial.set_user_attr(_OUTCOME, attributes)
    if outcome.state == "complete":
        study.tell(trial, outcome.dev_f1)
    else:
        study.tell(trial, state=TrialState.PRUNED)


def drop(study: optuna.Study, trial: optuna.Trial) -> None:
    """Give a trial up; the next one takes its number and draws the same settings."""
    study.tell(trial, state=TrialState.FAIL)


def list_records(study: optuna.Study, space: Space) -> list[Record]:
    """All trials that ended, in their order. Raises `UserError` when one is damaged."""
    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    records = []
    for number, trial in enumerate(ended):
        rungs = dict(trial.intermediate_values)
        try:
            attributes = dict(trial.user_attrs[_OUTCOME])
            checksum = attributes.pop(_CHECKSUM, None)  # earlier versions had none
            outcome = Outcome(dev_f1=trial.value, rungs=rungs, **attributes)
            dev_f1 = trial.value if outcome.state == "complete" else None
            if checksum not in (None, _hash_trial(attributes, trial.params, rungs, dev_f1)):
                raise ValueError("it has changed since it was written")
            records.append(Record(number, _decode(space, trial.params), outcome))
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"Trial {number} of the search is damaged ({error}); {REMEDY}."
            ) from None
    return records


def _hash_trial(
    attributes: Mapping[str, Any],
    params: Mapping[str, Any],
    rungs: Mapping[int, float],
    dev_f1: float | None,
) -> str:
    """32 hex digits of all that later trials learn from a trial."""
    content = (sorted(attributes.items()), sorted(params.items()), sorted(rungs.items()), dev_f1)
    return hash_texts([json.dumps(content)])


def _decode(space: Space, params: Mapping[str, Any]) -> dict[str, Any]:
    return {key: decode_value(dimension, params[key]) for key, dimension in space.items()}


def _build_distribution(dimension: Dimension) -> BaseDistribution:
    if isinstance(dimension, Choice):
        return CategoricalDistribution([str(encode_value(dimension, v)) for v in dimension.values])
    if dimension.is_whole:
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log)
