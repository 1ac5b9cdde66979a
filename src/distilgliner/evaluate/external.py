"""Models of other projects, to be measured like our own."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path

from distilgliner.models import Predictor


@dataclass(frozen=True, slots=True)
class ExternalModel:
    """A model that `load_predictor` does not know, to be compared with those it does.

    `loader` is "module:function"; it gets `model` and returns a `Predictor`. `folder` is where the
    module lies; None when it is installed.
    """

    loader: str
    model: str
    folder: Path | None = None

    def load(self) -> Predictor:
        """Open the model in this process; the module must be found without `folder`."""
        module, _, function = self.loader.partition(":")
        predictor: Predictor = getattr(importlib.import_module(module), function)(self.model)
        return predictor
