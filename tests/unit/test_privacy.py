"""Nothing is reported to anybody: no file in the home folder, no name looked up, on any way in."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import distilgliner

PACKAGE = Path(distilgliner.__file__).parent
ONLY = PACKAGE / "student" / "onnx_session.py"
SWITCHES = ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK")
# Tells of each look-up of a name and each connection but those of the machine to itself.
HOOK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
  int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
      dlsym(RTLD_NEXT, "getaddrinfo");
  fprintf(stderr, "LOOK-UP of %s\n", node ? node : "nothing");
  return next(node, service, hints, found);
}
int connect(int socket, const struct sockaddr *address, socklen_t size) {
  int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
  if (address->sa_family == AF_INET || address->sa_family == AF_INET6)
    fprintf(stderr, "CONNECTION\n");
  return next(socket, address, size);
}
"""
LIBRARY = (
    "import time; from distilgliner import DistilGLiNER\n"
    "model = DistilGLiNER.from_pretrained('general')\n"
    "assert model.predict_entities('Ada Lovelace lived in London.'); time.sleep(1)"
)
COMMAND = ["-m", "distilgliner", "predict", "--model", "general", "--input", "texts.txt"]
WAYS = {
    "library": ["-c", LIBRARY],
    "command": COMMAND,
    "workers": [*COMMAND, "--workers", "2"],
}


def imports_onnxruntime(path: Path) -> bool:
    names: set[str] = set()
    text = path.read_text(encoding="utf-8")
    if "onnxruntime" not in text:
        return False
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return "onnxruntime" in names


def test_one_module_imports_onnxruntime() -> None:
    assert [path for path in PACKAGE.rglob("*.py") if imports_onnxruntime(path)] == [ONLY]


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which look-ups are told of, empty where there is no C compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        return {}
    folder = tmp_path_factory.mktemp("hook")
    (folder / "hook.c").write_text(HOOK)
    command = [compiler, "-shared", "-fPIC", "-o", "hook.so", "hook.c", "-ldl"]
    subprocess.run(command, cwd=folder, check=True)
    return {"LD_PRELOAD": str(folder / "hook.so")}


@pytest.mark.parametrize("way", WAYS)
def test_predicting_tells_nobody(way: str, hook: dict[str, str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "texts.txt").write_text("Ada Lovelace lived in London.\n" * 20)
    kept = {name: value for name, value in os.environ.items() if name not in SWITCHES}
    home_variables = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "HF_HOME")
    kept = {name: value for name, value in kept.items() if name not in home_variables}
    done = subprocess.run(
        [sys.executable, *WAYS[way]],
        cwd=tmp_path,
        env={**kept, **hook, "HOME": str(home), "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "LOOK-UP" not in done.stderr
    assert "CONNECTION" not in done.stderr
    assert [path for path in home.rglob("*") if path.is_file()] == []


def run_python(code: str, **variables: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in SWITCHES}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "PYTHONPATH": str(PACKAGE.parent), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout + done.stderr


def test_who_chooses_otherwise_is_left_the_choice() -> None:
    code = f"import os, distilgliner; print(*map(os.environ.get, {SWITCHES}))"
    assert run_python(code).split() == ["1", "1", "1"]
    assert run_python(code, ORT_DISABLE_TELEMETRY="0").split() == ["0", "1", "1"]


def test_onnxruntime_that_was_imported_before_is_told_of(tmp_path: Path) -> None:
    code = "import sys; sys.modules['onnxruntime'] = sys; import distilgliner"
    assert "import distilgliner first, or set ORT_DISABLE_TELEMETRY=1" in run_python(code)
    assert run_python(code, ORT_DISABLE_TELEMETRY="1") == ""
