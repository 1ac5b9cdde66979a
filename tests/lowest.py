"""Run a student with the lowest versions of everything that this package says it runs with.

    python tests/lowest.py FOLDER

Makes a virtual environment in FOLDER with exactly the versions behind each `>=` of the base
dependencies, installs the package, and predicts in it, from Python and on the command line.
`make lowest` calls it; it needs a package index and takes about a minute.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = "Maria Silva of the World Health Organization arrived in Geneva."
FOUND = ["Maria Silva", "World Health Organization", "Geneva"]
CODE = f"""
import copy, pickle, tempfile
from distilgliner import DistilGLiNER
model = DistilGLiNER.from_pretrained("general")
for one in (model, pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
    assert [e["text"] for e in one.predict_entities({TEXT!r})] == {FOUND!r}
with tempfile.TemporaryDirectory() as folder:
    model.save_pretrained(folder)
    DistilGLiNER.from_pretrained(folder)
"""


def read_lowest() -> list[str]:
    """`name==version` of each base dependency."""
    # Not tomllib, which Python 3.10 does not have.
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text.partition("\ndependencies = [")[2].partition("\n]")[0]
    return [f"{name}=={low}" for name, low in re.findall(r'"([\w-]+)>=([\w.]+)"', block)]


def main() -> None:
    """Install and predict; an `AssertionError` or a failed command ends it."""
    folder = Path(sys.argv[1])
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet"]
    subprocess.run([*install, *read_lowest(), ROOT], check=True)
    subprocess.run([python, "-c", CODE], check=True, cwd=folder)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "texts.txt"
        path.write_text(TEXT + "\n", encoding="utf-8")
        command = [folder / "bin" / "distilgliner", "predict", "--model", "general"]
        done = subprocess.run([*command, "--input", path], check=True, capture_output=True)
        subprocess.run([*command, "--help"], check=True, capture_output=True)
    assert [entity["text"] for entity in json.loads(done.stdout)["entities"]] == FOUND
    print("runs with", *read_lowest())


if __name__ == "__main__":
    main()
