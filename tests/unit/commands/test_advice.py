"""What messages, help texts and pages advise is there: options, commands, settings, extras, files.

The messages are read off the source, so that a new one is held to this without anything done here.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

import distilgliner
from distilgliner.augment.config import AugmentConfig
from distilgliner.cli import COMMANDS
from distilgliner.compare.config import CompareConfig
from distilgliner.finetune.config import FinetuneConfig
from distilgliner.settings import list_setting_keys
from distilgliner.tune.keys import list_keys

PACKAGE = Path(distilgliner.__file__).parent
ROOT = Path(__file__).parents[3]
FOREIGN_OPTIONS = {"--help", "--version", "--index-url"}
_OF_PROGRAMS = ("palette.py", "cost.py")
"""Style sheets, whose variables begin with --, and a program with options of its own."""
_HOLE = "\N{REPLACEMENT CHARACTER}"
"""Stands where a message puts a value in."""
PAGES = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [page for page in PAGES if "decisions" not in page.parts and page.name != "experiments.md"]


@cache
def list_options(command: str) -> frozenset[str]:
    """The options of a command, as they are typed."""
    function = getattr(importlib.import_module(f"distilgliner.commands.{command}"), command)
    assert isinstance(function, click.Command)
    options = (param for param in function.params if isinstance(param, click.Option))
    return frozenset(name for option in options for name in (*option.opts, *option.secondary_opts))


def list_all_options() -> set[str]:
    """The options of all commands."""
    return {name for command in COMMANDS for name in list_options(command)}


def list_messages() -> list[tuple[str, str]]:
    """Every text of the source that users may read, and where it is; docstrings are not."""
    return [
        (text, f"{path.relative_to(PACKAGE)}:{line}")
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name not in _OF_PROGRAMS
        for text, line in _list_texts(ast.parse(path.read_text(encoding="utf-8")))
    ]


def _list_texts(tree: ast.AST) -> Iterator[tuple[str, int]]:
    inside = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in inside:
            inside |= {id(below) for below in ast.walk(node)}
            yield _join(node), node.lineno
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in inside
        ):
            yield node.value, node.lineno


def _join(node: ast.JoinedStr) -> str:
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else _HOLE for part in node.values
    )


def list_sources() -> list[tuple[str, str]]:
    """The messages, and the pages of the documentation line by line."""
    lines = [
        (line, f"{page.relative_to(ROOT)}:{number}")
        for page in PAGES
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
    ]
    return list_messages() + lines


def test_there_is_something_to_check() -> None:
    messages = [text for text, _ in list_messages() if "--" in text]
    assert len(messages) > 150
    assert any(f"--labels-per-prompt {_HOLE}" in text for text in messages)
    assert PAGES


def test_every_option_that_a_message_names_exists() -> None:
    known = list_all_options() | FOREIGN_OPTIONS
    for text, where in list_messages():
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", text):
            assert option in known, f"{where}: {option}: {text}"


def test_an_option_that_is_named_for_a_command_is_one_of_it() -> None:
    checked = 0
    for text, where in list_sources():
        for part in text.split("distilgliner ")[1:]:
            command, rest = re.findall(r"^([a-z]*)((?:[^;:.'`\n]|\.\w)*)", part)[0]
            if command not in COMMANDS:
                continue
            for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", rest):
                checked += 1
                known = list_options(command) | FOREIGN_OPTIONS
                assert option in known, f"{where}: distilgliner {command} {option}: {text}"
    assert checked > 30


def test_the_messages_of_a_command_name_its_own_options() -> None:
    for command in COMMANDS:
        for text, line in _list_texts(_parse(command)):
            if any(f"distilgliner {other}" in text for other in COMMANDS):
                continue
            if text.startswith("Note: "):  # of which some speak of the command before
                continue
            for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", text):
                assert option in list_options(command), f"{command}.py:{line}: {option}: {text}"


def _parse(command: str) -> ast.AST:
    path = PACKAGE / "commands" / f"{command}.py"
    return ast.parse(path.read_text(encoding="utf-8"))


def test_every_command_that_is_named_exists() -> None:
    for text, where in list_messages():
        for command in re.findall(r"(?<![\w/.-])distilgliner ([a-z]+)(?![\w\]])", text):
            assert command in {*COMMANDS, "command", "import", "first"}, (
                f"{where}: {command}: {text}"
            )
        for command in re.findall(r"'distilgliner ([a-z]+)", text):
            assert command in COMMANDS, f"{where}: {command}: {text}"


def test_every_setting_that_is_named_exists() -> None:
    known = {*list_keys(), *list_setting_keys(CompareConfig), "key"}
    known |= {*list_setting_keys(FinetuneConfig), *list_setting_keys(AugmentConfig)}
    for text, where in list_sources():
        for key in re.findall(r"--set '?([a-z][\w.]*)=", text):
            assert key in known, f"{where}: --set {key}: {text}"


def test_every_extra_that_is_named_exists() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = project.partition("[project.optional-dependencies]")[2].partition("\n[")[0]
    extras = set(re.findall(r"^([a-z]+) = \[", section, flags=re.MULTILINE))
    named = set()
    for text, where in list_sources():
        for names in re.findall(r"distilgliner\[([\w,]+)\]", text):
            named.add(names)
            assert set(names.split(",")) <= extras, f"{where}: {names}: {text}"
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "missing_extra":
                for argument in node.args[1:]:
                    if isinstance(argument, ast.Constant):
                        named.add(argument.value)
                        assert argument.value in extras, f"{path}: {argument.value}"
    assert len(named) > 5


def test_every_page_and_file_that_is_named_exists() -> None:
    for text, where in list_messages():
        for name in re.findall(r"(?<![\w/])(?:docs|benchmarks)/[\w./-]+", text):
            assert (ROOT / name.rstrip(".")).exists(), f"{where}: {name}: {text}"


def test_every_function_that_is_named_exists() -> None:
    for text, where in list_messages():
        for name in re.findall(r"(?<![\w./@'\[-])distilgliner\.([a-z_]\w*)", text):
            assert _has(name), f"{where}: distilgliner.{name}: {text}"


def _has(name: str) -> bool:
    if hasattr(distilgliner, name):
        return True
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


@pytest.mark.parametrize(
    "words",
    ["goes on behind", "learnt", "as it came", "perhaps", "beside what", "mend ", "an asker"],
)
def test_messages_are_in_plain_english(words: str) -> None:
    found = [f"{where}: {text}" for text, where in list_messages() if words in text]
    assert not found, "\n".join(found)


def test_the_messages_of_the_troubleshooting_page_are_those_of_the_program() -> None:
    page = (ROOT / "docs" / "how-to" / "troubleshooting.md").read_text(encoding="utf-8")
    said = "\n".join(text for text, _ in list_messages())
    quoted = re.findall(r"^\| (?:\d{3} )?`([^`]+)`", page, flags=re.MULTILINE)
    assert len(quoted) > 40
    for message in quoted:
        fragments = [part.strip(" '") for part in message.split("…")]
        assert max(map(len, fragments)) > 7, message
        for fragment in fragments:
            assert fragment in said, f"{message}: {fragment!r}"
