"""One student for many threads, forks and copies: the answers are those of one thread."""

from __future__ import annotations

import copy
import os
import pickle
import random
import string
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from distilgliner import DistilGLiNER
from distilgliner.runtime.export import run_export
from distilgliner.student import features, word_table
from distilgliner.student.folder import write_student
from tiny_store import build_documents, build_tiny_student

HEADS = {
    "tagger": {"head": "tagger"},
    "crf": {"head": "crf"},
    "span": {"head": "span"},
    "tower": {"head": "tower"},
    "tower-reference": {"head": "tower", "roles": False},
}
KINDS = [f"{head}/{runtime}" for head in HEADS for runtime in ("torch", "onnx")]
_RNG = random.Random(0)


def invent_word() -> str:
    return "".join(_RNG.choices(string.ascii_letters + "éß東-", k=_RNG.randint(1, 12)))


TEXTS = [
    " ".join([document.text, *(invent_word() for _ in range(12)), document.text[::-1]])
    for document in build_documents(24)
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A student of every head, trained and exported."""
    root, found = tmp_path_factory.mktemp("students"), {}
    for name, options in HEADS.items():
        student = build_tiny_student(root / name / "vocabulary", **options)
        found[f"{name}/torch"], found[f"{name}/onnx"] = root / name / "torch", root / name / "onnx"
        write_student(student, root / name / "torch")
        run_export(root / name / "torch", root / name / "onnx")
    return found


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Threads that interrupt each other all the time, at a table that is always full."""
    monkeypatch.setattr(word_table, "KEPT_WORDS", 100)
    monkeypatch.setattr(word_table, "_FIRST_ROWS", 4)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize("kind", KINDS)
def test_threads_get_what_one_gets(kind: str, folders: dict[str, Path]) -> None:
    wanted = DistilGLiNER.from_pretrained(folders[kind]).batch_predict_entities(TEXTS, batch_size=1)
    assert any(wanted)
    shared = DistilGLiNER.from_pretrained(folders[kind])
    shared.set_threads(1)
    for count in (2, 8, 32):
        with ThreadPoolExecutor(count) as pool:
            found = list(pool.map(shared.predict_entities, TEXTS))
        assert found == wanted
    # Nor is it left in a bad state.
    assert [shared.predict_entities(text) for text in TEXTS] == wanted


@pytest.mark.usefixtures("_hasty")
def test_features_are_the_same_in_any_thread(folders: dict[str, Path]) -> None:
    words = [invent_word() for _ in range(600)]
    featurizer = DistilGLiNER.from_pretrained(folders["crf/onnx"]).student.featurizer
    wanted = {word: featurizer.compute_features([word]) for word in words}

    def differs(seed: int) -> list[str]:
        rng = random.Random(seed)
        wrong = []
        for _ in range(20):
            chosen = rng.sample(words, 30)
            found = featurizer.compute_features(chosen)
            for row, word in enumerate(chosen):
                one = wanted[word]
                width = one.subwords.shape[1]
                same = (found.subwords[row, :width] == one.subwords[0]).all()
                if not same or found.shapes[row] != one.shapes[0]:
                    wrong.append(word)
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(differs, range(16)))


def test_threads_can_be_set_while_others_predict(folders: dict[str, Path]) -> None:
    model = DistilGLiNER.from_pretrained(folders["crf/onnx"])
    wanted = [model.predict_entities(text) for text in TEXTS]
    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(model.predict_entities, text) for text in TEXTS]
        for count in (1, 2, 1, 2):
            model.set_threads(count)
        assert [future.result() for future in found] == wanted


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("copying", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy])
def test_copies_are_whole(
    kind: str, copying: Any, folders: dict[str, Path], tmp_path: Path
) -> None:
    model = DistilGLiNER.from_pretrained(folders[kind])
    wanted = model.batch_predict_entities(TEXTS)
    again = copying(model)
    assert again.batch_predict_entities(TEXTS) == wanted
    assert again.student.featurizer is not model.student.featurizer
    again.save_pretrained(tmp_path / "copy")
    opened = DistilGLiNER.from_pretrained(tmp_path / "copy")
    assert opened.batch_predict_entities(TEXTS) == wanted


FORKS = """
import multiprocessing, sys, threading, time
from distilgliner import DistilGLiNER

model = DistilGLiNER.from_pretrained(sys.argv[1])
texts = ["Ada Lovelace met Bob in New York . " * 15] * 8
model.set_threads(2)
wanted = model.batch_predict_entities(texts)

def ask(number):
    model.set_threads(2)
    return model.batch_predict_entities(texts) == wanted

stop = threading.Event()
def go_on():
    while not stop.is_set():
        model.batch_predict_entities(texts[:2])
        time.sleep(0.01)
other = threading.Thread(target=go_on)
other.start()  # the model is in use in the moment of the fork
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map(ask, range(2)), pool.map(model.predict_entities, texts[:2]) == wanted[:2])
stop.set()
other.join()
assert model.batch_predict_entities(texts) == wanted
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("kind", ["tagger/torch", "crf/onnx"])
def test_a_fork_of_a_process_with_threads_answers(kind: str, folders: dict[str, Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS, str(folders[kind])],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_WAIT_POLICY": "passive"},
    )
    assert done.stdout.strip() == "[True, True] True", done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_ends(folders: dict[str, Path]) -> None:
    """Taking a session apart would wait for the threads of its pool, which a fork has not."""
    code = (
        "import os, sys; from distilgliner import DistilGLiNER\n"
        "model = DistilGLiNER.from_pretrained(sys.argv[1]); model.set_threads(2)\n"
        "model.predict_entities('Ada met Bob .')\n"
        "child = os.fork()\n"
        "if not child: model.set_threads(2); del model; sys.exit(3)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(folders["tagger/onnx"])],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.split() == ["3"]


def test_what_is_kept_of_words_is_bounded(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_table, "KEPT_BYTES", 20_000)
    featurizer = DistilGLiNER.from_pretrained(folders["crf/onnx"]).student.featurizer
    for _ in range(20):
        featurizer.compute_features([invent_word() for _ in range(30)])
        featurizer.compute_features(["x" * 100_000 + invent_word(), "東" * 1000 + invent_word()])
        kept = featurizer._table.rows
        assert sum(map(sys.getsizeof, kept)) <= 20_000
        assert max(map(len, kept)) <= word_table.KEPT_CHARACTERS


def test_kinds_of_characters_are_bounded() -> None:
    for start in range(0, 0x20000, 32):
        features.describe_shape("".join(map(chr, range(start, start + 32))))
    assert len(features._KINDS) <= features._KEPT_KINDS
    assert features.describe_shape("\U0001d7ceÀÀàx") == "dXXxx"


def test_only_the_beginning_of_a_long_word_is_cut(folders: dict[str, Path]) -> None:
    featurizer = DistilGLiNER.from_pretrained(folders["crf/onnx"]).student.featurizer
    cut: list[int] = []

    class Tokenizer:
        def encode_batch_fast(self, texts: list[str], **options: object) -> Any:
            cut.extend(map(len, texts))
            return original.encode_batch_fast(texts, **options)

    original, featurizer.tokenizer = featurizer.tokenizer, Tokenizer()
    for length in (1, 100, 256, 257, 1_000_000):
        featurizer.compute_features(["\U0001d7ce" * length])
    assert cut == [1, 100, 256, 256, 256]
