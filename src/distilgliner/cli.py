"""The command `distilgliner`: parses, calls one stage, and turns `UserError` into one line."""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

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

_INTERRUPTED = 130
_MOST_CHARACTERS = 1500
"""Of a message."""
_BROKEN_PIPE = 141  # as of a program that the signal ends


class _Commands(click.Group):
    """The commands, each imported when it is asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in EXTRAS:
            return None
        command: click.Command = getattr(import_module(f"distilgliner.commands.{name}"), name)
        return command

    def invoke(self, context: click.Context) -> Any:
        """Run a command; what the system refuses is a `UserError`, a reader that left is none."""
        try:
            code = super().invoke(context)
            sys.stdout.flush()
            return code
        except BrokenPipeError:
            give_up_stdout()
            raise click.exceptions.Exit(_BROKEN_PIPE) from None
        except OSError as error:
            raise _describe(error) from None
        except (UserError, ModuleNotFoundError, click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:
            told = explain_failure(error, "A file")
            if told is None:
                raise
            raise told from None


@click.group(
    name="distilgliner",
    cls=_Commands,
    no_args_is_help=True,
    context_settings={"show_default": True, "max_content_width": 100},
)
@click.version_option(__version__, message="distilgliner %(version)s", help="Print the version.")
def app() -> None:
    """Distil a GLiNER checkpoint into a small, fast student, and report what it costs."""


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
    show: Callable[..., None],
    told: set[str],
    message: Warning | str,
    kind: type[Warning],
    *rest: Any,
) -> None:
    """A notice as a line on stderr, once whatever calls for it; other warnings as `show` does."""
    if issubclass(kind, Notice):
        if str(message) not in told:
            told.add(str(message))
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
    warnings.showwarning = functools.partial(_show, warnings.showwarning, set())
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
    except click.ClickException as error:
        error.show()
        return 2
    except StoppedError as stopped:
        _tell(f"stopped by {stopped}; run the same command again to continue.")
        return stopped.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = _INTERRUPTED
    if code == _INTERRUPTED:  # click turns Ctrl-C into this exit code
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
