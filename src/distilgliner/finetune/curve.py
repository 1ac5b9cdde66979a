"""What dev said behind every measurement of a fine-tuning; a killed run goes on with it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from distilgliner.checksums import seal, unseal
from distilgliner.errors import UserError
from distilgliner.files import read_json, write_json
from distilgliner.finetune.checkpoints import DamagedProgressError
from distilgliner.folders import REMEDY

CURVE_FILE = "curve.json"
Point = dict[str, Any]
"""`update`, `f1` (the mean of the dev sets' strict micro F1), `dev` (F1 by dev set), `loss`."""


class Curve:
    """The points so far, in a file; the first one is the teacher as it came.

    Raises `DamagedProgressError` when the file is not as it was written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.points: list[Point] = _read_points(path) if path.is_file() else []

    def add(self, update: int, f1: dict[str, float], loss: float | None) -> float:
        """Keep a measurement, and drop those of this update or later ones; returns the mean F1.

        A loss that is no number is none.
        """
        finite = loss if loss is not None and math.isfinite(loss) else None
        mean = sum(f1.values()) / len(f1)
        point = {"update": update, "f1": mean, "dev": f1, "loss": finite}
        self.points = [*(old for old in self.points if old["update"] < update), point]
        write_json(self.path, seal({"points": self.points}))
        return mean

    def find_best(self) -> Point:
        """The first of the best points; the teacher as it came is none of them."""
        return max(self.points[1:], key=lambda point: (point["f1"], -point["update"]))

    def has_stopped(self, patience: int) -> bool:
        """Whether the last `patience` measurements brought no gain."""
        if len(self.points) < 2:
            return False
        best = self.points.index(self.find_best())
        return len(self.points) - 1 - best >= patience

    def find_end(self, updates: int, patience: int | None) -> int | None:
        """The update whose weights are the result, when training has ended, else None.

        updates: of the whole training. patience: see `has_stopped`; None means that only the end of
        the training ends it, with the last weights.
        """
        if patience is not None and (self.has_stopped(patience) or self._has_all(updates)):
            return int(self.find_best()["update"])
        return updates if self._has_all(updates) else None

    def _has_all(self, updates: int) -> bool:
        return bool(self.points) and self.points[-1]["update"] >= updates


def _read_points(path: Path) -> list[Point]:
    try:
        content = unseal(read_json(path, REMEDY, keys=("points",)))
    except UserError as error:
        raise DamagedProgressError(str(error)) from None
    if content is None:
        raise DamagedProgressError(f"{path} has changed since it was written; {REMEDY}.")
    points: list[Point] = content["points"]
    return points
