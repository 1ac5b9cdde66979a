"""The colours of the report, for light and dark, and the rules that figures are drawn by.

The five systems stay apart under protanopia, deuteranopia and tritanopia (OKLab distance of at
least 0.12 in the Machado 2009 simulation, both palettes) and reach 3:1 against the page; every
system also has a marker of its own.
"""

from __future__ import annotations

import re

SYSTEMS = ("teacher", "gold", "hard", "soft", "mixed")

LIGHT = {
    "teacher": "#2b2f36",
    "gold": "#c98800",
    "hard": "#bf4d3a",
    "soft": "#3d97e0",
    "mixed": "#6a2a9b",
    "ink": "#1b1e24",
    "muted": "#5c6370",
    "rule": "#e1e4ea",
    "paper": "#ffffff",
    "panel": "#f6f7f9",
    "good": "#14683a",
    "bad": "#a8281c",
}
DARK = {
    "teacher": "#e8ebf0",
    "gold": "#e3a52e",
    "hard": "#d9607f",
    "soft": "#74bdf2",
    "mixed": "#8f6fe6",
    "ink": "#e6e8ec",
    "muted": "#a0a7b4",
    "rule": "#32363f",
    "paper": "#15171c",
    "panel": "#1c1f26",
    "good": "#6fcf97",
    "bad": "#ff8f82",
}

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'

_SYSTEM_RULES = "\n".join(f".c-{name} {{ color: var(--{name}); }}" for name in SYSTEMS)

FIGURE_RULES = f"""{_SYSTEM_RULES}
.ink {{ fill: var(--ink); }}
.muted {{ fill: var(--muted); }}
.halo {{ paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }}
.mark {{ stroke: var(--paper); stroke-width: 1px; }}
.paper {{ fill: var(--paper); }}
.grid {{ stroke: var(--rule); }}
.axis {{ stroke: var(--muted); }}"""


def build_variables(palette: dict[str, str]) -> str:
    """The palette as CSS variables, one a line."""
    return "\n".join(f"--{name}: {color};" for name, color in palette.items())


def build_standalone_style() -> str:
    """The rules for an SVG file on its own: plain colours, so that any viewer understands them."""
    dark = _resolve(FIGURE_RULES, DARK)
    return (
        f"svg {{ font-family: {FONT}; }}\n{_resolve(FIGURE_RULES, LIGHT)}\n"
        f"@media (prefers-color-scheme: dark) {{\n{dark}\n}}"
    )


def _resolve(rules: str, palette: dict[str, str]) -> str:
    return re.sub(r"var\(--(\w+)\)", lambda match: palette[match[1]], rules)
