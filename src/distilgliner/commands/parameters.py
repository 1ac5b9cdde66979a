"""Kinds of options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

PATH = click.Path(path_type=Path)
"""A file or folder, there or not."""


def as_list(context: click.Context, option: click.Parameter, values: Any) -> list[Any]:
    """The values of an option that may be repeated."""
    return list(values)
