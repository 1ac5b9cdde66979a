"""Lines of shell as pages show them: run in this process, or checked for being true."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

from distilgliner.cli import main

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10, where pytest brings it
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
_DISTRIBUTIONS = {"distilgliner": ROOT, "distilgliner-teacher": ROOT / "teacher"}
_PLAIN_PROGRAMS = ("cat", "head", "ls")


class SnippetError(AssertionError):
    """A line of a page that does not work as it stands there."""


def split_lines(block: str) -> list[str]:
    """The commands of a block: continued lines are one, comments and empty lines none."""
    lines = block.replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def split_words(line: str) -> tuple[dict[str, str], list[str], str | None]:
    """Variables that are set for a command, its words, and the file that its output goes to."""
    words = shlex.split(line, comments=True)
    target = None
    if ">" in words:
        place = words.index(">")
        target = words[place + 1]
        del words[place : place + 2]
    variables = {}
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        name, _, variables[name] = words.pop(0).partition("=")
    return variables, words, target


def run_distilgliner(arguments: list[str]) -> tuple[str, str]:
    """What the command says on stdout and stderr. Raises `SnippetError` where it fails."""
    with _catch_output() as (out, err):
        try:
            main(arguments)
            code: object = 0
        except SystemExit as end:
            code = end.code
        out.flush()
        err.flush()
    told, errors = _read(out), _read(err)
    if code not in (0, None):
        command = shlex.join(["distilgliner", *arguments])
        raise SnippetError(f"{command} ends with {code}:\n{told}{errors}")
    return told, errors


def check_install(words: list[str]) -> None:
    """A line of `pip install`: our distributions with extras that exist, or their requirements."""
    requirements = [word for word in words if not word.startswith("-") and "://" not in word]
    assert requirements, f"{words} installs nothing"
    for requirement in requirements:
        name, extras = _split_requirement(requirement)
        if name not in _DISTRIBUTIONS:
            if name not in _read_requirements():
                raise SnippetError(f"pip install {name}: no part of this project needs that")
            continue
        known = _read_project(_DISTRIBUTIONS[name]).get("optional-dependencies", {})
        for extra in extras:
            if extra not in known:
                raise SnippetError(f"pip install {requirement}: there is no extra {extra!r}")


def check_make(words: list[str]) -> None:
    """A line of `make`: targets and variables that the Makefile has."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for word in words:
        if "=" in word:
            known = re.search(rf"^{re.escape(word.partition('=')[0])} \?=", makefile, re.MULTILINE)
        else:
            known = re.search(rf"^{re.escape(word)}:", makefile, re.MULTILINE)
        if not known:
            raise SnippetError(f"make {' '.join(words)}: the Makefile has no {word}")


def check_python(words: list[str], folder: Path) -> None:
    """A line of `python`: a module that is there, with files that are, or a script that is."""
    if words[:2] == ["-m", "pytest"]:
        files = [word for word in words[2:] if not word.startswith("-")]
    elif words[:1] == ["-m"]:
        files = []
        if words[1] != "venv" and find_spec(words[1]) is None:
            raise SnippetError(f"python -m {words[1]}: there is no such module")
    else:
        files = words[:1]
    for name in files:
        if not (ROOT / name).exists() and not (folder / name).exists():
            raise SnippetError(f"python {' '.join(words)}: there is no {name}")


def run_plain(words: list[str], folder: Path) -> str:
    """What a small program of every system says."""
    if words[0] not in _PLAIN_PROGRAMS:
        raise SnippetError(f"{words[0]}: the tests of the pages do not know how to run this")
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=20)
    if done.returncode:
        raise SnippetError(f"{shlex.join(words)} ends with {done.returncode}: {done.stderr}")
    return done.stdout


def run_curl(words: list[str]) -> str:
    """A request as `curl` sends it, with the options that pages use."""
    headers, data, address = {}, None, ""
    rest = iter(words)
    for word in rest:
        if word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            data = next(rest).encode()
        elif word.startswith("-") and word != "-s":
            raise SnippetError(f"curl {word}: the tests of the pages do not know this option")
        elif word != "-s":
            address = word
    request = urllib.request.Request(address, data, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return str(answer.read().decode())


def start_server(arguments: list[str], folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A server of its own process on a free port, and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "distilgliner", *arguments, "--port", "0"],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://[\d.]+:\d+", line)
    if found is None:
        process.kill()
        raise SnippetError(f"distilgliner {shlex.join(arguments)} does not say where it is: {line}")
    return process, found[0]


def run_make(words: list[str], folder: Path) -> str:
    """A target of the Makefile, in the repository, with paths as seen from a folder below."""
    words = [re.sub(r"=\.\./", f"={folder}/", word) for word in words]
    make = shutil.which("make")
    assert make is not None
    done = subprocess.run([make, "-s", *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SnippetError(f"make {shlex.join(words)} ends with {done.returncode}: {done.stderr}")
    return done.stdout


CHECKS: dict[str, Callable[[list[str], Path], None]] = {
    "pip": lambda words, _: check_install(words[1:]),
    "make": lambda words, _: check_make(words),
    "python": check_python,
}
"""Programs that only the truth of a line is asked of: they install, build, or run for long."""


@contextlib.contextmanager
def _catch_output() -> Iterator[tuple[TextIO, TextIO]]:
    streams = tuple(io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        yield streams[0], streams[1]


def _read(stream: TextIO) -> str:
    return str(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]


def _split_requirement(requirement: str) -> tuple[str, list[str]]:
    found = re.match(r"([\w.-]+)(?:\[([\w,-]+)\])?", requirement)
    assert found is not None, requirement
    return found[1].lower(), (found[2] or "").split(",") if found[2] else []


def _read_project(folder: Path) -> dict:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _read_requirements() -> set[str]:
    project = _read_project(ROOT)
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return {_split_requirement(requirement)[0] for group in groups for requirement in group}
