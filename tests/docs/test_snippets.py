"""Every block of Python and shell on the pages runs as it stands there, or says why it does not.

Blocks run in order, a page in a folder of its own that holds what its readers have. Hub ids are
`bundled`, and students are tiny; `make tutorials` runs the tutorials as they are. What cannot run
is marked in the page: `<!-- skip: next "why" -->`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import SkipTest

import pytest
from quick_training import train_quickly
from reader import Shelf, build_namespace, put_general, write_texts, write_tutorial_texts
from session import PageSession
from shell import ROOT, run_distilgliner
from sybil.example import NotEvaluated

PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if "```" in page.read_text(encoding="utf-8")
]
_COUNTS: dict[str, tuple[int, int, int]] = {}


@pytest.fixture(scope="module", autouse=True)
def _train_quickly() -> Iterator[None]:
    pytest.importorskip("gliner", reason="needs the extra 'annotate'")
    with train_quickly():
        yield


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder = tmp_path_factory.mktemp("pages") / "shelf"
    return Shelf(folder, lambda arguments: run_distilgliner(arguments) and None)


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_snippets_of_a_page_run(
    page: Path, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    is_tutorial = _name(page).startswith("docs/tutorials/")  # where all is typed, in order
    fetch = put_general if is_tutorial else shelf.put
    session = PageSession(tmp_path, fetch=fetch, quick=True, choices=not is_tutorial)
    document = session.parse(page)
    if is_tutorial:
        write_tutorial_texts(tmp_path)
    else:
        document.namespace.update(build_namespace())
        write_texts(tmp_path)
    skipped = 0
    try:
        for example in document.examples():
            try:
                example.evaluate()
            except SkipTest as reason:
                skipped += len(str(reason)) > 10 or pytest.fail(f"{example}: say why it is not run")
            except NotEvaluated:
                pytest.fail(f'{example}: say why it is not run, <!-- skip: next "why" -->')
            except (Exception, SystemExit) as error:
                raise AssertionError(f"{_name(page)}, line {example.line}: {error}") from error
    finally:
        session.close()
    _COUNTS[_name(page)] = (session.ran, session.checked, skipped)


def test_all_are_counted(record_property: Callable[[str, object], None]) -> None:
    if not _COUNTS:
        pytest.skip("no page was run")
    ran, checked, skipped = (sum(counts) for counts in zip(*_COUNTS.values(), strict=True))
    told = f"{ran} ran, {checked} checked, {skipped} marked as not run"
    record_property("summary", f"Snippets of README and docs: {told}")
    if len(_COUNTS) == len(PAGES):
        assert ran > 40
        assert skipped < ran / 5
