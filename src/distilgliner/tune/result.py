"""What a search leaves: `tune.json` with all trials, and `best.yaml` with the best settings."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from distilgliner.distill.config import DistillConfig
from distilgliner.files import write_atomically
from distilgliner.finish import find_damage, read_finish
from distilgliner.folders import REMEDY
from distilgliner.progress import notify
from distilgliner.tune.budget import TuneBudget
from distilgliner.tune.importance import compute_importance
from distilgliner.tune.keys import BY_OPTION, list_set_keys
from distilgliner.tune.repeat import Repeat, compute_means
from distilgliner.tune.space import Space
from distilgliner.tune.study import Record
from distilgliner.version import __version__

RESULT_FILE = "tune.json"
BEST_FILE = "best.yaml"
_KEYS = ("budget", "ended_by", "seconds", "best", "repeats", "importance", "trials")


@dataclass(frozen=True)
class Best:
    """The settings that won, and which of their students is kept: `seed`, with its own dev F1."""

    record: Record
    seed: int
    dev_f1: float


def build_result(
    budget: TuneBudget,
    space: Space,
    records: Sequence[Record],
    repeats: Sequence[Repeat],
    best: Best,
    ended_by: str,
    seconds: float,
) -> dict[str, Any]:
    """The content of `tune.json`; F1 from 0 to 1.

    best: `search_f1` is what the trial had in the search and flatters, `mean_f1` the mean over
    other seeds (None without repeats), `dev_f1` that of the student in the folder `best`.
    """
    means = compute_means(repeats)
    return {
        "distilgliner": __version__,
        "budget": budget.model_dump(),
        "ended_by": ended_by,
        "seconds": round(seconds, 1),
        "best": {
            "trial": best.record.trial,
            "settings": best.record.settings,
            "search_f1": best.record.outcome.dev_f1,
            "mean_f1": means.get(best.record.trial),
            "other_seeds": sum(repeat.trial == best.record.trial for repeat in repeats),
            "seed": best.seed,
            "dev_f1": best.dev_f1,
        },
        "repeats": [asdict(repeat) for repeat in repeats],
        "importance": compute_importance(records, space),
        "trials": [_describe_trial(record) for record in records],
    }


def read_finished(folder: Path, budget: TuneBudget) -> dict[str, Any] | None:
    """The result of a search that has finished with this very budget; None for any other.

    Also None when what it left has changed: the search then makes that anew, out of its trials.
    """
    path = folder / RESULT_FILE
    if not path.is_file():
        return None
    result = read_finish(path, REMEDY, _KEYS)
    damage = find_damage(path, _KEYS, ())
    if damage is not None:
        notify(f"{folder} had finished, but {damage}; it is made anew.")
        return None
    return result if result["budget"] == budget.model_dump() else None


def write_best(path: Path, config: DistillConfig, title: str) -> None:
    """Write the settings as sections that a comparison takes as they are.

    The command that distils with them is in the comment at the top, as is the title.
    """
    sections = _build_sections(config)
    lines = [
        f"# {title}",
        f"# distilgliner distill --annotations … --output … {_build_options(config, sections)}",
        "# In a comparison the sections below stand as they are, "
        f"with arms: [{config.targets}] and students: [{config.student}].",
    ]
    content = yaml.safe_dump(sections, sort_keys=True, allow_unicode=True)
    write_atomically(path, "\n".join(lines) + "\n" + content)


def _build_sections(config: DistillConfig) -> dict[str, Any]:
    """What a configuration sets itself, nested as in a YAML file."""
    sections: dict[str, Any] = {}
    for key, value in list_set_keys(config).items():
        if key in BY_OPTION or key == "student":
            continue
        *names, name = key.split(".")
        section = sections
        for part in names:
            section = section.setdefault(part, {})
        section[name] = value
    return sections


def _build_options(config: DistillConfig, sections: dict[str, Any]) -> str:
    """The options of `distilgliner distill`; what lies deeper than a section is one JSON value."""
    options = ["--targets", config.targets, "--student", config.student]
    for section, values in sorted(sections.items()):
        for name, value in sorted(values.items()):
            text = value if isinstance(value, str) else json.dumps(value)
            options += ["--set", f"{section}.{name}={text}"]
    return shlex.join(options)


def _describe_trial(record: Record) -> dict[str, Any]:
    outcome = asdict(record.outcome)
    outcome["rungs"] = {str(rung): f1 for rung, f1 in record.outcome.rungs.items()}
    return {"trial": record.trial, "settings": record.settings, **outcome}
