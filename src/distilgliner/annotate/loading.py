"""Loading a GLiNER model with the package's own loader, and asking what it can take."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from distilgliner.annotate.checkpoint import Checkpoint
from distilgliner.errors import UserError


def load_model(checkpoint: Checkpoint, device: str) -> Any:
    """The `gliner` model of a checkpoint, on a torch device, ready for inference.

    Raises `UserError` when the package cannot load it.
    """
    with _silence():
        from gliner import GLiNER

        try:
            model = GLiNER.from_pretrained(
                str(checkpoint.folder), local_files_only=checkpoint.is_local, map_location=device
            )
        except Exception as error:  # whatever a damaged checkpoint may cause
            reason = str(error).strip().splitlines()
            raise UserError(
                f"{checkpoint.folder} could not be loaded as a GLiNER checkpoint "
                f"({type(error).__name__}: {reason[0] if reason else 'no reason given'}); give the "
                "folder of a complete one, with its tokenizer files."
            ) from None
    return model.eval()


def find_last_position(encoder: torch.nn.Module) -> int | None:
    """How many subwords an encoder with learned absolute positions takes; None for other kinds."""
    for name, module in encoder.named_modules():
        is_table = name.rsplit(".", 1)[-1] in ("position_embeddings", "embed_positions", "wpe")
        if is_table and isinstance(module, torch.nn.Embedding):
            # RoBERTa and its kin count positions from padding_idx + 1.
            return module.num_embeddings - (
                0 if module.padding_idx is None else module.padding_idx + 1
            )
    return None


@contextmanager
def _silence() -> Iterator[None]:
    """No warnings and progress bars of transformers and gliner while a checkpoint is loaded."""
    from transformers.utils import logging as transformers_logging

    verbosity = transformers_logging.get_verbosity()
    had_bars = transformers_logging.is_progress_bar_enabled()
    level = logging.getLogger("gliner").level
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("gliner").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        logging.getLogger("gliner").setLevel(level)
        if had_bars:
            transformers_logging.enable_progress_bar()
