"""What must come of an attack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench import Bench, Expect, Outcome

STUDENT = ("model.safetensors", "config.json", "tokenizer.json")


def refused(outcome: Outcome, place: Path, bench: Bench) -> str | None:
    """Exit code 2, and one sentence."""
    if outcome.code != 2:
        return f"exit code {outcome.code}, not 2; {outcome.err[-200:]}"
    lines = outcome.err.strip().splitlines()
    if not lines or not lines[-1].startswith("distilgliner: "):
        return f"no sentence at the end: {outcome.err[-300:]!r}"
    if any(line.startswith("distilgliner: ") for line in lines[:-1]):
        return f"several sentences: {outcome.err[-300:]!r}"
    if "Traceback" in outcome.err or "Error:" in lines[-1]:
        return f"a traceback: {outcome.err[-300:]!r}"
    if len(lines[-1]) > 2000:
        return f"a sentence of {len(lines[-1])} characters"
    left = [path for path in place.rglob(".*") if path.name.endswith(".tmp")]
    return f"left behind: {left}" if left else None


def refused_without(name: str) -> Expect:
    """As `refused`, and the output is not there."""

    def expect(outcome: Outcome, place: Path, bench: Bench) -> str | None:
        if (place / name).exists():
            return f"{name} was made"
        return refused(outcome, place, bench)

    return expect


def no_traceback(outcome: Outcome, place: Path, bench: Bench) -> str | None:
    """Taken, or refused in one sentence."""
    return None if outcome.code == 0 else refused(outcome, place, bench)


def same_predictions(model: str) -> Expect:
    """Refused, or the same entities as without the attack."""

    def expect(outcome: Outcome, place: Path, bench: Bench) -> str | None:
        if outcome.code != 0:
            return refused(outcome, place, bench)
        is_same = outcome.out == bench.predictions[model]
        return None if is_same else "other entities, with exit code 0"

    return expect


def same_student(folder: str) -> Expect:
    """Refused, or the very student that there was before, made anew."""

    def expect(outcome: Outcome, place: Path, bench: Bench) -> str | None:
        if outcome.code != 0:
            return refused(outcome, place, bench)
        for name in STUDENT:
            path = place / folder / name
            if not path.is_file():
                return f"exit code 0 without {name}"
            if path.read_bytes() != (bench.folder / "student" / name).read_bytes():
                return f"another {name}, with exit code 0"
        found, wanted = (
            _read_result(where / "result.json")
            for where in (place / folder, bench.folder / "student")
        )
        return None if found == wanted else "another result.json, with exit code 0"

    return expect


def _read_result(path: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(path.read_text())
    del result["train_seconds"]
    return result


def same_search(outcome: Outcome, place: Path, bench: Bench) -> str | None:
    """Refused, or the best student that there was before."""
    if outcome.code != 0:
        return refused(outcome, place, bench)
    for name in ("best/model.safetensors", "best/config.json", "best.yaml"):
        path = place / "tuned" / name
        if not path.is_file():
            return f"exit code 0 without {name}"
        if path.read_bytes() != (bench.folder / "tuned" / name).read_bytes():
            return f"another {name}, with exit code 0"
    return None
