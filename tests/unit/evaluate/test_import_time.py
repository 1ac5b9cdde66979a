"""Telling imports from the rest of the work."""

from __future__ import annotations

import builtins
import importlib
import sys
import time
from pathlib import Path

import pytest

from distilgliner.evaluate.import_time import measure_imports


@pytest.fixture
def slow_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`slow_outer` takes 0.2 s, half of it for importing `slow_inner`."""
    (tmp_path / "slow_inner.py").write_text("import time\ntime.sleep(0.1)\n")
    (tmp_path / "slow_outer.py").write_text("import time, slow_inner\ntime.sleep(0.1)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("slow_inner", "slow_outer"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.usefixtures("slow_modules")
def test_imports_within_imports_count_once() -> None:
    with measure_imports() as imports:
        importlib.import_module("slow_outer")
        time.sleep(0.3)
    assert 0.2 <= imports.seconds < 0.3


@pytest.mark.usefixtures("slow_modules")
def test_statements_count_and_later_ones_do_not() -> None:
    with measure_imports() as imports:
        exec("import slow_inner")
    before = imports.seconds
    exec("import slow_outer")
    assert 0.1 <= imports.seconds == before


def test_a_failed_import_leaves_nothing_behind() -> None:
    usual = builtins.__import__
    with pytest.raises(ModuleNotFoundError), measure_imports():
        importlib.import_module("no_such_module_anywhere")
    assert builtins.__import__ is usual
