"""A little SVG: scales, ticks, text and marks.

Hand-written, so that figures inherit the page's font and colours (light, dark, print), keep their
text as text, weigh little and are the same bytes on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from distilgliner.compare.report.palette import build_standalone_style

Anchor = Literal["start", "middle", "end"]
MARKERS = {
    "teacher": "star",
    "gold": "circle",
    "hard": "triangle",
    "soft": "diamond",
    "mixed": "square",
}


@dataclass(frozen=True)
class Drawing:
    """A picture of `width` × `height` pixels; `title` says what it shows, for screen readers."""

    width: float
    height: float
    body: str
    title: str


@dataclass(frozen=True)
class Scale:
    """Maps values between `low` and `high` to pixels between `start` and `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high = self.low, self.high
        if self.log:
            value, low, high = math.log10(value), math.log10(low), math.log10(high)
        return self.start + (value - low) / (high - low) * (self.end - self.start)


def compute_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About `count` round numbers that enclose `low` to `high` (first and last lie outside)."""
    if high - low < 1e-9:
        high = low + max(abs(low), 1.0)
    rough = (high - low) / count
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * size for factor in (1, 2, 2.5, 5, 10) if factor * size >= 0.999 * rough)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def compute_log_ticks(low: float, high: float) -> list[float]:
    """The powers of ten that enclose `low` to `high`, at least one decade apart."""
    first = math.floor(math.log10(low) + 1e-9)
    last = max(math.ceil(math.log10(high) - 1e-9), first + 1)
    return [10.0**power for power in range(first, last + 1)]


def number(value: float) -> str:
    """A coordinate with at most two places, always written the same way."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def text(
    x: float,
    y: float,
    content: str,
    *,
    size: float = 11,
    anchor: Anchor = "start",
    tone: str = "muted",
    bold: bool = False,
    halo: bool = False,
) -> str:
    """A line of text; `tone` is "ink" or "muted", a `halo` keeps lines behind it away."""
    paint = f'class="{tone} halo"' if halo else f'class="{tone}"'
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{number(x)}" y="{number(y)}" {paint} font-size="{number(size)}" '
        f'text-anchor="{anchor}"{weight}>{escape(content)}</text>'
    )


def rule(x1: float, y1: float, x2: float, y2: float, *, kind: str = "grid", dash: str = "") -> str:
    """A thin straight line; `kind` is "grid", "axis" or "" for the colour of the group around."""
    paint = f'class="{kind}"' if kind else 'stroke="currentColor"'
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}" '
        f'{paint} stroke-width="1"{dashes}/>'
    )


def polyline(
    points: Sequence[tuple[float, float]], *, width: float, dash: str = "", opacity: float = 1.0
) -> str:
    """A line through points in the colour of the group around it."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    faint = f' opacity="{number(opacity)}"' if opacity < 1 else ""
    return (
        f'<path d="{_path(points)}" fill="none" stroke="currentColor" '
        f'stroke-width="{number(width)}" stroke-linejoin="round" stroke-linecap="round"'
        f"{dashes}{faint}/>"
    )


def band(lower: Sequence[tuple[float, float]], upper: Sequence[tuple[float, float]]) -> str:
    """A pale area between two lines."""
    path = _path([*upper, *reversed(lower)])
    return f'<path d="{path}Z" fill="currentColor" opacity="0.13"/>'


def bar(x: float, y: float, width: float, height: float) -> str:
    """A filled rectangle in the colour of the group around it."""
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(max(width, 0))}" '
        f'height="{number(height)}" fill="currentColor"/>'
    )


def marker(system: str, x: float, y: float, radius: float = 4.5) -> str:
    """The sign of a system (each has its own shape) in the colour of the group around it."""
    shape = MARKERS.get(system, "circle")
    outline = 'fill="currentColor" class="mark"'
    if shape == "circle":
        return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" {outline}/>'
    corners = {
        "square": [(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
        "diamond": [(0, -1.25), (1.15, 0), (0, 1.25), (-1.15, 0)],
        "triangle": [(0, -1.2), (1.12, 0.85), (-1.12, 0.85)],
        "star": _star(),
    }[shape]
    path = _path([(x + radius * dx, y + radius * dy) for dx, dy in corners])
    return f'<path d="{path}Z" {outline}/>'


def group(system: str, *parts: str) -> str:
    """Draw `parts` in the colour of a system."""
    return f'<g class="c-{system}">{"".join(parts)}</g>'


def move(x: float, y: float, body: str) -> str:
    """Shift `body`."""
    return f'<g transform="translate({number(x)} {number(y)})">{body}</g>'


def render_inline(drawing: Drawing) -> str:
    """The drawing as an `<svg>` element for a page that has the figure rules."""
    return (
        f'<svg viewBox="0 0 {number(drawing.width)} {number(drawing.height)}" role="img" '
        f'aria-label="{escape(drawing.title)}">{drawing.body}</svg>'
    )


def render_file(drawing: Drawing, margin: float = 16) -> str:
    """The drawing as a complete SVG file with its own colours and background."""
    width, height = drawing.width + 2 * margin, drawing.height + 2 * margin
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(width)}" '
        f'height="{number(height)}" viewBox="0 0 {number(width)} {number(height)}" role="img">\n'
        f"<title>{escape(drawing.title)}</title>\n<style>\n{build_standalone_style()}\n</style>\n"
        f'<rect class="paper" width="100%" height="100%" rx="6"/>\n'
        f"{move(margin, margin, drawing.body)}\n</svg>\n"
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def _star() -> list[tuple[float, float]]:
    radii = (1.4, 0.62)
    return [
        (radii[i % 2] * math.sin(math.pi * i / 5), -radii[i % 2] * math.cos(math.pi * i / 5))
        for i in range(10)
    ]
