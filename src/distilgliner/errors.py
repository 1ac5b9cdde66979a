"""The one error that users see: what is wrong, where, and what to do about it."""

from __future__ import annotations


class UserError(Exception):
    """Bad input or an impossible request; the command line prints it on one line and exits with 2.

    The message is one clear sentence that names the file (and line) and the remedy.
    """


def missing_extra(package: str, extra: str) -> UserError:
    """The error for an optional package that a stage needs and that is not installed."""
    return UserError(
        f"This needs the package '{package}', which is not installed; "
        f"install it with: pip install 'distilgliner[{extra}]'"
    )
