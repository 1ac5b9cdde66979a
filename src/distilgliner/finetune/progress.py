"""What a fine-tuning shows while it runs: updates, loss and strict F1."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from distilgliner.progress import build_progress


class FinetuneProgress(TrainerCallback):
    """A progress bar as a callback of the trainer; use it as a context manager."""

    def __init__(self, updates: int, *, quiet: bool) -> None:
        self._progress = build_progress(quiet=quiet)
        self._task = self._progress.add_task("finetune", total=updates, note="")
        self._notes: dict[str, str] = {}

    def __enter__(self) -> FinetuneProgress:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Show the loss, and F1 behind every measurement."""
        if "loss" in (logs or {}):
            self._notes["loss"] = f"loss {logs['loss']:.1f}"
        if "eval_f1" in (logs or {}):
            self._notes["f1"] = f"F1 {100 * logs['eval_f1']:.1f}"
        self._progress.update(self._task, note=", ".join(self._notes.values()))
