"""In the browser a student finds what it finds in Python, and the page shows it, served or not.

Needs node, the packages of browser/ (`npm ci` there) and Chromium, none of which is fetched here.
A student of one's own is compared as well when the variable STUDENT names its exported folder.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from distilgliner import DistilGLiNER
from distilgliner.annotate.vocabulary import TOKENIZER_FILE, VECTORS_FILE
from distilgliner.bundled import bundled_teacher
from distilgliner.runtime.export import run_export
from distilgliner.student.folder_files import MANIFEST_FILE
from tiny_store import build_documents, build_tiny_student

BROWSER = Path(__file__).parents[2] / "browser"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

TOLERANCE = {"none": 1e-3, "int8": 1e-2}
"""How far scores may be apart. In 8 bits they were up to 0.0035 apart with the quickstart's student
(1,022 texts, all entities the same), without quantization 0.0000005."""

TEXTS = [
    *(document.text for document in build_documents(8)),
    "",
    " \t\n\u00a0\u2003",
    "Ada",
    "Grace Hopper met ALAN TURING, McDonald & zoë in New York (U.S.A.).\nBob left Rome!",
    "👩🏽‍🚀 Ada 😀 met 𝒜lan 𝕋uring in 𠮷野家 🇩🇪 Köln.",
    "Zoe\u0308 saw Ko\u0308ln and na\u00efve Bob \u0301 there.",
    "Ober\u00adhausen, Jose\u0301 and mi\u200croom \u2764\ufe0f with Ada\u0301 Marie in Ko\u0308ln",
    "\u0928\u092e\u0938\u094d\u0924\u0947 Ada, \u0e01\u0e33\u0e25\u0e31\u0e07 in Oslo.",
    "ΟΔΥΣΣΕΥΣ and Σίσυφος met İrem of ǅenan and Straße in Москва, 東京 and القاهرة.",
    "F-16 and x² or ½ of Ⅷ, ①②③ at 20:15 a__b--c-d_-e don't stop___ -Ada- snake_case_word",
    "a\x1cb\x85c\ufeffd\u200be\u200df \u2028Ada\u3000Bob \ue000 \ufffd",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft of Bath",
    "A" * 130 + " " + "ab1" * 60 + "-" + "Z" * 45 + " Ada " + "😀" * 50 + " in Oslo",
    "x " * 300 + "Ada Lovelace met Mary in San Marino",
    " ".join(document.text for document in build_documents(150, seed=1)),  # several windows
]


def write_bundled(folder: Path) -> None:
    """The bundled teacher's tokenizer, whose normalizer marks case."""
    source = bundled_teacher() / TOKENIZER_FILE
    _write_vocabulary(folder, Tokenizer.from_file(str(source)))


def write_unigram(folder: Path) -> None:
    """A tokenizer of the kind that DeBERTa and T5 have."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=150, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS[:14], trainer)
    _write_vocabulary(folder, tokenizer)


def write_bytes(folder: Path) -> None:
    """A tokenizer of the kind that RoBERTa and ModernBERT have."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    _write_vocabulary(folder, tokenizer)


def _write_vocabulary(folder: Path, tokenizer: Tokenizer) -> None:
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / TOKENIZER_FILE))
    vectors = np.random.default_rng(0).normal(size=(tokenizer.get_vocab_size(), 16))
    save_file({"vectors": (vectors * 2).astype(np.float16)}, folder / VECTORS_FILE)


class Recipe(NamedTuple):
    """How a student is made; without a vocabulary it gets the whole words of the other tests."""

    options: dict[str, Any]
    write_vocabulary: Callable[[Path], None] | None = None
    export: dict[str, Any] | None = None


STUDENTS = {
    "closed": Recipe({"head": "tagger"}, write_bundled),
    "deep": Recipe(
        {"head": "tagger", "layers": 2, "labels": ("a", "b c", "city")},
        write_bytes,
        {"quantize": "int8", "force": True},
    ),
    "chain": Recipe({"head": "crf"}, write_bundled),
    "open": Recipe({"head": "tower"}, write_unigram),
    "runs": Recipe({"head": "tower", "roles": False}),
    "compiled": Recipe({"head": "tower"}, export={"labels": ["sea monster", "person"]}),
}


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("needs node")
    if not (BROWSER / "node_modules").is_dir():
        pytest.skip("needs browser/node_modules; run 'npm ci' in browser/")
    if not os.environ.get("CHROMIUM") and not any(map(shutil.which, CHROMIUM)):
        pytest.skip("needs Chromium; name it in the variable CHROMIUM")
    return found


def export_student(folder: Path, name: str) -> Path:
    recipe = STUDENTS[name]
    if recipe.write_vocabulary:
        recipe.write_vocabulary(folder / "store")
    build_tiny_student(folder / "store", **recipe.options).write(folder / "trained")
    run_export(folder / "trained", folder / "exported", **(recipe.export or {}))
    return folder / "exported"


def build_site(node: str, student: Path, site: Path, name: str) -> None:
    """Build the page with a student, and write beside it what Python finds."""
    command = [node, BROWSER / "build.js", "--student", student, "--output", site / name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    model = DistilGLiNER.from_pretrained(student)
    choices: list[dict[str, Any]] = [{"threshold": 0.3}, {"threshold": 0.5}, {"threshold": 0.9}]
    choices.append({"threshold": 0.4, "labels": [f"  {model.labels[-1]} "]})
    if model.is_open:
        choices.append({"threshold": 0.3, "labels": ["sea  monster", "Straße", "東京", "person"]})
    runs = [
        {"options": options, "entities": model.batch_predict_entities(TEXTS, **options)}
        for options in choices
    ]
    quantize = json.loads((student / MANIFEST_FILE).read_text()).get("quantize", "none")
    cases = {"texts": TEXTS, "runs": runs, "tolerance": TOLERANCE[quantize]}
    (site / f"{name}.json").write_text(json.dumps(cases))


@contextmanager
def serve_student(student: Path) -> Iterator[str]:
    """The address of 'distilgliner serve'."""
    command = [sys.executable, "-m", "distilgliner", "serve", "--model", student, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"open (http\S+) to", process.stdout.readline())
            assert found
            yield found[1]
        finally:
            process.kill()


def test_the_browser_finds_what_python_finds(node: str, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    for name in STUDENTS:
        build_site(node, export_student(tmp_path / name, name), site, name)
    if os.environ.get("STUDENT"):
        build_site(node, Path(os.environ["STUDENT"]).resolve(), site, "own")
    with serve_student(tmp_path / "open" / "exported") as address:
        done = subprocess.run(
            [node, "--test", *sorted((BROWSER / "test").glob("*.test.js"))],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "SITE": str(site), "SERVED": address},
            timeout=240,
        )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (None, "build: There is no folder "),
        (["config.json", "tokenizer.json"], "has no model.onnx; give a folder that"),
    ],
)
def test_a_folder_without_a_student_is_not_built(
    node: str, tmp_path: Path, files: list[str] | None, message: str
) -> None:
    student = tmp_path / "student"
    if files is not None:
        student.mkdir()
        for name in files:
            (student / name).write_text("{}")
    command = [node, BROWSER / "build.js", "--student", student, "--output", tmp_path / "dist"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "dist").exists()
