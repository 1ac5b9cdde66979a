"""The ten corpora as a Markdown section, from benchmarks/quality/results/corpora.json."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from benchmarks.common.grid_log import describe_measuring

PAGE_ROWS = ("soft", "mixed", "gold", "mixed, 100", "gold, 100")
"""After the teacher, in the order of the columns of docs/explanation/quality.md."""


def build_corpora_section(result: dict[str, Any]) -> str:
    """One row a corpus, and the mean over those that have every column."""
    runs = [run for found in result["corpora"].values() for run in found["runs"].values()]
    corpora = result["corpora"]
    names = list(dict.fromkeys(name for found in corpora.values() for name in found["rows"]))
    counts = {row["seeds"] for found in corpora.values() for row in found["rows"].values()}
    lines = [
        "## Ten corpora",
        "",
        f"Strict span F1 in per cent on the test splits, {result['student']}, "
        f"{describe_seeds(counts)}. The teacher is the bundled one as it is. Students with a "
        "teacher start from the general one, except in `random start`. `soft` sees no human "
        "label: the teacher's labels of the dev text choose its epoch. `100` has that many gold "
        "sentences, another sample for each seed, and no labelled dev: of mixed, the teacher's "
        "labels choose the epoch, of gold a tenth of the hundred. Where transfer text is a few "
        "hundred sentences (CrossNER), students with a teacher learn from up to four new texts of "
        "each as well ([decision 21](decisions/0021-new-texts-of-little.md)). Kept: F1 of `soft` "
        "in per cent of the teacher's. The teacher was trained on the train splits, so that it is "
        "not a measure for a language or domain that is new to it.",
        "",
        f"{describe_measuring(result, runs)}, with "
        "`python benchmarks/quality/corpora.py` ([rows](../../benchmarks/quality/corpora.yaml), "
        "[corpora](../../benchmarks/common/corpora), "
        "[results](../../benchmarks/quality/results/corpora.json)).",
        "",
        "| corpus | gold | transfer | teacher | " + " | ".join(names) + " | kept |",
        "|---|---|---|---|" + "---|" * len(names) + "---|",
    ]
    for corpus, found in corpora.items():
        rows = [found["rows"].get(name) for name in names]
        soft = found["rows"].get("soft")
        kept = "—" if soft is None else f"{100 * soft['test_f1'] / found['test_f1']:.1f} %"
        documents = found["documents"]
        lines.append(
            f"| {corpus} | {documents['gold']:,} | {documents['transfer']:,} | "
            f"{100 * found['test_f1']:.1f} | {' | '.join(map(write_spread, rows))} | {kept} |"
        )
    return "\n".join([*lines, _build_mean(corpora, names), ""])


def update_quality(text: str, result: dict[str, Any]) -> str:
    """The page's table of the ten corpora with these numbers; its descriptions stay."""
    corpora = result["corpora"]
    cells = {
        name: _join([found["test_f1"], *(found["rows"][row]["test_f1"] for row in PAGE_ROWS)])
        for name, found in corpora.items()
    }
    lines = [
        _build_page_mean(corpora) if line.startswith("| **mean of") else line
        for line in fill_rows(text, cells).splitlines()
    ]
    return "\n".join([*lines, ""])


def fill_rows(text: str, cells: Mapping[str, str]) -> str:
    """The text, its table rows of these names with other cells after `| NAME (description) |`."""
    lines = text.splitlines()
    for place, line in enumerate(lines):
        name = line.removeprefix("| ").partition(" (")[0]
        if line.startswith("| ") and name in cells:
            lines[place] = f"{line.split(' | ')[0]} | {cells[name]} |"
    return "\n".join([*lines, ""])


def _build_page_mean(corpora: dict[str, Any]) -> str:
    teacher = statistics.fmean(found["test_f1"] for found in corpora.values())
    rows = [
        statistics.fmean(found["rows"][row]["test_f1"] for found in corpora.values())
        for row in PAGE_ROWS
    ]
    kept = statistics.fmean(f["rows"]["soft"]["test_f1"] / f["test_f1"] for f in corpora.values())
    cells = _join([teacher, *rows], kept).split(" | ")
    return f"| **mean of {len(corpora)}** | {' | '.join(f'**{cell}**' for cell in cells)} |"


def _join(numbers: list[float], kept: float | None = None) -> str:
    """The teacher's F1, that of `soft`, what it keeps, and the other rows, as cells."""
    teacher, soft, *others = numbers
    kept = soft / teacher if kept is None else kept
    cells = [f"{100 * number:.1f}" for number in (teacher, soft, *others)]
    return " | ".join([*cells[:2], f"{100 * kept:.1f} %", *cells[2:]])


def describe_seeds(counts: set[int]) -> str:
    """What numbers are the mean of, by how many seeds the rows have."""
    if counts == {1}:
        return "one seed"
    span = " to ".join(map(str, sorted({min(counts), max(counts)})))
    return f"mean ± standard deviation over {span} seeds"


def _build_mean(corpora: dict[str, Any], names: list[str]) -> str:
    whole = [found for found in corpora.values() if all(name in found["rows"] for name in names)]
    teacher = statistics.fmean(found["test_f1"] for found in whole)
    means = [statistics.fmean(found["rows"][name]["test_f1"] for found in whole) for name in names]
    kept = statistics.fmean(found["rows"]["soft"]["test_f1"] / found["test_f1"] for found in whole)
    cells = " | ".join(f"**{100 * mean:.1f}**" for mean in means)
    return f"| **mean** | | | **{100 * teacher:.1f}** | {cells} | **{100 * kept:.1f} %** |"


def write_spread(row: dict[str, Any] | None) -> str:
    """F1 on test in per cent, mean ± standard deviation over the seeds; a dash for no row."""
    if row is None:
        return "—"
    mean, spread = 100 * row["test_f1"], row["test_f1_spread"]
    return f"{mean:.1f}" if spread is None else f"{mean:.1f} ± {100 * spread:.1f}"
