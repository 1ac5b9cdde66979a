"""How numbers read in a report: short, with units, the same in HTML, Markdown and figures."""

from __future__ import annotations

from collections.abc import Sequence

MINUS = "−"
DASH = "—"

EXAMPLE_NOTE = (
    "Test sentences where the systems differ. ✓ right, ✗ wrong (what it said instead), ○ missed, "
    "· rightly left alone. Entities that every system got right have no row."
)


def format_points(fraction: float) -> str:
    """0.6971 → "69.7": a quality in percent points."""
    return _sign(f"{100 * fraction:.1f}")


def format_difference(fraction: float) -> str:
    """0.041 → "+4.1", -0.004 → "−0.4", in percent points."""
    text = f"{100 * fraction:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else _sign(text)


def format_p(p: float) -> str:
    """A p value: "< 0.001", "0.012", "0.31"."""
    if p < 0.001:
        return "< 0.001"
    # Three places below 0.1, where they decide.
    return f"{p:.3f}" if p < 0.0995 else f"{p:.2f}"


def format_share(fraction: float) -> str:
    """0.974 → "97 %"; near 100 and below 1 one decimal is kept, so that it is not rounded away."""
    percent = 100 * fraction
    whole = 1 <= percent < 99.5 or percent >= 100.5 or percent in (0.0, 100.0)
    return f"{percent:.0f} %" if whole else f"{percent:.1f} %"


def format_times(ratio: float) -> str:
    """137.4 → "137×", 4.26 → "4.3×", 0.8 → "0.80×"."""
    if ratio >= 10:
        return f"{ratio:,.0f}×"
    return f"{ratio:.1f}×" if ratio >= 1 else f"{ratio:.2f}×"


def format_count(count: float) -> str:
    """5612345 → "5.6 M", 812000 → "812 k", 930 → "930"."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= 0.9995 * size:
            value = count / size
            return f"{value:.0f} {unit}" if value >= 99.95 else f"{value:.1f} {unit}"
    return f"{count:.0f}"


def format_integer(count: float) -> str:
    """12345.6 → "12,346"."""
    return f"{count:,.0f}"


def format_bytes(count: float) -> str:
    """9800000 → "9.8 MB" (decimal units)."""
    if count < 1000:
        return f"{count:.0f} B"
    units = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
    size, unit = next(pair for pair in units if count >= 0.9995 * pair[0])
    value = count / size
    return f"{value:.0f} {unit}" if value >= 99.95 else f"{value:.1f} {unit}"


def format_seconds(seconds: float) -> str:
    """0.42 → "0.42 s", 12.3 → "12.3 s", 252 → "4 min 12 s", 7380 → "2 h 03 min"."""
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def format_milliseconds(milliseconds: float) -> str:
    """0.416 → "0.42 ms", 12.34 → "12.3 ms", 412.3 → "412 ms"."""
    places = 2 if milliseconds < 9.995 else 1 if milliseconds < 99.95 else 0
    return f"{milliseconds:,.{places}f} ms"


def join_words(words: Sequence[str]) -> str:
    """["a", "b", "c"] → "a, b and c"."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def count_of(count: int, singular: str, plural: str | None = None) -> str:
    """3, "seed" → "3 seeds"."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def _sign(text: str) -> str:
    return "0.0" if text == "-0.0" else text.replace("-", MINUS)


def explain_curves(seeds: int) -> str:
    """The sentence under the learning curves."""
    spread = "lines are means over seeds, bands reach from the lowest to the highest seed; "
    return (
        f"Solid: train, dashed: test; {spread if seeds > 1 else ''}the mark on a test line is the "
        "epoch that was kept, chosen on dev. Loss is the mean −log p of the human tag per word, "
        "for every arm; entities are found at the threshold that dev chose in that epoch."
    )
