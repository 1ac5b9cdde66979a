"""A sample of the attacks of `make attack`, the same at every run, within half a minute."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from attack import choose, make
from attacks import list_attacks
from damage import PICKLE, PICKLE_RAN

SECONDS = 18
"""For the attacks; the material takes a few more."""

pytest.importorskip("resource", reason="needs limits of processes")
pytest.importorskip("optuna", reason="needs the extra 'tune'")
pytest.importorskip("onnx", reason="needs the extra 'export'")


def test_a_sample_is_held() -> None:
    tried, fallen = make(choose(150, seed=7), SECONDS)
    assert tried >= 10
    assert not fallen, _list(fallen)


def test_no_pickle_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pickle.loads(PICKLE)
    assert Path(PICKLE_RAN).exists(), "it would not be seen"
    chosen = [attack for attack in list_attacks() if attack.name.endswith(": a pickle")]
    first = [attack for attack in chosen if attack.name.startswith(("student", "exported", "chec"))]
    assert len(first) == 9
    tried, fallen = make(first)
    assert (tried, fallen) == (len(first), {}), _list(fallen)


def _list(fallen: dict[str, str]) -> str:
    return "\n".join(f"{name}: {fault}" for name, fault in fallen.items())


def test_every_attack_has_a_name_of_its_own() -> None:
    names = [attack.name for attack in list_attacks()]
    assert len(set(names)) == len(names) > 900
