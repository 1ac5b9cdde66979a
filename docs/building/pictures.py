"""Take the pictures of the documentation anew: `make pictures`, or

    python docs/building/pictures.py [--port 8765]

The report is that of the committed quickstart (`benchmarks/quality/quickstart.py`), the page that
of `distilgliner serve` with the bundled student; both are photographed by a headless Chromium. The
diagrams are drawn from the committed results by `python benchmarks/tables.py`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distilgliner.compare.report.write import write_report
from distilgliner.compare.results import read_results

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
QUICKSTART = ROOT / "benchmarks" / "quality" / "results" / "quickstart.json"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_START_SECONDS = 60


def main() -> None:
    """Take report.png and serve.png."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8765)
    port = parser.parse_args().port
    with tempfile.TemporaryDirectory() as folder:
        write_report(read_results(QUICKSTART), Path(folder))
        take_picture((Path(folder) / "report.html").as_uri(), IMAGES / "report.png", 1200, 1510)
    with serve_general(port) as address:
        take_picture(address, IMAGES / "serve.png", 1280, 880)
    subprocess.run([sys.executable, ROOT / "benchmarks" / "tables.py"], check=True)


def take_picture(address: str, path: Path, width: int, height: int) -> None:
    """Photograph the first `height` pixels of a page, in its light colours."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        sys.exit("There is no Chromium; install the package chromium.")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                f"--user-data-dir={profile}", f"--window-size={width},{height}",
                "--virtual-time-budget=15000", f"--screenshot={path}", address,
            ],
            check=True, timeout=120, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    print(path)


@contextmanager
def serve_general(port: int) -> Iterator[str]:
    """The address of a server with the bundled student, which ends with the context."""
    command = "from distilgliner.cli import main; main()"
    options = ["serve", "--model", "general", "--port", str(port)]
    server = subprocess.Popen([sys.executable, "-c", command, *options])
    address = f"http://127.0.0.1:{port}/"
    try:
        _wait_for(server, f"{address}health")
        yield address
    finally:
        server.terminate()
        server.wait()


def _wait_for(server: subprocess.Popen[bytes], address: str) -> None:
    end = time.monotonic() + _START_SECONDS
    while server.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit("The server did not start; see its message above.")


if __name__ == "__main__":
    main()
