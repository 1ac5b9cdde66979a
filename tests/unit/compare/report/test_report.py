"""The report: self-contained, escaped, deterministic, and complete when parts are missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from distilgliner.compare.report.html import build_html
from distilgliner.compare.report.markdown import build_markdown, escape_markdown
from distilgliner.compare.report.write import write_report
from fake_results import build_results

VOID = {"meta", "br", "img", "link", "input", "hr"}
MANY_LABELS = tuple(f"label number {index}" for index in range(14))
VARIANTS: dict[str, dict[str, Any]] = {
    "full": {},
    "two students, many labels": {
        "students": ("bilstm-tagger", "bilstm-tower"),
        "labels": MANY_LABELS,
    },
    "one seed": {"seeds": 1},
    "ten seeds": {"seeds": 10},
    "one arm": {"arms": ("soft",), "significance": []},
    "no costs": {"costs": {}},
    "only what must be": {
        "arms": ("soft",), "seeds": 1, "costs": {}, "significance": [], "examples": [],
        "notes": [], "data": {}, "config": {},
    },
    "no runs": {"arms": (), "significance": [], "examples": []},
}  # fmt: skip


class Page(HTMLParser):
    """Collects attributes and visible text, and fails on tags that do not match."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(source)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))


@pytest.mark.parametrize("variant", VARIANTS)
def test_page_loads_nothing_and_is_well_formed(variant: str) -> None:
    source = build_html(build_results(**VARIANTS[variant]))
    page = Page(source)
    loading = {"src", "href", "srcset", "data", "poster", "xlink:href", "action"}
    assert [found for found in page.attributes if found[1] in loading] == []
    assert "url(" not in source
    assert "@import" not in source
    assert "<script" not in source
    assert "http:" not in source
    assert "https:" not in source
    for bad in ("nan", "None", "Undefined", "&lt;svg", "&#34;Segoe"):
        assert not re.search(rf"\b{bad}\b", source), bad


@pytest.mark.parametrize("variant", VARIANTS)
def test_folder_has_page_text_and_every_linked_figure(variant: str, tmp_path: Path) -> None:
    write_report(build_results(**VARIANTS[variant]), tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\((figures/[^)]+)\)", text)
    written = {path.relative_to(tmp_path).as_posix() for path in (tmp_path / "figures").glob("*")}
    assert set(links) == written
    for link in links:
        root = ElementTree.parse(tmp_path / link).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert (tmp_path / "report.html").is_file()
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize("variant", VARIANTS)
def test_markdown_tables_are_rectangular(variant: str) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", build_markdown(build_results(**VARIANTS[variant])), re.M)
    assert tables
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1, table


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    """Also in other processes, whatever the hash seed."""
    script = (
        "import sys; from pathlib import Path; from fake_results import build_results; "
        "from distilgliner.compare.report.write import write_report; "
        "write_report(build_results(), Path(sys.argv[1]))"
    )
    for seed in ("1", "2"):
        path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        command = [sys.executable, "-c", script, str(tmp_path / seed)]
        subprocess.run(command, env=environment, check=True)
    files = sorted(p.relative_to(tmp_path / "1") for p in (tmp_path / "1").rglob("*.*"))
    assert len(files) == 6
    for name in files:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_text_from_documents_is_escaped() -> None:
    text = "<script>alert(1)</script> | *Ann* & `x` \n# ![y](http://z)"
    gold = [{"start": 0, "end": 8, "label": "<em>"}]
    example = {"text": text, "gold": gold, "predictions": {"soft": []}}
    results = build_results(
        name="<i>name</i>", examples=[example], labels=["<em>"], notes=["<u>note</u>"],
        config={"key": "</pre><script>"},
    )  # fmt: skip
    source = build_html(results)
    for tag in ("<script", "<i>", "<u>", "<em>"):
        assert tag not in source
    shown = Page(source).text
    assert "<script><em>alert(1)</script> | *Ann* & `x` # ![y](http://z)" in shown
    assert "<u>note</u>" in shown
    written = build_markdown(results)
    assert r"\| \*Ann\* &amp; \`x\` \# \!\[y\](http://z)" in written
    assert "<script" not in written.split("## Configuration")[0]


def test_escape_markdown_keeps_one_line() -> None:
    assert escape_markdown("a|b\n_c_ <d>") == r"a\|b \_c\_ &lt;d&gt;"


def test_spread_only_with_several_seeds() -> None:
    assert "±" in Page(build_html(build_results())).text
    single = Page(build_html(build_results(seeds=1))).text
    assert "±" not in single
    assert "One seed only, so no spread is given." in single


def test_main_table_has_the_numbers() -> None:
    results = build_results(arms=("mixed",), seeds=2, significance=[])
    content = results.model_dump()
    content["teacher"]["quality"]["micro"]["f1"] = 0.8
    for run, f1 in zip(content["runs"], (0.70, 0.72), strict=True):
        run["quality"]["micro"]["f1"] = f1
        run["agreement"]["f1"] = 0.765
    results = type(results).model_validate(content)
    line = next(x for x in build_markdown(results).splitlines() if x.startswith("| mixed |"))
    assert line.startswith("| mixed | **71.0 ± 1.4** | 88.8 % |")
    assert "| 76.5 ± 0.0 |" in line


def test_sections_disappear_with_their_data() -> None:
    page = Page(build_html(build_results(**VARIANTS["only what must be"]))).text
    for title in ("Costs", "Which differences are real", "Examples", "F1 against speed", "Notes"):
        assert title not in page
    for title in ("Quality", "Learning curves", "Labels", "Machine"):
        assert title in page


def test_marks_do_not_depend_on_colour() -> None:
    page = Page(build_html(build_results())).text
    for sign in ("✓", "✗", "○"):
        assert sign in page


def test_page_knows_light_dark_phone_and_print() -> None:
    source = build_html(build_results())
    assert "prefers-color-scheme: dark" in source
    assert "@media print" in source
    assert 'name="viewport"' in source
