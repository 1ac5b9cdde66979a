"""Build both wheels, install the runtime one into a bare environment, and try it there.

    python benchmarks/package/package.py [--python python3.12] [--write]

Prints the sizes of the wheels, what a base environment takes on disk (pip and whatever else `venv`
puts into it included), and which packages predicting imports; fails where a bound is exceeded or
the installed package does not predict. With `--write` the numbers go to `package.json`. Needs the
package index, for what the wheel depends on.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
WHEEL_LIMIT_MB = 12
ENVIRONMENT_LIMIT_MB = 245
_SMOKE = """
import json, sys
from distilgliner import DistilGLiNER
model = DistilGLiNER.from_pretrained("general")
found = model.predict_entities("Maria Silva lives in Geneva.")
assert [(e["text"], e["label"]) for e in found] == [
    ("Maria Silva", "person"), ("Geneva", "location")
], found
installed = sys.argv[1:]
print(json.dumps(sorted(name for name in installed if name in sys.modules)))
"""


def run_package_check(python: str) -> dict[str, object]:
    """Build, install and try; the numbers. Raises `SystemExit` where something does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        wheels = {path.name: _megabytes(path) for path in _build_wheels(Path(folder) / "dist")}
        wheel = next(Path(folder, "dist").glob("distilgliner-*.whl"))
        environment = Path(folder) / "environment"
        _run(python, "-m", "venv", str(environment))
        inside = str(environment / "bin" / "python")
        _run(inside, "-m", "pip", "install", "--quiet", str(wheel))
        size = _measure_folder(environment)
        imported = json.loads(_run(inside, "-c", _SMOKE, *_list_modules(environment)))
        notes = Path(folder) / "notes.txt"
        notes.write_text("Maria Silva lives in Geneva.\n")
        command = str(environment / "bin" / "distilgliner")
        answer = _run(command, "predict", "--model", "general", "--input", str(notes))
        assert '"Maria Silva"' in answer, answer
        version = _run(inside, "-c", "import platform; print(platform.python_version())").strip()
    found: dict[str, object] = {
        "date": f"{date.today()}",
        "system": f"{platform.system()} {platform.machine()}",
        "python": version,
        "wheels_mb": wheels,
        "environment_mb": size,
        "imported_to_predict": imported,
    }
    print(json.dumps(found, indent=1))
    if wheels[wheel.name] > WHEEL_LIMIT_MB:
        sys.exit(f"{wheel.name} is larger than {WHEEL_LIMIT_MB} MB")
    if size > ENVIRONMENT_LIMIT_MB:
        sys.exit(f"a base environment is larger than {ENVIRONMENT_LIMIT_MB} MB")
    return found


def _build_wheels(output: Path) -> list[Path]:
    for source in (ROOT, ROOT / "teacher"):
        _run(sys.executable, "-m", "build", "--wheel", "--outdir", str(output), str(source))
    return sorted(output.glob("*.whl"))


def _list_modules(environment: Path) -> list[str]:
    """The names of what is installed, as they are imported."""
    packages = next((environment / "lib").glob("python*/site-packages"))
    folders = [path.name for path in packages.iterdir() if (path / "__init__.py").is_file()]
    return [name for name in folders if name != "distilgliner"]


def _measure_folder(folder: Path) -> float:
    """What the files of a folder take on disk, in MB of 2^20 bytes, as `du` counts them."""
    blocks = sum(path.lstat().st_blocks for path in folder.rglob("*"))
    return round(blocks * 512 / 2**20, 1)


def _megabytes(path: Path) -> float:
    return round(path.stat().st_size / 1e6, 2)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="What makes the environment.")
    parser.add_argument("--write", action="store_true", help="Write package.json.")
    options = parser.parse_args()
    result = run_package_check(options.python)
    if options.write:
        (HERE / "package.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
