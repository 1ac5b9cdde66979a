"""A comparison whose students begin with another one, all but those of gold."""

from __future__ import annotations

from pathlib import Path

import pytest

from distilgliner.compare.config import read_compare_config
from distilgliner.compare.run import run_comparison
from distilgliner.errors import UserError
from distilgliner.files import read_json
from tiny_comparison import write_comparison

pytest.importorskip("gliner", reason="needs the extra 'annotate'")

QUICK = {"epochs": 1, "min_updates": 0}


def test_students_with_a_teacher_begin_with_the_first(tmp_path: Path) -> None:
    path = write_comparison(tmp_path, arms=["soft"], training=QUICK)
    run_comparison(read_compare_config(path), tmp_path / "first", quiet=True)
    first = tmp_path / "first" / "runs" / "bilstm-crf" / "soft" / "seed-0"
    first.rename(tmp_path / "early")  # beside the configuration, which names it

    settings = {"arms": ["gold", "soft", "hard"], "training": QUICK, "initial": "early"}
    config = read_compare_config(write_comparison(tmp_path, **settings))
    results = run_comparison(config, tmp_path / "out", quiet=True)
    runs = tmp_path / "out" / "runs" / "bilstm-crf"
    begun = {arm: read_json(runs / arm / "seed-0" / "run.json", "") for arm in settings["arms"]}
    assert [arm for arm, run in begun.items() if "initial" in run] == ["soft", "hard"]
    assert any("soft and hard began with" in note for note in results.notes)

    plain = config.model_copy(update={"initial": None})
    with pytest.raises(UserError, match="a comparison with another initial"):
        run_comparison(plain, tmp_path / "out", quiet=True)
    wide = config.model_copy(update={"students": ("bilstm-crf", "bigru-crf")})
    with pytest.raises(UserError, match="whose encoder is bilstm and not bigru"):
        run_comparison(wide, tmp_path / "other", quiet=True)
    assert not (tmp_path / "other").exists()
