"""Whether the output that a page shows is the one that came out."""

from __future__ import annotations

import ast
import re

_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_WORDS_PER_SECOND = re.compile(r"[\d,]+ words/s")
ANYTHING = "…"
"""In a shown output: here stands something that is not shown."""
_STARTS_OUTPUT = ("[", "{", "(", "'", '"', ANYTHING)


def match_output(shown: str, found: str, *, tolerance: float) -> bool:
    """Whether texts are equal but for white space, "…", and numbers that are close.

    tolerance: how far a number may be from the shown one, as a share of it. Speeds are never
    compared, since they are those of a machine.
    """
    pieces = [_mask(piece) for piece in shown.split(ANYTHING)]
    pattern = ".*".join(map(re.escape, pieces))
    if not re.fullmatch(pattern, _mask(found), re.DOTALL):
        return False
    if len(pieces) > 1:  # which numbers belong together is not known
        return True
    pairs = zip(_read_numbers(shown), _read_numbers(found), strict=True)
    return all(abs(one - other) <= tolerance * max(abs(one), 1e-9) for one, other in pairs)


def find_shown_values(source: str) -> dict[int, str]:
    """For the number of each statement: what a comment directly after it says it gives.

    Remarks are left out: an output begins with a bracket, a quotation mark or "…".
    """
    lines = source.splitlines()
    shown = {}
    for number, statement in enumerate(ast.parse(source).body):
        if not isinstance(statement, ast.Expr):
            continue
        comment = []
        for line in lines[statement.end_lineno :]:
            if not line.startswith("# "):
                break
            comment.append(line[2:])
        if comment and comment[0].startswith(_STARTS_OUTPUT):
            shown[number] = "\n".join(comment)
    return shown


def _mask(text: str) -> str:
    """White space as single spaces, none inside brackets, and "0" for every number."""
    text = _WORDS_PER_SECOND.sub("0 words/s", text)
    text = " ".join(_NUMBER.sub("0", text).split())
    return re.sub(r"(?<=[\[({]) | (?=[\])}])", "", text)


def _read_numbers(text: str) -> list[float]:
    text = _WORDS_PER_SECOND.sub("", text)
    return [float(number.replace(",", "")) for number in _NUMBER.findall(text)]
