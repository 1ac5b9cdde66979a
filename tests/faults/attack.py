"""Make attacks, all of them or a sample, and count: tried, held. Non-zero when one was not held."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from attacks import list_attacks  # noqa: E402
from bench import Attack, Bench  # noqa: E402


def choose(count: int | None, seed: int, only: str = "") -> list[Attack]:
    """All attacks whose name has `only` in it, or `count` of them, spread over all kinds."""
    attacks = [attack for attack in list_attacks() if only in attack.name]
    if count is None or count >= len(attacks):
        return attacks
    return random.Random(seed).sample(attacks, count)


def make(attacks: list[Attack], seconds: float = float("inf")) -> tuple[int, dict[str, str]]:
    """Make attacks, until the seconds are over: how many, and what fell of which."""
    fallen: dict[str, str] = {}
    tried = 0
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(Path(folder))
        if any("tune" in attack.name for attack in attacks):
            bench.add_search()
        started = time.monotonic()
        for attack in attacks:
            if time.monotonic() - started > seconds:
                break
            tried += 1
            fault = bench.try_one(attack)
            if fault is not None:
                fallen[attack.name] = fault
    return tried, fallen


def main() -> int:
    """Parse, attack, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, help="so many of them, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="those with this in their name")
    arguments = parser.parse_args()
    tried, fallen = make(choose(arguments.sample, arguments.seed, arguments.only))
    for name, fault in fallen.items():
        print(f"FELL  {name}: {fault}")
    print(f"tried {tried}, held {tried - len(fallen)}")
    return 1 if fallen else 0


if __name__ == "__main__":
    sys.exit(main())
