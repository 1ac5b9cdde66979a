"""The bundled general student as a Markdown section, from what `build.py --measure` measured."""

from __future__ import annotations

from typing import Any


def build_general_section(result: dict[str, Any], corpora: dict[str, Any]) -> str:
    """One row a corpus; `corpora` is `corpora.json`, which has the teacher's F1."""
    machine = result["machine"]
    lines = [
        "## The general student as it is",
        "",
        'Strict span F1 in per cent on the test splits of what `from_pretrained("general")` opens, '
        "in 8 bits, which has learned the teacher's answers for ten labels on the train splits' "
        "texts and was trained on nothing else; and of its teacher, asked for the labels of the "
        "corpus alone, and for all ten in one prompt.",
        "",
        f"Measured on {result['date']}, {machine['cpu']}, {machine['cores']} cores, with "
        "`python benchmarks/general_student/build.py --measure` "
        "([recipe](../../benchmarks/general_student/recipe.yaml), "
        "[results](../../benchmarks/general_student/results/general_student.json)).",
        "",
        "| corpus | labels | precision | recall | F1 | teacher | teacher, ten labels |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in result["corpora"].items():
        teacher = (corpora["corpora"][name]["test_f1"], row["teacher_all_labels"])
        numbers = (row["precision"], row["recall"], row["f1"], *teacher)
        cells = " | ".join(f"{100 * number:.1f}" for number in numbers)
        lines.append(f"| {name} | {', '.join(row['labels'])} | {cells} |")
    return "\n".join([*lines, ""])
