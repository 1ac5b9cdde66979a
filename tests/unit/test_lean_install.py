"""What the base install can do: predicting imports nothing that is not needed for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from distilgliner.cli import COMMANDS

LEFT_OUT = (
    "pydantic",
    "rich",
    "safetensors",
    "torch",
    "gliner",
    "pyarrow",
    "onnx",
    "jinja2",
    "yaml",
)
UNUSED = ("click", "huggingface_hub", "requests", "httpx", *LEFT_OUT)
TEXT = "Maria Silva lives in Geneva."


def run_python(code: str, *missing: str) -> subprocess.CompletedProcess[str]:
    """Run code where importing some packages fails, as it does when they are not installed."""
    without = f"import sys; sys.modules.update(dict.fromkeys({missing!r}))\n"
    return subprocess.run([sys.executable, "-c", without + code], capture_output=True, text=True)


def run_command(*arguments: str, missing: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return run_python(f"from distilgliner.cli import main; main({list(arguments)!r})", *missing)


def test_predicting_imports_nothing_else() -> None:
    done = run_python(
        "from distilgliner import DistilGLiNER\n"
        f"found = DistilGLiNER.from_pretrained('general').predict_entities({TEXT!r})\n"
        f"print(len(found), [name for name in {UNUSED!r} if name in sys.modules])"
    )
    assert done.stdout.split(maxsplit=1) == ["2", "[]\n"], done.stderr


def test_every_command_has_its_help_in_the_base_install() -> None:
    done = run_command("--help", missing=LEFT_OUT)
    assert done.returncode == 0, done.stderr
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout


def test_the_commands_of_the_base_install(tmp_path: Path) -> None:
    text, gold = tmp_path / "notes.txt", tmp_path / "gold.inline"
    text.write_text(TEXT)
    gold.write_text("[Maria Silva|person] lives in [Geneva|location].\n")
    done = run_command("predict", "--model", "general", "--input", str(text), missing=LEFT_OUT)
    assert done.returncode == 0
    assert '"Maria Silva"' in done.stdout
    done = run_command("evaluate", "--model", "general", "--input", str(gold), missing=LEFT_OUT)
    assert done.returncode == 0, done.stderr
    assert "100.0" in done.stdout


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [
        ("annotate --teacher bundled --labels a --input {0} --output {1}", "pyarrow", "annotate"),
        ("annotate --teacher bundled --labels a --input {0} --output {1}", "pydantic", "annotate"),
        ("augment --annotations {0} --output {1}", "pydantic", "augment"),
        ("distill --annotations {0} --output {1}", "torch", "distill"),
        ("distill --annotations {0} --output {1}", "pydantic", "distill"),
        ("finetune --teacher bundled --gold {0} --output {1}", "pydantic", "finetune"),
        ("compare {0} --output {1}", "yaml", "compare"),
        ("export --model general --output {1}", "safetensors", "export"),
        ("tune --annotations {0} --dev {0} --output {1}", "pydantic", "tune"),
        ("serve --model general", "fastapi", "serve"),
        ("quickstart --output {1}", "pydantic", "quickstart"),
    ],
)
def test_a_package_that_is_missing_is_named_with_its_extra(
    command: str, package: str, extra: str, tmp_path: Path
) -> None:
    arguments = command.format(f"{tmp_path}/notes.txt", f"{tmp_path}/out").split()
    (tmp_path / "notes.txt").write_text(TEXT)
    done = run_command(*arguments, missing=(package,))
    assert done.returncode == 2, done.stderr
    assert f"pip install 'distilgliner[{extra}]'" in done.stderr
    assert package in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        "annotate --teacher bundled --labels a --input - --output {0}",
        "predict --model bundled --labels a",
        "quickstart --output {0}",
        "export --model general --output {0}",
    ],
)
def test_the_teacher_that_is_missing_is_named(arguments: str, tmp_path: Path) -> None:
    done = run_command(
        *arguments.format(f"{tmp_path}/out").split(), missing=("distilgliner_teacher",)
    )
    assert done.returncode == 2, done.stderr
    assert "pip install distilgliner-teacher" in done.stderr
    assert "Traceback" not in done.stderr
