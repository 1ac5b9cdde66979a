"""Measures models in turn, round after round, and keeps every measurement in a file at once.

The machine is noisy: only what was measured side by side compares. A run that was killed goes on
in the round where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.runtime.models import Candidate
from distilgliner.errors import UserError
from distilgliner.evaluate.cost import run_cost
from distilgliner.evaluate.external import ExternalModel
from distilgliner.evaluate.run import run_evaluation
from distilgliner.files import read_json, write_json
from distilgliner.models import locate_model

Rounds = dict[str, dict[int, dict[str, Any]]]
"""Name of the model → number of the round → what `run_cost` returns for it."""


class RoundLog:
    """A JSONL file: the settings in the first line, then one measurement a line."""

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        """Open it or begin it. Raises `UserError` when it was begun with other settings."""
        self.path = path
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._append({"settings": settings})
        elif not path.read_bytes().endswith(b"\n"):  # killed while it wrote
            with path.open("a", encoding="utf-8") as file:
                file.write("\n")
        found = next(self._read(), {}).get("settings")
        if found != settings:
            raise UserError(f"{path} was begun with other settings; remove it to measure anew.")

    def append(self, round_: int, name: str, key: str, measured: dict[str, Any]) -> None:
        """Keep a measurement; `key` identifies the model's files."""
        self._append({"round": round_, "name": name, "key": key, "cost": measured})

    def append_failure(self, round_: int, name: str, key: str, reason: str) -> None:
        """Keep why a model could not be measured."""
        self._append({"round": round_, "name": name, "key": key, "failed": reason})

    def read(self, keys: dict[str, str]) -> tuple[Rounds, dict[str, str]]:
        """What was measured of models (name → key) as they are now, and what failed, with reasons.

        A model that was measured once at least has not failed.
        """
        rounds: Rounds = {name: {} for name in keys}
        failures: dict[str, str] = {}
        for record in self._read():
            name = record.get("name")
            if name not in keys or keys[name] != record["key"]:
                continue
            if "failed" in record:
                failures[name] = record["failed"]
            else:
                rounds[name][record["round"]] = record["cost"]
        return rounds, {name: why for name, why in failures.items() if not rounds[name]}

    def _append(self, record: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def _read(self) -> Iterator[dict[str, Any]]:
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:  # half of a line
                continue


def run_rounds(
    candidates: Sequence[Candidate],
    texts: Sequence[str],
    labels: Sequence[str],
    log: RoundLog,
    *,
    rounds: int,
    threads: Sequence[int],
    budget_seconds: float,
) -> None:
    """Measure what is not in the log yet; every other round goes backwards, against drift."""
    keys = {candidate.name: compute_key(candidate.model) for candidate in candidates}
    done, failures = log.read(keys)
    for round_ in range(rounds):
        for candidate in candidates[:: 1 if round_ % 2 == 0 else -1]:
            name = candidate.name
            # What fails, fails each time: a form that this version of a package does not have.
            if round_ in done[name] or name in failures:
                continue
            try:
                found = run_cost(
                    {name: candidate.model},
                    texts,
                    labels,
                    rounds=1,
                    threads=threads,
                    budget_seconds=budget_seconds,
                )[name]
            except RuntimeError as error:
                failures[name] = find_reason(str(error))
                log.append_failure(round_, name, keys[name], failures[name])
                print(f"round {round_ + 1}: {name} failed: {failures[name]}", flush=True)
                continue
            log.append(round_, name, keys[name], found)
            speed = found["words_per_second"]["1"]
            latency = found["latency_ms"]["p50"]
            print(f"round {round_ + 1}: {name}: {speed:,.0f} words/s, {latency:.2f} ms", flush=True)


def find_reason(message: str) -> str:
    """The last line of a traceback that says what went wrong."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def compute_key(model: str | Path | ExternalModel) -> str:
    """Identifies the files of a model by name, size and time, without reading gigabytes."""
    folder = Path(model.model) if isinstance(model, ExternalModel) else locate_model(model)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    parts = [(str(path.relative_to(folder)), path.stat().st_size) for path in files]
    times = [path.stat().st_mtime_ns for path in files]
    return hashlib.blake2b(repr((parts, times)).encode(), digest_size=8).hexdigest()


def measure_quality(
    candidates: Sequence[Candidate], documents: Sequence[Any], labels: Sequence[str], path: Path
) -> dict[str, list[float]]:
    """Strict micro F1 on the documents for each model and seed, measured once and kept."""
    known: dict[str, float] = read_json(path, "remove it") if path.is_file() else {}
    found: dict[str, list[float]] = {}
    for candidate in candidates:
        for model in candidate.scored:
            key = f"{candidate.name} {compute_key(model)} {len(documents)}"
            if key not in known:
                try:
                    predictor = model.load() if isinstance(model, ExternalModel) else model
                    evaluation = run_evaluation(predictor, documents, labels=labels)
                except ValueError as error:  # packing of encoders that the package cannot pack
                    print(f"{candidate.name}: no F1: {error}", flush=True)
                    break
                known[key] = evaluation.quality.spans.micro.f1
                write_json(path, known)
                print(f"{candidate.name}: F1 {100 * known[key]:.1f}", flush=True)
            found.setdefault(candidate.name, []).append(known[key])
    return found
