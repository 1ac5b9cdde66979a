"""The table of attacks: what is damaged or hostile, the command, what must come of it.

`python tests/faults/attack.py` makes all of them, `test_attacks.py` a sample.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import COMPARE, DISTILL, PREDICT, TUNE, Attack
from damage import NOT_CONTENT, NOT_FILES, Damage, list_flips, make_folder, write
from expect import (
    no_traceback,
    refused,
    refused_without,
    same_predictions,
    same_search,
    same_student,
)

STORE_FILES = (
    "shard-00000.parquet",
    "shard-00001.parquet",
    "manifest.json",
    "vocabulary/tokenizer.json",
    "vocabulary/subword_vectors.safetensors",
)
TRAINED = ("config.json", "tokenizer.json", "model.safetensors", "manifest.json")
EXPORTED = ("config.json", "tokenizer.json", "model.onnx", "manifest.json")
FLIPS = 12


def list_attacks() -> list[Attack]:
    """All attacks, in one order."""
    return [
        *_attack_stores(),
        *_mix_up_stores(),
        *_attack_students(),
        *_attack_finished_runs(),
        *_attack_checkpoints(),
        *_attack_searches(),
        *_attack_inputs(),
        *_attack_arguments(),
        *_fill_disks(),
    ]


def _at(path: str, damage: Damage) -> Callable[[Path], None]:
    return lambda place: damage(place / path)


def _list_damages(name: str, flips: int = FLIPS) -> Iterator[tuple[str, Damage]]:
    yield from NOT_FILES.items()
    yield from NOT_CONTENT.items()
    yield from list_flips(name, flips)


def _attack_stores() -> Iterator[Attack]:
    needs = ("store", "dev.jsonl")
    for name in STORE_FILES:
        for title, damage in _list_damages(name):
            yield Attack(
                f"store, {name}: {title}",
                _at(f"store/{name}", damage),
                f"{DISTILL} --output out",
                refused_without("out/model.safetensors"),
                needs=needs,
            )
    for name in STORE_FILES[:3]:
        for title, damage in list_flips(f"others {name}", 4):
            for command in (
                "evaluate --model student --gold gold.jsonl --annotations store",
                "augment --annotations store --output new.jsonl",
                TUNE,
            ):
                yield Attack(
                    f"store, {name}, {command.split()[0]}: {title}",
                    _at(f"store/{name}", damage),
                    command,
                    refused,
                )


def _mix_up_stores() -> Iterator[Attack]:
    first, second = "store/shard-00000.parquet", "store/shard-00001.parquet"

    def swap(place: Path) -> None:
        (place / first).rename(place / "held")
        (place / second).rename(place / first)
        (place / "held").rename(place / second)

    def forget(place: Path) -> None:
        (place / second).unlink()
        path = place / "store/manifest.json"
        raw = json.loads(path.read_text())
        raw["corpus"]["shards"] = 1
        raw["shards"] = raw["shards"][:1]
        path.write_text(json.dumps(raw))

    def edit(key: str, value: object) -> Callable[[Path], None]:
        def prepare(place: Path) -> None:
            path = place / "store/manifest.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))

        return prepare

    mixed: dict[str, Callable[[Path], object]] = {
        "a shard over another": lambda place: shutil.copy(place / first, place / second),
        "shards swapped": swap,
        "a shard of another store": lambda place: shutil.copy(
            place / "other-store/shard-00001.parquet", place / second
        ),
        "a vocabulary of another store": lambda place: (
            shutil.copytree(
                place / "other-store/vocabulary", place / "store/vocabulary", dirs_exist_ok=True
            )
            and write("{}")(place / "store/vocabulary/tokenizer.json")
        ),
        "a manifest of another store": lambda place: shutil.copy(
            place / "other-store/manifest.json", place / "store/manifest.json"
        ),
        "a shard too many": lambda place: shutil.copy(
            place / first, place / "store/shard-00002.parquet"
        ),
        "a manifest with fewer shards": forget,
        "labels the other way round": edit("labels", ["city", "person"]),
        "another floor": edit("floor", 0.4),
        "states that are not there": edit("states", {"layers": [3], "dim": 4, "pooling": "mean"}),
        "another version": edit("format_version", 99),
        "not complete": edit("complete", False),
    }
    for title, prepare in mixed.items():
        yield Attack(
            f"store: {title}", prepare, f"{DISTILL} --output out",
            refused_without("out/model.safetensors"),
            needs=("store", "other-store", "dev.jsonl"),
        )  # fmt: skip


def _attack_students() -> Iterator[Attack]:
    for folder, files in (("student", TRAINED), ("exported", EXPORTED)):
        for name in files:
            for title, damage in _list_damages(f"{folder} {name}"):
                yield Attack(
                    f"{folder}, {name}: {title}",
                    _at(f"{folder}/{name}", damage),
                    f"{PREDICT} {folder}",
                    same_predictions(folder),
                    needs=(folder, "texts.txt"),
                )
    for name in TRAINED[:3]:
        for title, damage in list_flips(f"further {name}", 4):
            for command in (
                "export --model student --output new",
                "evaluate --model student --gold gold.jsonl",
                f"{DISTILL} --output out --initial student",
            ):
                yield Attack(
                    f"student, {name}, {command.split()[0]}: {title}",
                    _at(f"student/{name}", damage),
                    command,
                    refused,
                    needs=("student", "store", "dev.jsonl", "gold.jsonl"),
                )


def _attack_finished_runs() -> Iterator[Attack]:
    for name in ("model.safetensors", "config.json", "tokenizer.json", "result.json", "run.json"):
        for title, damage in _list_damages(f"finished {name}", 6):
            yield Attack(
                f"finished distill, {name}: {title}",
                _at(f"student/{name}", damage),
                f"{DISTILL} --output student",
                same_student("student"),
                needs=("student", "store", "dev.jsonl"),
            )


def _attack_checkpoints() -> Iterator[Attack]:
    for title, damage in _list_damages("checkpoint", 24):
        yield Attack(
            f"checkpoint of distill: {title}",
            _at("half/checkpoint.safetensors", damage),
            f"{DISTILL} --output half",
            same_student("half"),
            needs=("half", "store", "dev.jsonl"),
        )


def _attack_searches() -> Iterator[Attack]:
    names = ("best/model.safetensors", "best/config.json", "best.yaml", "tune.json", "search.json")
    for name in (*names, "study.db"):
        for title, damage in _list_damages(f"search {name}", 6):
            yield Attack(
                f"finished tune, {name}: {title}",
                _at(f"tuned/{name}", damage),
                TUNE,
                same_search,
                needs=("tuned", "store", "dev.jsonl", "space.yaml"),
            )


AUGMENT = "augment --annotations store --output new.jsonl"
INPUTS = {
    "compare.yaml": f"{COMPARE} compare.yaml",
    "space.yaml": TUNE.replace("--output tuned", "--output out"),
    "lexicon.json": f"{AUGMENT} --set slots.lexicon=lexicon.json",
    "labels.txt": f"{PREDICT} student --labels @labels.txt",
    "texts.txt": f"{PREDICT} student",
    "dev.jsonl": f"{DISTILL} --output out",
    "gold.jsonl": "evaluate --model student --gold gold.jsonl --json found.json",
    "test.jsonl": "predict --model student --input test.jsonl",
}
YAML_BOMB = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)
)


def _attack_inputs() -> Iterator[Attack]:
    for name, command in INPUTS.items():
        for title, damage in _list_damages(f"input {name}", 6):
            if title == "a pipe" and name not in ("compare.yaml", "space.yaml", "lexicon.json"):
                continue  # texts may come from one, for as long as it takes
            yield Attack(f"input {name}: {title}", _at(name, damage), command, no_traceback)
    for name in ("compare.yaml", "space.yaml"):
        more = {
            "aliases of aliases": YAML_BOMB,
            "an alias of itself": "a: &a [*a]",
            "a key that is a list": "? [a, b]\n: c\n",
            "python": "!!python/object/apply:os.system ['true']",
            "a date that is none": "training.epochs: 2026-13-45",
            "infinity": "training: {learning_rate: .inf}",
            "a number of 5,000 digits": "seeds: [" + "9" * 5000 + "]",
        }
        for title, text in more.items():
            yield Attack(f"input {name}: {title}", _at(name, write(text)), INPUTS[name], refused)


def _attack_arguments() -> Iterator[Attack]:
    nothing: Callable[[Path], object] = lambda place: None  # noqa: E731
    digits = "9" * 5000
    commands = {
        "a slice of 5,000 digits": f"evaluate --model student --gold gold.jsonl[:{digits}]",
        "a slice from 5,000 digits": f"evaluate --model student --gold gold.jsonl[{digits}:]",
        "5,000 digits for a setting": f"{DISTILL} --output out --set training.epochs={digits}",
        "brackets for a setting": f"{DISTILL} --output out --set training.epochs={'[' * 9000}",
        "infinity for a setting": f"{DISTILL} --output out --set training.learning_rate=inf",
        "1e400 for a setting": f"{DISTILL} --output out --set training.learning_rate=1e400",
        "a NaN for a threshold": f"{PREDICT} student --threshold nan",
        "a folder for the texts": "predict --model student --input store",
        "a folder for the labels": f"{PREDICT} student --labels @store",
        "a file for the output": f"{DISTILL} --output dev.jsonl",
        "a file for the model": f"{PREDICT} texts.txt",
        "a file for the annotations": f"{DISTILL} --annotations dev.jsonl --output out",
        "a folder for the config": f"{COMPARE} store",
        "a device for the config": f"{COMPARE} /dev/zero",
    }
    for title, command in commands.items():
        yield Attack(f"arguments: {title}", nothing, command, no_traceback)


def _fill_disks() -> Iterator[Attack]:
    commands = {
        "distill": f"{DISTILL} --output out",
        "export": "export --model student --output out",
        "predict": f"{PREDICT} student --output out",
        "augment": "augment --annotations store --output out",
    }
    for name, command in commands.items():
        for size in (0, 1, 700, 5000, 20_000):
            yield Attack(
                f"{name}: no file may be larger than {size} bytes",
                lambda place: None,
                command,
                no_traceback,
                file_limit=size,
                needs=("student", "store", "texts.txt", "dev.jsonl"),
            )
    for place in ("out", "out/student"):
        yield Attack(
            f"distill: {place} is a folder of others",
            lambda folder, place=place: make_folder(folder / "out"),  # type: ignore[misc]
            f"{DISTILL} --output {place}",
            no_traceback,
            needs=("store", "dev.jsonl"),
        )
