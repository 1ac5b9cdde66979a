"""How much a search may cost, and how much of it is left."""

from __future__ import annotations

import time
from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from distilgliner.errors import UserError


class TuneBudget(BaseModel):
    """A search ends with its trials or its time, whichever is first."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    trials: int = Field(default=20, ge=1)
    minutes: float = Field(
        default=60.0, gt=0, description="all in all; an epoch that has begun is ended"
    )
    repeat: int = Field(
        default=3, ge=0, description="so many of the best settings are run with other seeds"
    )


def build_budget(trials: int, minutes: float, repeat: int) -> TuneBudget:
    """Check the numbers. Raises `UserError` that names the option which is wrong."""
    try:
        return TuneBudget(trials=trials, minutes=minutes, repeat=repeat)
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"--{first['loc'][0]} is wrong: {first['msg']}; correct it.") from None


class Timer:
    """Seconds of a search, those of earlier runs included."""

    def __init__(
        self, limit: float, spent: float = 0.0, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._now = limit, now
        self._began = now() - spent

    @property
    def spent(self) -> float:
        return self._now() - self._began

    @property
    def left(self) -> float:
        return self._limit - self.spent
