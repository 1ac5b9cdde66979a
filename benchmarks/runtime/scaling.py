"""How an exported student behaves on much text: its network's share, time per word, memory.

    python benchmarks/runtime/scaling.py STUDENT --texts TEXTS.jsonl --json OUT --words 1000,10000

runs in a process of its own; `measure_scaling` and `measure_stream` start such processes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.runtime.plan import take_words
from distilgliner.corpus.labels import join_labels, split_labels
from distilgliner.corpus.words import split_words
from distilgliner.evaluate.cost import choose_sentences, read_peak_memory

_WARM_UP_WORDS = 5000
_CHUNK = 256  # texts in one call when the network's share is measured
_LEAST_WORDS = 20_000  # short runs are repeated, each time on other text, until then
_CHUNKS = 20

# What the command line does, and then the largest memory of the process.
_PREDICT = """
import sys
from pathlib import Path
from distilgliner.cli import main
try:
    main(sys.argv[2:])
except SystemExit as end:
    if end.code:
        raise
for line in Path("/proc/self/status").read_text().splitlines():
    if line.startswith("VmHWM:"):
        Path(sys.argv[1]).write_text(line.split()[1])
"""


def measure_scaling(
    model: Path, texts: Sequence[str], labels: Sequence[str], words: Sequence[int]
) -> dict[str, Any]:
    """Measure one exported student in a fresh process, on one thread.

    Returns `network` (see `measure_network`), `seconds_per_word` (words of one call → number) and
    `peak_memory_bytes` (of the whole process, with the texts).
    """
    with tempfile.TemporaryDirectory() as name:
        file, output = Path(name) / "texts.jsonl", Path(name) / "found.json"
        write_texts(file, texts)
        command = [sys.executable, str(Path(__file__)), str(model), "--texts", str(file)]
        command += [f"--labels={join_labels(labels)}", "--json", str(output)]
        command += ["--words", ",".join(map(str, words))]
        subprocess.run(command, check=True, env=_one_thread())
        found: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return found


def measure_stream(model: Path, texts: Sequence[str], labels: Sequence[str]) -> dict[str, Any]:
    """`distilgliner predict` over a file of texts: seconds and the largest memory (Linux only)."""
    with tempfile.TemporaryDirectory() as name:
        file, peak = Path(name) / "texts.jsonl", Path(name) / "peak"
        write_texts(file, texts)
        command = [sys.executable, "-c", _PREDICT, str(peak), "predict", "--model", str(model)]
        command += ["--input", str(file), f"--labels={join_labels(labels)}", "--threads", "1"]
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=_one_thread())
        seconds = time.perf_counter() - started
        kilobytes = int(peak.read_text()) if peak.is_file() else None
    return {
        "sentences": len(texts),
        "words": sum(len(split_words(text)) for text in texts),
        "seconds": seconds,
        "peak_memory_bytes": None if kilobytes is None else 1024 * kilobytes,
    }


def write_texts(file: Path, texts: Sequence[str]) -> None:
    """One JSON object a line."""
    lines = (json.dumps({"text": text}) + "\n" for text in texts)
    file.write_text("".join(lines), encoding="utf-8")


def _one_thread() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}


class NetworkClock:
    """Sums the seconds of every call of an onnxruntime session that is opened from now on."""

    def __init__(self) -> None:
        import onnxruntime as ort

        self.seconds = 0.0
        self.calls = 0
        clock = self

        class TimedSession(ort.InferenceSession):
            def run(self, *arguments: Any, **options: Any) -> Any:
                started = time.perf_counter()
                found = super().run(*arguments, **options)
                clock.seconds += time.perf_counter() - started
                clock.calls += 1
                return found

        ort.InferenceSession = TimedSession

    def reset(self) -> None:
        """Count anew."""
        self.seconds, self.calls = 0.0, 0


def measure_network(
    predictor: Any, clock: NetworkClock, texts: Sequence[str], labels: Sequence[str]
) -> dict[str, float | None]:
    """End-to-end time over the time within the network, in calls of many texts and of one.

    For `bulk` and `sentence` the texts are new to the predictor, which remembers words; for
    `known` those of `bulk` come again. Medians over calls; None when no session was called.
    """
    half = len(texts) // 2
    chunks = [texts[start : min(start + _CHUNK, half)] for start in range(0, half, _CHUNK)]
    singles = [[sentence] for sentence in choose_sentences(texts[half:], 200)]
    return {
        "bulk": _compute_share(predictor, clock, chunks, labels),
        "known": _compute_share(predictor, clock, chunks, labels),
        "sentence": _compute_share(predictor, clock, singles, labels),
    }


def _compute_share(
    predictor: Any, clock: NetworkClock, calls: Sequence[Sequence[str]], labels: Sequence[str]
) -> float | None:
    ratios = []
    for texts in calls:
        clock.reset()
        started = time.perf_counter()
        predictor.batch_predict_entities(list(texts), labels)
        seconds = time.perf_counter() - started
        if clock.calls:
            ratios.append(seconds / clock.seconds)
    return statistics.median(ratios) if ratios else None


def measure_seconds_per_word(
    predictor: Any, texts: Sequence[str], labels: Sequence[str], words: Sequence[int]
) -> dict[str, float]:
    """The median time per word of calls with so many words, on new text while there is some."""
    left = itertools.cycle(texts)
    found = {}
    for count in words:
        times = []
        for _ in range(max(1, _LEAST_WORDS // count)):
            taken = _take(left, count)
            total = sum(len(split_words(text)) for text in taken)
            started = time.perf_counter()
            predictor.batch_predict_entities(taken, labels)
            times.append((time.perf_counter() - started) / total)
        found[str(count)] = statistics.median(times)
    return found


def count_needed_words(words: Sequence[int]) -> int:
    """How many words the texts of `measure_scaling` must have, with some to spare."""
    usual, longest = 40, 200  # words of a text, and how many the last one of a call may have
    calls = [(max(1, _LEAST_WORDS // count), count) for count in words]
    in_calls = sum(times * (count + longest) for times, count in calls)
    return in_calls + _WARM_UP_WORDS + _CHUNKS * _CHUNK * usual


def _take(texts: Iterator[str], words: int) -> list[str]:
    taken, total = [], 0
    while total < words:
        text = next(texts)
        taken.append(text)
        total += len(split_words(text))
    return taken


def main() -> None:
    """Measure in this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--labels", default="")
    parser.add_argument("--words", default="1000,10000")
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    clock = NetworkClock()  # before the predictor opens its session
    from distilgliner.student.predictor import DistilGLiNER

    predictor = DistilGLiNER.from_pretrained(options.model)
    predictor.set_threads(1)
    labels = split_labels(options.labels) or predictor.labels
    lines = options.texts.read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    warm_up = take_words(texts, _WARM_UP_WORDS)
    predictor.batch_predict_entities(warm_up, labels)
    start = len(warm_up)
    end = start + _CHUNKS * _CHUNK
    words = [int(count) for count in options.words.split(",")]
    # Too few texts come again: better than no number.
    found = {
        "network": measure_network(predictor, clock, texts[start:end] or texts, labels),
        "seconds_per_word": measure_seconds_per_word(
            predictor, texts[end:] or texts, labels, words
        ),
        "peak_memory_bytes": read_peak_memory(),
    }
    options.json.write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
