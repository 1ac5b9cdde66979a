"""How to read a source: what its name does not tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

from distilgliner.corpus.findings import Findings
from distilgliner.corpus.offsets import Offsets, check_offsets


class Reading(TypedDict, total=False):
    """The options of `read_documents`, for those that pass them on."""

    format: str | None
    offsets: str
    tag_column: str | int | None


@dataclass(frozen=True)
class Gold:
    """How readers take labels: the unit of offsets, the column of tags, and where findings go."""

    offsets: Offsets = "characters"
    tag_column: str | None = None
    findings: Findings = field(default_factory=Findings)


def build_gold(offsets: str, tag_column: str | int | None, findings: Findings | None) -> Gold:
    """Checked options. Raises `UserError` for a unit of offsets that is unknown."""
    return Gold(
        check_offsets(offsets),
        None if tag_column is None else str(tag_column).strip(),
        Findings() if findings is None else findings,
    )
