"""What a model costs to use: load time, memory, words per second, latency, size.

Every model is measured in a process of its own (`python -m distilgliner.evaluate.cost`), so that
memory and load time are its own; `run_cost` goes round the models several times and takes medians,
so that a busy moment of the machine does not hit one model alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from distilgliner.corpus.labels import join_labels, split_labels
from distilgliner.corpus.prompts import Prompts, compute_prompts
from distilgliner.corpus.words import split_words
from distilgliner.errors import UserError
from distilgliner.evaluate.external import ExternalModel
from distilgliner.evaluate.import_time import measure_imports
from distilgliner.models import (
    Predictor,
    choose_known_labels,
    load_predictor,
    locate_model,
    set_prompts,
    set_threads,
)
from distilgliner.processes import follow_parent
from distilgliner.progress import build_progress

BUDGET_SECONDS = 5.0  # for each measurement of each round; a call that has begun is finished
SENTENCE_WORDS = 20
_SENTENCES = 50
_WARM_UP = 3
_FIRST_CHUNK, _LAST_CHUNK = 16, 256  # texts in one call
_LEAST_SECONDS = 1.0  # fast models go over the texts again until then


def count_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_cost(
    models: Mapping[str, str | Path | ExternalModel],
    texts: Sequence[str],
    labels: Sequence[str] | None,
    *,
    prompts: Prompts = None,
    rounds: int = 3,
    threads: Sequence[int] | None = None,
    budget_seconds: float = BUDGET_SECONDS,
    quiet: bool = True,
) -> dict[str, dict[str, Any]]:
    """Measure every model (name → folder, hub id or external) `rounds` times, alternating; medians.

    labels: None means those of each student.
    prompts: how a GLiNER checkpoint is asked for them.
    threads: for the throughput; None means 1 and all cores.
    budget_seconds: for each measurement; a round takes a model at most about
    `budget_seconds` x (number of threads + 1), and its load time.

    Returns for each name: `parameters` (`total`, `embedding`, `other`) and `disk_bytes` (both not
    of external models), `load_seconds` (imports included) and `import_seconds` of it,
    `peak_memory_bytes` (of the whole process), `words_per_second` (threads → number), `latency_ms`
    (`p50`, `p95`: one sentence of about 20 words at a time, one thread).
    Raises `UserError` when a model cannot be loaded.
    """
    if not texts:
        raise UserError("There is no text to measure on; give one at least.")
    wanted = sorted({1, count_cores()} if threads is None else set(threads))
    options = ["--threads", ",".join(map(str, wanted)), "--budget", str(budget_seconds)]
    for prompt in compute_prompts(labels, prompts) if labels else ():
        options.append(f"--labels={join_labels(prompt)}")
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in models}
    with (
        tempfile.TemporaryDirectory() as folder,
        build_progress(quiet=quiet) as progress,
    ):
        task = progress.add_task("measure cost", total=rounds * len(models), note="")
        file = Path(folder) / "texts.jsonl"
        lines = (json.dumps({"text": text}) + "\n" for text in texts)
        file.write_text("".join(lines), encoding="utf-8")
        for _ in range(rounds):
            for name, model in models.items():
                progress.update(task, note=name)
                found[name].append(_measure_apart(model, file, options))
                progress.update(task, advance=1)
    return {name: compute_medians(measured) for name, measured in found.items()}


def measure_cost(
    load: Callable[[], Predictor],
    texts: Sequence[str],
    labels: Sequence[str] | None,
    threads: Sequence[int] = (1,),
    *,
    prompts: Prompts = None,
    budget_seconds: float = BUDGET_SECONDS,
) -> dict[str, Any]:
    """Load a model and measure it in this process; see `run_cost` for the keys.

    The load time is only fair when torch has not been imported yet, and the memory only when
    nothing else has been done before.
    """
    with measure_imports() as imports:
        started = time.perf_counter()
        predictor = load()
        load_seconds = time.perf_counter() - started
    labels = choose_known_labels(predictor, labels)
    set_prompts(predictor, prompts)
    set_threads(predictor, 1)
    latency_ms = _measure_latency(predictor, texts, labels, budget_seconds)
    words_per_second = {}
    for count in threads:
        set_threads(predictor, count)
        words_per_second[str(count)] = _measure_speed(predictor, texts, labels, budget_seconds)
    return {
        "load_seconds": load_seconds,
        "import_seconds": imports.seconds,
        "peak_memory_bytes": read_peak_memory(),
        "words_per_second": words_per_second,
        "latency_ms": latency_ms,
    }


def read_peak_memory() -> int:
    """The largest resident memory of this process so far, in bytes.

    Linux' VmHWM starts anew with the program; `ru_maxrss` would count the parent that forked it.
    """
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def choose_sentences(texts: Sequence[str], count: int = _SENTENCES) -> list[str]:
    """Up to `count` texts of about 20 words: the nearest to it; longer ones are cut after 20."""
    by_length = {text: split_words(text) for text in texts}
    nearest = sorted(
        (text for text, words in by_length.items() if words),
        key=lambda text: abs(len(by_length[text]) - SENTENCE_WORDS),
    )
    return [
        text[: by_length[text][min(len(by_length[text]), SENTENCE_WORDS) - 1][1]]
        for text in nearest[:count]
    ]


def _measure_latency(
    predictor: Predictor, texts: Sequence[str], labels: Sequence[str], budget: float
) -> dict[str, float]:
    sentences = choose_sentences(texts)
    if not sentences:
        raise UserError("The texts to measure on hold no word; give others.")
    for sentence in sentences[:_WARM_UP]:
        predictor.batch_predict_entities([sentence], labels)
    taken: list[float] = []
    while len(taken) < 2 * _SENTENCES and (len(taken) < _WARM_UP or sum(taken) < budget):
        sentence = sentences[len(taken) % len(sentences)]
        started = time.perf_counter()
        predictor.batch_predict_entities([sentence], labels)
        taken.append(time.perf_counter() - started)
    cuts = statistics.quantiles(taken, n=20, method="inclusive")
    return {"p50": 1000 * statistics.median(taken), "p95": 1000 * cuts[18]}


def _measure_speed(
    predictor: Predictor, texts: Sequence[str], labels: Sequence[str], budget: float
) -> float:
    """Words per second over whole passes of the texts, or as far as the budget goes.

    Calls grow from 16 to 256 texts as long as they are short, so that fast models are not measured
    by what a call costs.
    """
    predictor.batch_predict_entities(list(texts[:_WARM_UP]), labels)
    seconds, words = 0.0, 0
    size, start = _FIRST_CHUNK, 0
    while seconds < budget:
        chunk = list(texts[start : start + size])
        chunk_words = sum(len(split_words(text)) for text in chunk)
        started = time.perf_counter()
        predictor.batch_predict_entities(chunk, labels)
        taken = time.perf_counter() - started
        seconds += taken
        words += chunk_words
        start += size
        if taken < budget / 20:
            size = min(2 * size, _LAST_CHUNK)
        if start >= len(texts):
            start = 0
            if seconds >= _LEAST_SECONDS:
                break
    return words / seconds


def _measure_apart(
    model: str | Path | ExternalModel, texts: Path, options: Sequence[str]
) -> dict[str, Any]:
    """Measure in a fresh process."""
    output = texts.with_name("cost.json")
    output.unlink(missing_ok=True)
    external = model if isinstance(model, ExternalModel) else None
    name = external.model if external else str(model)
    command = [sys.executable, "-m", "distilgliner.evaluate.cost", name]
    command += ["--loader", external.loader] if external else []
    command += ["--texts", str(texts), *options, "--json", str(output)]
    # One thread for pools that torch does not steer; and this very package, installed or not.
    paths = [str(Path(__file__).resolve().parents[2])]
    paths += [str(external.folder)] if external and external.folder else []
    paths += filter(None, [os.environ.get("PYTHONPATH")])
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(paths),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 2:
        raise UserError(done.stderr.strip().splitlines()[-1].removeprefix("distilgliner: "))
    if done.returncode:
        raise RuntimeError(f"measuring {name} failed:\n{done.stderr}")
    measured: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return measured


def compute_medians(measured: Sequence[Any]) -> Any:
    """The median of each number in dicts of the same shape; whole numbers stay whole."""
    first = measured[0]
    if isinstance(first, dict):
        return {key: compute_medians([item[key] for item in measured]) for key in first}
    middle = statistics.median(measured)
    return int(middle) if isinstance(first, int) else middle


def main(arguments: Sequence[str] | None = None) -> None:
    """`python -m distilgliner.evaluate.cost MODEL --texts FILE --json OUT`."""
    from distilgliner.corpus.read import read_texts
    from distilgliner.evaluate.footprint import compute_disk_bytes, count_parameters

    parser = argparse.ArgumentParser(prog="python -m distilgliner.evaluate.cost")
    parser.add_argument("model", help="a model's folder or hub id, or what --loader takes")
    parser.add_argument("--loader", help="module:function that opens an external model")
    parser.add_argument("--texts", required=True, help="what to measure on")
    parser.add_argument("--labels", action="append", help="a,b of a prompt; none: the model's own")
    parser.add_argument("--threads", default="1", help="for the throughput, such as 1,2")
    parser.add_argument("--budget", type=float, default=BUDGET_SECONDS, help="seconds for each")
    parser.add_argument("--json", required=True, type=Path, help="the file to write")
    options = parser.parse_args(arguments)
    if arguments is None:  # as a program of its own
        follow_parent()
    try:
        external = ExternalModel(options.loader, options.model) if options.loader else None
        prompts = [split_labels(prompt) for prompt in options.labels or ()]
        measured = measure_cost(
            external.load if external else lambda: load_predictor(options.model),
            list(read_texts(options.texts)),
            [label for prompt in prompts for label in prompt] or None,
            [int(count) for count in options.threads.split(",")],
            prompts=prompts or None,
            budget_seconds=options.budget,
        )
        size: dict[str, Any] = {}
        if external is None:
            folder = locate_model(options.model)
            size["parameters"] = count_parameters(folder)
            size["disk_bytes"] = compute_disk_bytes(folder)
    except UserError as error:
        sys.stderr.write(f"distilgliner: {error}\n")
        sys.exit(2)
    options.json.write_text(json.dumps({**size, **measured}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
