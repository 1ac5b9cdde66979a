"""One reader at one page: runs its blocks in order, in a folder of their own."""

from __future__ import annotations

import ast
import contextlib
import io
import itertools
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import shell
import yaml
from outputs import find_shown_values, match_output
from shrink import shrink_command
from sybil import Document, Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, SkipParser

_SHELLS = ("sh", "console")
_HUB_ID = re.compile(r"(?!(?:\.|/|~))[\w.-]+/[\w.-]+|[A-Z_]+")
_MODEL_OPTIONS = ("--teacher", "--model", "--initial")
_QUOTED_ID = re.compile(r'(["\'])(?:urchade|gliner-community|knowledgator)/[\w.-]+\1')
_ADDRESS = "http://127.0.0.1:8000"
_TINY = "tiny-teacher"
_TOLERANCE = 0.02
"""Scores of the same model on another processor."""


class PageSession:
    """Runs the blocks of a page.

    fetch: puts what earlier pages made into the folder, by its name. quick: hub ids are
    `bundled`, commands have less to do, and what is shown is compared as long as the page has run
    no such command; else everything runs as it stands on the page. choices: a block may make anew
    what another block has made, as the reader takes one of the two. compare: whether outputs are
    compared with those that are shown; all are kept in `outputs`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        fetch: Callable[[str, Path], None],
        quick: bool,
        choices: bool = False,
        compare: bool = True,
    ) -> None:
        self.folder = folder
        self.ran = self.checked = 0
        self.outputs: dict[int, str] = {}
        """Where a block of output begins in the page → what came out."""
        self._fetch, self._quick, self._choices = fetch, quick, choices
        self._made: set[str] = set()
        self._exact = compare
        self._output = ""
        self._address: str | None = None
        self._servers: list[subprocess.Popen[str]] = []

    def parse(self, page: Path) -> Document:
        """The blocks of a page, each to be evaluated by this session."""
        evaluators = {"python": self.run_python, "text": self.compare}
        evaluators |= dict.fromkeys(_SHELLS, self.run_shell)
        evaluators |= {"yaml": _parse(yaml.safe_load), "toml": _parse(shell.tomllib.loads)}
        parsers = [CodeBlockParser(language, run) for language, run in evaluators.items()]
        return Sybil([*parsers, SkipParser()], encoding="utf-8").parse(page)

    def close(self) -> None:
        """End the servers that the page started."""
        for server in self._servers:
            server.terminate()
            server.communicate(timeout=20)

    def run_shell(self, example: Example) -> None:
        """All lines of a block of shell; its output is that of all of them."""
        lines = shell.split_lines(example.parsed)
        if example.region.lexemes["arguments"] == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        self._output = ""
        self._made.clear()
        for line in lines:
            self._run_line(line)

    def run_python(self, example: Example) -> None:
        """A block of Python; values that comments show are compared with those that come out."""
        source = self._replace_in_python(example.parsed)
        shown = find_shown_values(source)
        printed = io.StringIO()
        padding = "\n" * (example.line + example.parsed.line_offset)
        for number, statement in enumerate(ast.parse(padding + source, example.path).body):
            start = len(printed.getvalue())
            with contextlib.redirect_stdout(printed):
                value = _run_statement(statement, example.path, example.document.namespace)
            if number in shown and self._exact:
                found = printed.getvalue()[start:] if value is None else repr(value)
                self._check(shown[number], found)
        self._output = printed.getvalue()
        self.ran += 1

    def compare(self, example: Example) -> None:
        """A block of text is the output of the block before it."""
        self.outputs[example.start] = self._output
        if self._exact:
            self._check(example.parsed, self._output)

    def _check(self, shown: str, found: str) -> None:
        if not match_output(shown, found, tolerance=_TOLERANCE):
            raise shell.SnippetError(f"The page shows\n{shown}\nand what came out is\n{found}")

    def _run_line(self, line: str) -> None:
        _, words, target = shell.split_words(line)
        program, arguments = Path(words[0]).name, words[1:]
        if program == "distilgliner":
            output = self._run_command(arguments)
            self.ran += 1
        elif program == "curl":
            output = shell.run_curl([self._replace_address(word) for word in arguments])
            self.ran += 1
        elif program == "make" and not self._quick:
            output = shell.run_make(arguments, self.folder)
            self.ran += 1
        elif program in shell.CHECKS:
            shell.CHECKS[program](arguments, self.folder)
            output = ""
            self.checked += 1
        elif program in ("git", "cd", "source"):  # of the folder that the reader is in
            output = ""
            self.checked += 1
        else:
            output = shell.run_plain([program, *arguments], self.folder)
            self.ran += 1
        if target is not None:
            (self.folder / target).write_text(output, encoding="utf-8")
        else:
            self._output += output

    def _run_command(self, arguments: list[str]) -> str:
        if self._quick:
            arguments = self._make_quick(arguments)
        if arguments[0] == "serve":
            process, self._address = shell.start_server(arguments, self.folder)
            self._servers.append(process)
            return ""
        output, errors = shell.run_distilgliner(arguments)
        notes = [line for line in errors.splitlines() if line.startswith("Note: ")]
        return "\n".join([*notes, output]) if notes else output

    def _make_quick(self, arguments: list[str]) -> list[str]:
        """The arguments with models that are here, and less to do."""
        stand_in = self._stand_in(arguments)
        known = [
            stand_in if before in _MODEL_OPTIONS and self._is_hub_id(word) else word
            for before, word in zip(["", *arguments], arguments, strict=False)
        ]
        for option, word in _pairs(known):
            if option == "--output":
                self._make_room(word)
        for word in known:
            self._put(word)
        quick = shrink_command(known)
        self._exact &= quick == arguments
        return quick

    def _stand_in(self, arguments: list[str]) -> str:
        """What stands for a hub id: the bundled teacher, or a tiny one where it is trained."""
        if arguments[0] != "finetune" and ("--gold" not in arguments or arguments[0] != "distill"):
            return "bundled"
        if not (self.folder / _TINY).exists():
            self._fetch("teacher", self.folder / _TINY)
        return _TINY

    def _is_hub_id(self, word: str) -> bool:
        return bool(_HUB_ID.fullmatch(word)) and not (self.folder / word).exists()

    def _make_room(self, name: str) -> None:
        """The output of a command is its own, where another block or page made one of that name."""
        if self._choices and name not in self._made:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        self._made.add(name)

    def _put(self, name: str) -> None:
        """What an earlier page made, unless this one makes it."""
        name = name.removesuffix("/")
        if name.isidentifier() and name not in self._made and not (self.folder / name).exists():
            self._fetch(name, self.folder / name)
            # In tutorials it stands for another student, which finds something else.
            self._exact &= self._choices or not (self.folder / name).exists()

    def _replace_in_python(self, source: str) -> str:
        if self._quick:
            for name in re.findall(r'"(\w+)"', source):
                self._put(name)
            source = _QUOTED_ID.sub('"bundled"', source)
        return self._replace_address(source)

    def _replace_address(self, text: str) -> str:
        return text if self._address is None else text.replace(_ADDRESS, self._address)


def _parse(read: Callable[[str], Any]) -> Callable[[Example], None]:
    """An evaluator of a block that is a file: it can be read, and has something in it."""

    def run(example: Example) -> None:
        if not read(example.parsed):
            raise shell.SnippetError(f"{example.parsed!r} is empty")

    return run


def _run_statement(statement: ast.stmt, path: str, namespace: dict[str, Any]) -> Any:
    """The value of an expression; None for all else."""
    if isinstance(statement, ast.Expr):
        return eval(compile(ast.Expression(statement.value), path, "eval"), namespace)
    exec(compile(ast.Module([statement], []), path, "exec"), namespace)
    return None


def _pairs(words: list[str]) -> zip[tuple[str, str]]:
    return itertools.pairwise(words)
