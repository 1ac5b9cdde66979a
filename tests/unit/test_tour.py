"""The tour in CONTRIBUTING.md is true: its folders and files are there, in the order of imports."""

from __future__ import annotations

import re
from pathlib import Path

from test_imports import ORDER, ROOMS

import distilgliner

PACKAGE = Path(distilgliner.__file__).parent
TOUR = PACKAGE.parents[1] / "CONTRIBUTING.md"
ROW = re.compile(r"^\| `(\w+)/` \|(.*)\| ([^|]*) \|$", re.MULTILINE)
ROWS = ROW.findall(TOUR.read_text(encoding="utf-8"))


def test_every_stage_has_its_row_in_the_order_of_imports() -> None:
    stages = [name for name in ORDER if (PACKAGE / name).is_dir() and name != "bundled"]
    rooms = list(ROOMS["distill"])
    assert [folder for folder, _, _ in ROWS] == stages + rooms


def test_files_to_start_reading_at_are_there() -> None:
    for folder, what, files in ROWS:
        place = PACKAGE / ("distill" if folder in ROOMS["distill"] else "") / folder
        for name in re.findall(r"`([\w/]+\.py)`", files):
            assert (place / name).is_file(), f"{folder}/{name}"
        for room in re.findall(r"`(\w+)/`", what):
            assert (place / room).is_dir(), f"{folder}/{room}"


def test_files_that_the_text_names_are_there() -> None:
    text = ROW.sub("", TOUR.read_text(encoding="utf-8"))
    text = text.partition("## A tour")[2].partition("\n## ")[0]
    for name in re.findall(r"`(\w+\.py)`", text):
        assert list(PACKAGE.glob(name)) or list((PACKAGE / "distill").glob(name)), name
