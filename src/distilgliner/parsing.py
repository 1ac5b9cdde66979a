"""JSON and YAML of files that may be damaged, hostile or not files at all, within bounds.

Every fault is a `ValueError` or `OSError` with one line for the user; whoever reads adds the file
and the remedy.
"""

from __future__ import annotations

import json
import math
import stat
from pathlib import Path
from typing import Any

_MOST_BYTES = 1 << 30
_MOST_NODES = 100_000
"""Values in a YAML file, with those that aliases repeat: far more than any configuration has."""
_PIPES = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
"""Where a shell puts the pipe of `<(command)`."""


def read_text(path: Path) -> str:
    """The text of a file, UTF-8 and of bounded size.

    A pipe is only read where a shell has put one: a named one may never end, or never begin.
    Raises `OSError` or `ValueError`.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise ValueError("it is a folder")
    if not stat.S_ISREG(mode) and not str(path).startswith(_PIPES):
        raise ValueError("it is no file but a device or a pipe")
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError("it is larger than 1 GB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 at byte {error.start}") from None


def parse_json(text: str) -> Any:
    """Parse JSON with finite numbers only. Raises `ValueError` with one line."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_parse_float)
    except RecursionError:
        raise ValueError("its brackets are nested too deep") from None
    except ValueError as error:  # a JSONDecodeError knows the line
        if "int_max_str_digits" in str(error):
            raise ValueError("it has a number of more than 4,300 digits") from None
        raise


def parse_yaml(text: str) -> Any:
    """Parse YAML of bounded size. Raises `ValueError` with one line."""
    import yaml  # which predicting does not need

    try:
        content = yaml.safe_load(text)
        _count_nodes(content, {})
    except RecursionError:
        raise ValueError("its brackets are nested too deep") from None
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
    except ValueError as error:
        if "int_max_str_digits" in str(error):
            raise ValueError("it has a number of more than 4,300 digits") from None
        raise ValueError(" ".join(str(error).split())) from None
    except (TypeError, AttributeError, KeyError, OverflowError):  # a key that is a list, a bad date
        raise ValueError("it has a value that YAML does not allow there") from None
    return content


def _count_nodes(content: Any, known: dict[int, int]) -> int:
    """How many values there are when aliases are written out, as whoever prints them does."""
    if not isinstance(content, dict | list | tuple | set):
        return 1
    if id(content) not in known:
        known[id(content)] = _MOST_NODES + 1  # of one that contains itself
        parts = [*content.keys(), *content.values()] if isinstance(content, dict) else content
        known[id(content)] = 1 + sum(_count_nodes(part, known) for part in parts)
    if known[id(content)] > _MOST_NODES:
        raise ValueError(f"it has more than {_MOST_NODES:,} values, or one that contains itself")
    return known[id(content)]


def _refuse_constant(name: str) -> float:
    raise ValueError(f"it has {name}, which is no number of JSON")


def _parse_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"it has the number {text[:20]}, which is too large")
    return value
