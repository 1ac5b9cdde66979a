"""`report.html`: one file that needs nothing else, from the template next to this module."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from distilgliner.compare.report import svg
from distilgliner.compare.report.calibration_table import build_calibration_table
from distilgliner.compare.report.cost_table import build_cost_table
from distilgliner.compare.report.examples import compare_example
from distilgliner.compare.report.figures import (
    Figure,
    build_curve_figures,
    build_label_figures,
    build_speed_figure,
)
from distilgliner.compare.report.palette import DARK, FIGURE_RULES, FONT, LIGHT, build_variables
from distilgliner.compare.report.reliability import build_reliability_figures
from distilgliner.compare.report.summary import (
    count_seeds,
    group_runs,
    list_arms,
    name_teachers,
    order_labels,
)
from distilgliner.compare.report.svg import Drawing
from distilgliner.compare.report.tables import (
    TARGETS,
    build_data_table,
    build_label_table,
    build_machine_table,
    build_quality_table,
    build_significance_table,
    format_config,
    format_date,
)
from distilgliner.compare.report.verdict import build_key_numbers, build_verdict
from distilgliner.compare.report.wording import EXAMPLE_NOTE, explain_curves
from distilgliner.compare.results import TEACHER, Results
from distilgliner.errors import missing_extra

_BEFORE_UNIT = re.compile(r"(?<=\d) (?=%|(?:[kMG]|[kMG]?B|m?s|min|h|GiB|points|F1)\b)")


def build_html(results: Results) -> str:
    """The whole page; the same results always give the same bytes."""
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise missing_extra("jinja2", "compare") from None

    environment = Environment(
        loader=PackageLoader("distilgliner", "compare/report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["zip"] = partial(zip, strict=True)
    environment.filters["joined"] = keep_together
    environment.filters["prose"] = lambda text: keep_together(text).replace("'", "’")
    return environment.get_template("page.html").render(**_build_context(results))


def _build_context(results: Results) -> dict[str, Any]:
    speed = build_speed_figure(results)
    return {
        "results": results,
        "date": format_date(results),
        "teachers": name_teachers(results),
        "verdict": build_verdict(results),
        "key_numbers": build_key_numbers(results),
        "quality": build_quality_table(results),
        "significance": build_significance_table(results),
        "costs": build_cost_table(results),
        "data": build_data_table(results),
        "machine": build_machine_table(results),
        "labels": build_label_table(results),
        "curves": [_inline(figure) for figure in build_curve_figures(results)],
        "label_figures": [_inline(figure) for figure in build_label_figures(results)],
        "calibration": build_calibration_table(results),
        "reliability": [_inline(figure) for figure in build_reliability_figures(results)],
        "speed": _inline(speed) if speed is not None else None,
        "examples": [compare_example(example) for example in results.examples],
        "arms": list_arms(results),
        "curve_note": explain_curves(count_seeds(results)),
        "example_note": EXAMPLE_NOTE,
        "words": {"right": "right", "missed": "missed", "none": ""},
        "hues": {label: compute_hue(index) for index, label in enumerate(order_labels(results))},
        "has_runs": bool(group_runs(results)),
        "config": format_config(results),
        "swatches": {name: draw_swatch(name) for name in (TEACHER, *TARGETS)},
        "font": FONT,
        "light": build_variables(LIGHT),
        "dark": build_variables(DARK),
        "figure_rules": FIGURE_RULES,
    }


def _inline(figure: Figure) -> dict[str, Any]:
    return {"title": figure.title, "panels": [svg.render_inline(p) for p in figure.panels]}


def draw_swatch(system: str) -> str:
    """The small sign of a system in tables and legends."""
    body = svg.group(system, svg.marker(system, 7, 7, 4.6))
    return svg.render_inline(Drawing(14, 14, body, "")).replace(
        'role="img" aria-label=""', 'class="swatch" aria-hidden="true"'
    )


def compute_hue(index: int) -> int:
    """The hue (degrees) of a label; neighbours in the list lie far apart on the colour circle."""
    return round(212 + 137.5 * index) % 360


def keep_together(text: str) -> str:
    """Numbers stay on one line with their unit."""
    text = text.replace("± ", "±\u00a0").replace("p = ", "p\u00a0=\u00a0")
    return _BEFORE_UNIT.sub("\u00a0", text)
