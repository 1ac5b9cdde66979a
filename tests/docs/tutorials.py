"""Run the tutorials as they stand, in one folder, in order; write what came out into their pages.

python tests/docs/tutorials.py          # the outputs that pages show are today's
python tests/docs/tutorials.py --check  # they are, but for rounding, or the exit code is 1
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from unittest import SkipTest

from sybil import Document

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from outputs import ANYTHING, match_output  # noqa: E402
from session import PageSession  # noqa: E402
from shell import ROOT, SnippetError  # noqa: E402

FOLDER = ROOT / "docs" / "tutorials"
ORDER = ("first-student", "hundred-labels", "spacy-and-presidio", "browser-page")
_SENTENCE = "Amelia Hart flew from Lisbon to Graz on Monday to demonstrate the Roomba j7."
_TOLERANCE = 0.2
"""Between processors, training rounds differently, and so do scores and F1."""


def run_tutorial(page: Path, folder: Path) -> str:
    """The page with what came out in its blocks of output. Raises where a block fails."""
    session = PageSession(folder, fetch=lambda name, target: None, quick=False, compare=False)
    document = session.parse(page)
    try:
        for example in document.examples():
            print(f"{page.name}, line {example.line}", file=sys.stderr, flush=True)
            with suppress(SkipTest):
                example.evaluate()
    finally:
        session.close()
    return _fill(document, session.outputs)


def take_picture() -> None:
    """The picture of the last tutorial: the page that it has built, with a sentence."""
    npm = shutil.which("npm")
    assert npm is not None, "make browser has run, and npm with it"
    command = [npm, "--prefix", "browser", "run", "--silent", "picture", "--"]
    options = ["--text", _SENTENCE, "--output", str(ROOT / "docs/images/browser-tutorial.png")]
    subprocess.run([*command, *options], cwd=ROOT, check=True)


def find_changed(page: Path, written: str) -> bool:
    """Whether a page shows something else than what came out, beyond rounding."""
    return not match_output(page.read_text(encoding="utf-8"), written, tolerance=_TOLERANCE)


def _fill(document: Document, outputs: dict[int, str]) -> str:
    text = document.text
    for region in sorted(document, key=lambda region: -region.start):
        if region.start not in outputs:
            continue
        found = outputs[region.start].strip("\n")
        shown = region.parsed.strip("\n")
        if ANYTHING in shown and match_output(shown, found, tolerance=1):
            continue
        text = f"{text[: region.start]}```text\n{found}\n```{text[region.end :]}"
    return text


def main() -> int:
    """Run all tutorials, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=ORDER, help="as first-student")
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--folder", type=Path, help="where the student and all else is kept")
    options = parser.parse_args()
    changed = []
    with tempfile.TemporaryDirectory(prefix="tutorials-") as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        os.chdir(folder)
        for name in options.names:
            page = FOLDER / f"{name}.md"
            try:
                written = run_tutorial(page, folder)
            except SnippetError as error:
                print(f"{page}: {error}", file=sys.stderr)
                return 1
            if options.check and find_changed(page, written):
                changed.append(name)
            elif not options.check:
                page.write_text(written, encoding="utf-8")
                if name == "browser-page":
                    take_picture()
    for name in changed:
        print(f"{name}: shows what did not come out; run make tutorials", file=sys.stderr)
    return bool(changed)


if __name__ == "__main__":
    sys.exit(main())
