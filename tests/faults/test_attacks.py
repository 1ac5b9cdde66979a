"""A sample of the attacks of `make attack`, the same at every run, within half a minute."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from attack import choose, make
from attacks import list_attacks

SECONDS = 18
"""For the attacks; the material takes a few more."""

pytest.importorskip("resource", reason="needs limits of processes")
pytest.importorskip("optuna", reason="needs the extra 'tune'")
pytest.importorskip("onnx", reason="needs the extra 'export'")


def test_a_sample_is_held() -> None:
    tried, fallen = make(choose(150, seed=7), SECONDS)
    assert tried >= 10
    assert not fallen, "\n".join(f"{name}: {fault}" for name, fault in fallen.items())


def test_every_attack_has_a_name_of_its_own() -> None:
    names = [attack.name for attack in list_attacks()]
    assert len(set(names)) == len(names) > 900
