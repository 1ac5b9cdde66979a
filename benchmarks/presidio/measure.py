"""The general student and its teacher as recognizers of Presidio: F1, and milliseconds a text.

    python benchmarks/presidio/measure.py [--data ../shared/data] [--rounds 3]

The test sentences of presidio_pii (synthetic, 428 of them) go one by one through Presidio's
analyzer, with Presidio's own GLiNERRecognizer and the bundled teacher in it, and with
DistilGLiNERRecognizer and the general student: people and organizations, threshold 0.5, one thread.
Rounds in turn; a text's time is the median of all rounds' texts. Both models have read the train
sentences, the teacher with their labels. The results are
`benchmarks/presidio/results/presidio.json`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import torch
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine
from presidio_analyzer.predefined_recognizers import GLiNERRecognizer

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.places import DATA
from distilgliner.bundled import bundled_teacher
from distilgliner.compare.machine import describe_machine
from distilgliner.corpus.document import Document
from distilgliner.corpus.read import read_documents
from distilgliner.files import write_json
from distilgliner.metrics.spans import compute_span_quality, entity_spans
from distilgliner.presidio_recognizer import DistilGLiNERRecognizer

HERE = Path(__file__).parent
KINDS = {"person": "PERSON", "organization": "ORGANIZATION"}
THRESHOLD = 0.5


def main() -> None:
    """Measure both, in turn, and keep the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    documents = list(read_documents(arguments.data / "presidio_pii" / "test.jsonl"))
    analyzers = {
        "teacher": _build_analyzer(
            GLiNERRecognizer(
                entity_mapping=KINDS,
                model_name=str(bundled_teacher()),
                threshold=THRESHOLD,
                local_files_only=True,
            )
        ),
        "student": _build_analyzer(
            DistilGLiNERRecognizer(entity_mapping=KINDS, threshold=THRESHOLD)
        ),
    }
    found: dict[str, Any] = {}
    seconds: dict[str, list[float]] = {name: [] for name in analyzers}
    for _ in range(arguments.rounds):
        for name, analyzer in analyzers.items():
            found[name] = [_find(analyzer, text.text, seconds[name]) for text in documents]
    rows = {
        name: _score(documents, found[name]) | {"ms": 1000 * statistics.median(seconds[name])}
        for name in analyzers
    }
    print(rows)
    result: dict[str, Any] = {
        "date": f"{date.today()}",
        "machine": describe_machine().model_dump(),
    }
    result |= {"documents": len(documents), "rounds": arguments.rounds, "recognizers": rows}
    write_json(HERE / "results" / "presidio.json", result)


def _build_analyzer(recognizer: EntityRecognizer) -> AnalyzerEngine:
    engine = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
    return AnalyzerEngine(RecognizerRegistry([recognizer], supported_languages=["en"]), engine)


def _find(analyzer: AnalyzerEngine, text: str, seconds: list[float]) -> set[tuple[int, int, str]]:
    start = time.perf_counter()
    results = analyzer.analyze(text, language="en")
    seconds.append(time.perf_counter() - start)
    return {(each.start, each.end, each.entity_type) for each in results}


def _score(documents: Sequence[Document], found: list[set[Any]]) -> dict[str, float]:
    gold = [
        {(start, end, KINDS[label]) for start, end, label in entity_spans(text.entities or ())
         if label in KINDS}
        for text in documents
    ]  # fmt: skip
    micro = compute_span_quality(gold, found).micro
    return {"f1": micro.f1, "precision": micro.precision, "recall": micro.recall}


if __name__ == "__main__":
    main()
