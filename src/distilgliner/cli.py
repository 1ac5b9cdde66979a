"""The command `distilgliner`: parses, calls one stage, and turns `UserError` into one line."""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

import typer

from distilgliner.errors import Notice, UserError, missing_extra
from distilgliner.failures import describe_failure, explain_failure
from distilgliner.streams import (
    STDOUT,
    StoppedError,
    end_at_signals,
    give_up_stdout,
    prepare_streams,
)
from distilgliner.version import __version__

# Each command lives in `distilgliner.commands.<module>` as a function of the same name; the extra
# has the packages that it needs besides those of predicting.
EXTRAS = {
    "finetune": "finetune",
    "annotate": "annotate",
    "augment": "augment",
    "distill": "distill",
    "tune": "tune",
    "evaluate": "annotate",
    "compare": "compare",
    "export": "export",
    "predict": "annotate",
    "serve": "serve",
    "quickstart": "quickstart",
}
COMMANDS = tuple(EXTRAS)

# Newer versions of typer bring their own copy of click: its base of all usage errors is the
# grandparent of BadParameter in both.
_CommandLineError: Any = typer.BadParameter.__mro__[2]

_INTERRUPTED = 130
_MOST_CHARACTERS = 1500
"""Of a message."""
_BROKEN_PIPE = 141  # as of a program that the signal ends

app = typer.Typer(
    name="distilgliner",
    help="Distil a GLiNER checkpoint into a small, fast student, and report what it costs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"distilgliner {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Options that come before the command."""


def _name_failures(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with what the system refuses as a `UserError`; quiet when a reader has left."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
            sys.stdout.flush()
        except BrokenPipeError:
            give_up_stdout()
            raise typer.Exit(_BROKEN_PIPE) from None
        except OSError as error:
            raise _describe(error) from None
        except Exception as error:
            told = explain_failure(error, "A file")
            if told is None:
                raise
            raise told from None

    return run


for _name in COMMANDS:
    _command = getattr(import_module(f"distilgliner.commands.{_name}"), _name)
    app.command(name=_name)(_name_failures(_command))


def _name_extra(error: ModuleNotFoundError, arguments: list[str]) -> UserError:
    """What to install for a command whose packages are not all there; our own faults stay faults.

    Raises `error` where the module is one of ours.
    """
    package = (error.name or "").partition(".")[0]
    command = next((argument for argument in arguments if argument in EXTRAS), None)
    if command is None or package in ("", "distilgliner"):
        raise error
    return missing_extra(package, EXTRAS[command])


def _show(
    show: Callable[..., None], message: Warning | str, kind: type[Warning], *rest: Any
) -> None:
    """A notice as a line on stderr; other warnings as `show` does."""
    if issubclass(kind, Notice):
        sys.stderr.write(f"Note: {message}\n")
    else:
        show(message, kind, *rest)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line.

    Exits with 0, with 2 for what a user can change, with 130 for Ctrl-C, with 143 for SIGTERM and
    129 for SIGHUP, which let the command remove what it has half written, and with 141 when nobody
    reads its output any more.
    """
    prepare_streams()
    warnings.showwarning = functools.partial(_show, warnings.showwarning)
    with end_at_signals():
        sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        code = _call(arguments)
    except UserError as error:
        _tell(str(error))
        return 2
    except ModuleNotFoundError as error:
        _tell(str(_name_extra(error, arguments or sys.argv[1:])))
        return 2
    except _CommandLineError as error:
        error.show()
        return 2
    except StoppedError as stopped:
        _tell(f"stopped by {stopped}; run the same command again to continue.")
        return stopped.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    if code == _INTERRUPTED:  # typer turns Ctrl-C into this exit code
        _tell("interrupted; run the same command again to continue.")
    return code if isinstance(code, int) else 0


def _call(arguments: list[str] | None) -> Any:
    try:
        return app(arguments, standalone_mode=False)
    except OSError as error:  # of what is no command, such as --help
        raise _describe(error) from None


def _describe(error: OSError) -> UserError:
    if error.filename == STDOUT:
        give_up_stdout()
    return describe_failure(error)


def _shorten(message: str) -> str:
    """A sentence that quotes a whole file keeps its beginning and its end."""
    if len(message) <= _MOST_CHARACTERS:
        return message
    half = _MOST_CHARACTERS // 2
    return f"{message[:half]} … {message[-half:]}"


def _tell(message: str) -> None:
    with suppress(OSError):  # a terminal that was closed, a full disk: nobody to tell
        sys.stderr.write(f"distilgliner: {_shorten(message)}\n")
        sys.stderr.flush()
