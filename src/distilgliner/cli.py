"""The command `distilgliner`: parses, calls one stage, and turns `UserError` into one line."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer

from distilgliner import __version__
from distilgliner.errors import UserError, missing_extra

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


for _name in COMMANDS:
    app.command(name=_name)(getattr(import_module(f"distilgliner.commands.{_name}"), _name))


def _name_extra(error: ModuleNotFoundError, arguments: list[str]) -> UserError:
    """What to install for a command whose packages are not all there; our own faults stay faults.

    Raises `error` where the module is one of ours.
    """
    package = (error.name or "").partition(".")[0]
    command = next((argument for argument in arguments if argument in EXTRAS), None)
    if command is None or package in ("", "distilgliner"):
        raise error
    return missing_extra(package, EXTRAS[command])


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exits with 0, with 2 for bad input, with 130 for Ctrl-C."""
    try:
        code = app(arguments, standalone_mode=False)
    except UserError as error:
        sys.stderr.write(f"distilgliner: {error}\n")
        sys.exit(2)
    except ModuleNotFoundError as error:
        sys.stderr.write(f"distilgliner: {_name_extra(error, arguments or sys.argv[1:])}\n")
        sys.exit(2)
    except _CommandLineError as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    if code == _INTERRUPTED:  # typer turns Ctrl-C into this exit code
        sys.stderr.write("distilgliner: interrupted; run the same command again to continue.\n")
    sys.exit(code if isinstance(code, int) else 0)
