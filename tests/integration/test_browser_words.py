"""Words and their features in JavaScript are those of Python, in any script and normal form.

Needs only node: what follows from the words is compared in `test_browser.py`, with a browser.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest

from distilgliner.corpus.labels import normalize_label
from distilgliner.corpus.words import cut_words, split_words
from distilgliner.student.features import compute_affixes, describe_shape

SOURCE = Path(__file__).parents[2] / "browser" / "src"
PARTS = [
    *("Zoë", "García", "Łódź", "Nguyễn", "Ada", "ﬁn", "Å", "İ", "ǅ", "½", "x-y_z", "F-16", "²"),
    *(
        "नीता",
        "सुनील",
        "مُحَمَّد",
        "שָׁלוֹם",
        "می\u200cروم",
        "กรุงเทพ",
        "각하",
        "東京",
        "が",
        "葛\U000e0100",
    ),
    *(
        "👩🏽\u200d🚀",
        "👨\u200d👩\u200d👧",
        "❤\ufe0f",
        "1\ufe0f\u20e3",
        "🇩🇪",
        "𝒜",
        "≠",
        "-",
        "_",
        ".",
    ),
    *("\u00ad", "\u200d", "\u200c", "\u2060", "\u0301", "\u0323", "\u0338", "\u093f", "\u20e3"),
    *(" ", "\r\n", "\t", "\u00a0", "\u3000", "\u2028", "\x1c", "\x85", "\u200b", "\ufeff"),
]
SCRIPT = """
import { readFileSync } from "node:fs";
const { cutWords, normalizeLabel, splitWords } = await import(process.argv[1] + "/words.js");
const { computeAffixes, describeShape } = await import(process.argv[1] + "/features.js");
const count = (text, units) => Array.from(text.slice(0, units)).length;
const answers = JSON.parse(readFileSync(0, "utf-8")).map((text) => {
  const words = splitWords(text);
  const strings = cutWords(text, words);
  return {
    words: words.map(({ start, end }) => [count(text, start), count(text, end)]),
    strings,
    shapes: strings.map(describeShape),
    affixes: strings.map((word) => computeAffixes(word, 4096)),
    label: normalizeLabel(text),
  };
});
process.stdout.write(JSON.stringify(answers));
"""


def build_texts() -> list[str]:
    draw = random.Random(7)
    texts = ["".join(draw.choices(PARTS, k=draw.randint(1, 10))) for _ in range(1500)]
    texts = [
        unicodedata.normalize(draw.choice(["NFC", "NFD", "NFKC", "NFKD"]), text)
        if draw.random() < 0.8
        else text
        for text in texts
    ]
    # Every character that Python knows, between letters; node may know more.
    known = [
        chr(code)
        for code in (*range(0xD800), *range(0xE000, 0x20000), *range(0xE0000, 0xE0200))
        if unicodedata.category(chr(code)) not in ("Cn", "Co", "Cs")
    ]
    blocks = [known[start : start + 200] for start in range(0, len(known), 200)]
    return texts + [" ".join(f"a{character}b" for character in block) for block in blocks]


def test_words_and_features_are_those_of_python() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    texts = build_texts()
    done = subprocess.run(
        [node, "--input-type=module", "-e", SCRIPT, str(SOURCE)],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    for text, answer in zip(texts, answers, strict=True):
        words = split_words(text)
        assert [tuple(pair) for pair in answer["words"]] == words, ascii(text)
        strings = cut_words(text, words)
        assert answer["strings"] == strings, ascii(text)
        assert answer["shapes"] == [describe_shape(word) for word in strings], ascii(text)
        assert answer["affixes"] == [compute_affixes(word, 4096) for word in strings], ascii(text)
        assert answer["label"] == normalize_label(text), ascii(text)


FOLDER_SCRIPT = """
const { readFolder } = await import(process.argv[1] + "/folder.js");
const config = { format: "distilgliner", format_version: 1, word_splitter: "jieba" };
globalThis.fetch = async () => new Response(JSON.stringify(config));
const error = await readFolder(new URL("http://localhost/student/")).catch((reason) => reason);
process.stdout.write(error.message);
"""


def test_a_student_with_another_splitter_is_refused() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    done = subprocess.run(
        [node, "--input-type=module", "-e", FOLDER_SCRIPT, str(SOURCE)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout == (
        'The student of http://localhost/student/ splits words with "jieba", which does not run in '
        "the browser; answer from a server: distilgliner serve --model FOLDER."
    ), done.stderr
