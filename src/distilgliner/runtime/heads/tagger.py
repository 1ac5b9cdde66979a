"""The tagger: one linear layer."""

from __future__ import annotations

from distilgliner.runtime.builder import Builder
from distilgliner.student.config import StudentConfig


def add_tagger(builder: Builder, config: StudentConfig, states: str) -> str:
    """States (B, L, 2H) → logits (B, L, T)."""
    return builder.linear(states, "head.output")
