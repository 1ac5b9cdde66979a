"""What the readers of the pages have: texts, labelled texts, and what earlier pages made."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shrink import QUICK

from distilgliner.bundled import bundled_corpus, bundled_student
from distilgliner.corpus.document import Document, Entity
from tiny_teachers import save_tiny_teacher

_NAMES = {
    "person": ["Ann", "Maria Silva", "Mr Okafor", "Bela Kovács", "Nurse Tan", "Tom", "Ivy Clark"],
    "drug": ["Ibuprofen", "Aspirin", "metformin", "Zofran", "amoxicillin", "Heparin"],
    "side effect": ["rash", "headache", "dry mouth", "nausea", "dizziness", "sore throat"],
    "location": ["Geneva", "Ward 4", "Leeds", "Porto", "Kraków"],
}
_PATTERNS = (
    "{drug} gave {person} a {side effect}.",
    "{person} lives in {location} and takes {drug}.",
    "{person}, card on file, lives in {location}.",
    "After {drug} there was {side effect}, so {person} stopped.",
    "No change today; the next visit is in two weeks.",
    "{person} came from {location} with a {side effect}.",
)
_LABELS = ("person", "drug", "side effect")
_LABELLED = {"train.jsonl": 80, "dev.jsonl": 24, "test.jsonl": 24}
_PARTLY = {
    "drugs.jsonl": ("drug", "side effect"),
    "people.jsonl": ("person",),
    "checked.jsonl": ("person", "drug"),
}
_PLAIN = ("notes.txt", "new.txt", "much-text-of-many-kinds.txt")


def build_notes(count: int, seed: int) -> list[Document]:
    """Notes of a clinic, all different, with all their entities of `_LABELS`."""
    rng = random.Random(seed)
    notes: dict[str, Document] = {}
    while len(notes) < count:
        text, entities = f"{rng.randrange(10**4)}: ", []
        for piece in rng.choice(_PATTERNS).split("{"):
            label, bracket, rest = piece.partition("}")
            if bracket:
                name = rng.choice(_NAMES[label])
                if label in _LABELS:
                    entities.append(Entity(len(text), len(text) + len(name), label))
                text += name + rest
            else:
                text += piece
        notes[text] = Document(text, tuple(entities))
    return list(notes.values())


def write_texts(folder: Path) -> None:
    """The text files that pages name, in their formats."""
    seed = 0
    for name in _PLAIN:
        seed += 1
        texts = [note.text for note in build_notes(60, seed)]
        (folder / name).write_text("\n".join(texts) + "\n", encoding="utf-8")
    _write_jsonl(folder / "texts.jsonl", [{"text": note.text} for note in build_notes(40, 10)])
    for name, count in _LABELLED.items():
        seed += 1
        _write_jsonl(folder / name, [_to_record(note) for note in build_notes(count, seed)])
    for name, labels in _PARTLY.items():
        seed += 1
        _write_jsonl(folder / name, [_to_record(note, labels) for note in build_notes(40, seed)])


def build_namespace() -> dict[str, Any]:
    """What pages of Python call by name without saying where it comes from."""
    notes = build_notes(24, 20)
    return {
        "text": notes[0].text,
        "texts": [note.text for note in notes],
        "documents": notes,
        "dev": build_notes(12, 21),
        "frame": {"body": [note.text for note in notes]},
    }


class Shelf:
    """Folders that earlier pages made, each made once, when a page first names it."""

    def __init__(self, folder: Path, run: Callable[[list[str]], None]) -> None:
        self._folder = folder
        self._run = run
        folder.mkdir()
        write_texts(folder)

    def put(self, name: str, target: Path) -> None:
        """Copy what the page calls `name` to `target`, if it is something of earlier pages."""
        made = self._folder / name
        if name in _MAKERS and not made.exists():
            _MAKERS[name](self, made)
        if name in _MAKERS:
            shutil.copytree(made, target)

    def get(self, name: str) -> Path:
        """The folder of something of earlier pages."""
        if not (self._folder / name).exists():
            _MAKERS[name](self, self._folder / name)
        return self._folder / name

    def annotate(self, labels: str, source: str, output: Path) -> None:
        """Annotations of one of the texts by the bundled teacher."""
        self._run(
            [
                "annotate",
                "--teacher",
                "bundled",
                "--labels",
                labels,
                "--input",
                str(self._folder / source),
                "--output",
                str(output),
            ]
        )

    def make_student(self, output: Path) -> None:
        """A student that has learned to read notes of the clinic from labelled ones."""
        gold = [word for name in _LABELLED for word in ("--gold", str(self._folder / name))]
        self._run(
            [
                "distill",
                "--annotations",
                str(self.get("annotations")),
                "--targets",
                "gold",
                *gold,
                *QUICK,
                "--epochs",
                "12",
                "--set",
                "training.learning_rate=0.02",
                "--set",
                "training.table_learning_rate=0.02",
                "--output",
                str(output),
            ]
        )

    def export(self, output: Path) -> None:
        """The same, exported."""
        self._run(["export", "--model", str(self.get("student")), "--output", str(output)])


def write_tutorial_texts(folder: Path) -> None:
    """What the first tutorial writes for the others, less of it."""
    lines = bundled_corpus("transfer").read_text(encoding="utf-8").splitlines()[:60]
    (folder / "notes.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def put_general(name: str, target: Path) -> None:
    """The general student, where a tutorial takes the one of the first tutorial."""
    if name == "student":
        shutil.copytree(bundled_student(), target)


_MAKERS: dict[str, Callable[[Shelf, Path], object]] = {
    "annotations": lambda shelf, path: shelf.annotate(",".join(_LABELS), "notes.txt[:24]", path),
    "hospital": lambda shelf, path: shelf.annotate("drug,side effect", "notes.txt[:16]", path),
    "newspaper": lambda shelf, path: shelf.annotate("person", "new.txt[:16]", path),
    "teacher": lambda _, path: save_tiny_teacher("uni-encoder span", path),
    "student": Shelf.make_student,
    "small": Shelf.export,
}


def _write_jsonl(path: Path, records: list[dict[str, Any]]) -> None:
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _to_record(note: Document, labels: tuple[str, ...] = _LABELS) -> dict[str, Any]:
    entities = [
        {"start": entity.char_start, "end": entity.char_end, "label": entity.label}
        for entity in note.entities or ()
        if entity.label in labels
    ]
    return {"text": note.text, "entities": entities}
