"""Write the report of a comparison: `report.html`, `report.md` and its figures."""

from __future__ import annotations

from pathlib import Path

from distilgliner.compare.report.figures import (
    build_curve_figures,
    build_label_figures,
    build_speed_figure,
)
from distilgliner.compare.report.html import build_html
from distilgliner.compare.report.markdown import FIGURES, build_markdown
from distilgliner.compare.report.reliability import build_reliability_figures
from distilgliner.compare.report.svg import render_file
from distilgliner.compare.results import Results
from distilgliner.files import write_atomically


def write_report(results: Results, folder: Path) -> None:
    """Write `report.html`, `report.md` and `figures/*.svg` into `folder` (made if missing).

    The page is one file that loads nothing. The same results give the same bytes. Raises UserError
    when jinja2 is not installed.
    """
    page, text = build_html(results), build_markdown(results)
    speed = build_speed_figure(results)
    figures = [
        *build_curve_figures(results),
        *build_label_figures(results),
        *build_reliability_figures(results),
    ]
    for figure in [*figures, *([speed] if speed is not None else [])]:
        write_atomically(folder / FIGURES / f"{figure.name}.svg", render_file(figure.whole))
    write_atomically(folder / "report.md", text)
    write_atomically(folder / "report.html", page)
