"""The bundled general student: opens by its name without torch, and finds what is plain to see."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from distilgliner import DistilGLiNER
from distilgliner.annotate.checkpoint import find_checkpoint
from distilgliner.bundled import BUNDLED, GENERAL, bundled_student, bundled_teacher
from distilgliner.errors import Notice
from distilgliner.hub import locate_folder
from distilgliner.models import load_predictor, locate_model

TEXT = (
    "Ibuprofen can cause gastric ulcers, says Maria Silva of the World Health Organization in "
    "Geneva."
)
FOUND = {
    ("Ibuprofen", "chemical"),
    ("gastric ulcers", "disease"),
    ("Maria Silva", "person"),
    ("World Health Organization", "organization"),
    ("Geneva", "location"),
}


def test_what_it_finds() -> None:
    model = DistilGLiNER.from_pretrained(GENERAL)
    assert len(model.labels) == 10
    assert {(e["text"], e["label"]) for e in model.predict_entities(TEXT)} == FOUND
    assert isinstance(load_predictor(GENERAL), DistilGLiNER)


def test_it_needs_no_torch() -> None:
    code = (
        "import sys; from distilgliner import DistilGLiNER; "
        f"found = DistilGLiNER.from_pretrained({GENERAL!r}).predict_entities({TEXT!r}); "
        "print(len(found), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(FOUND)), "False"]


def test_a_folder_of_that_name_is_never_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert locate_folder(GENERAL, "student") == bundled_student()
        assert locate_model(BUNDLED) == bundled_teacher()
    for name in (GENERAL, BUNDLED):
        (tmp_path / name).mkdir()
    with pytest.warns(Notice, match=r"'general' is the bundled model.*'\./general'"):
        assert locate_folder(GENERAL, "student") == bundled_student()
    with pytest.warns(UserWarning, match=r"write '\./bundled' for the folder"):
        assert find_checkpoint(BUNDLED).folder == bundled_teacher()
    for folder in (f"./{GENERAL}", Path(GENERAL), f"{tmp_path}/{GENERAL}"):
        assert locate_folder(folder, "student").resolve() == tmp_path / GENERAL
