"""The one error that users see, and the one notice: what is wrong, where, what to do about it."""

from __future__ import annotations

from importlib.util import find_spec

TORCH_ON_CPU = "pip install torch --index-url https://download.pytorch.org/whl/cpu"
"""Without the index, pip fetches several gigabytes of CUDA on Linux."""
_EXTRAS_WITH_TORCH = {"student", "annotate", "distill", "tune", "finetune", "compare", "all"}


class UserError(Exception):
    """Bad input or an impossible request; the command line prints it on one line and exits with 2.

    The message is one clear sentence that names the file (and line) and the remedy.
    """


class Notice(UserWarning):
    """What a user should know though the work goes on; the command line prints it as a note."""


def missing_extra(package: str, extra: str) -> UserError:
    """The error for an optional package that a stage needs and that is not installed."""
    return UserError(
        f"This needs the package '{package}', which is not installed; {advise_extra(extra)}"
    )


def advise_extra(extra: str) -> str:
    """What to type for an extra that is missing; torch comes first where it is missing too."""
    command = f"pip install 'distilgliner[{extra}]'"
    if extra in _EXTRAS_WITH_TORCH and find_spec("torch") is None:
        return (
            f"install torch for the CPU first with: {TORCH_ON_CPU} and then the rest with: "
            f"{command} (for an NVIDIA GPU leave out the first command)"
        )
    return f"install it with: {command}"
