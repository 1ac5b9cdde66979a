"""Text with labels that the bundled teacher has never seen, as JSONL with the names it is asked by.

    git clone https://github.com/zliucr/CrossNER runs/unseen/CrossNER
    python benchmarks/unseen/unseen_text.py [--data runs/unseen]
    python benchmarks/quality/corpora.py --settings benchmarks/unseen/unseen_students.yaml \
        --data runs/unseen/jsonl

Writes train, dev and test of every corpus of `benchmarks/unseen/unseen.yaml` that has such parts to
`runs/unseen/jsonl/NAME`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.places import RUNS
from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.read import read_documents
from distilgliner.files import write_atomically

HERE = Path(__file__).parent
PARTS = ("train", "dev", "test")


def main() -> None:
    """Write every part of every corpus."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=RUNS / "unseen")
    arguments = parser.parse_args()
    settings = yaml.safe_load((HERE / "unseen.yaml").read_text(encoding="utf-8"))
    for name, corpus in settings["corpora"].items():
        test = arguments.data / corpus["source"]
        if test.name != "test.txt":
            continue
        for part in PARTS:
            documents = read_unseen(test.with_stem(part), corpus["labels"], settings["ignore"])
            output = arguments.data / "jsonl" / name / f"{part}.jsonl"
            output.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(output, "".join(f"{describe(each)}\n" for each in documents))
            print(f"{output}: {len(documents):,} sentences")


def read_unseen(path: Path, names: dict[str, str], ignored: Sequence[str]) -> list[Document]:
    """Labelled text in CoNLL columns, with the names that its labels are asked for by."""
    documents = []
    for document in read_documents(path, format="conll"):
        entities = tuple(
            Entity(entity.char_start, entity.char_end, names[entity.label])
            for entity in document.entities or ()
            if entity.label not in ignored
        )
        documents.append(Document(document.text, entities))
    return documents


def describe(document: Document) -> str:
    """A line of JSONL."""
    entities = [
        {"start": entity.char_start, "end": entity.char_end, "label": entity.label}
        for entity in document.entities or ()
    ]
    return json.dumps({"text": document.text, "entities": entities}, ensure_ascii=False)


if __name__ == "__main__":
    main()
