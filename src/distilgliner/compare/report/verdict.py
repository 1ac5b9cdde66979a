"""The report's first paragraph and key numbers: wins and losses, computed from the results."""

from __future__ import annotations

from dataclasses import dataclass

from distilgliner.compare.report.summary import (
    Group,
    compute_ratio,
    count_seeds,
    find_best,
    group_runs,
    list_students,
)
from distilgliner.compare.report.wording import (
    count_of,
    format_bytes,
    format_count,
    format_difference,
    format_integer,
    format_p,
    format_points,
    format_share,
    format_times,
    join_words,
)
from distilgliner.compare.results import TEACHER, Results, Significance

_TARGETS = {
    "gold": "gold labels alone",
    "hard": "hard targets",
    "soft": "soft targets",
    "mixed": "mixed targets",
}


@dataclass(frozen=True)
class KeyNumber:
    """One of the large numbers at the top of the page."""

    value: str
    name: str
    detail: str


def build_verdict(results: Results) -> str:
    """One paragraph: the best student, how it compares with the teacher, and which arms won."""
    groups = group_runs(results)
    best = find_best(groups)
    if best is None:
        return "No student was trained, so there is nothing to compare with the teacher."
    sentences = [
        _describe_best(results, best),
        *_describe_finetuning(results),
        *_describe_arms(results, best, groups),
        *_describe_label_free(results, best, groups),
        *_describe_other_students(results, best, groups),
    ]
    if count_seeds(results) == 1:
        sentences.append(
            "Every student was trained with one seed only, so small differences may be luck."
        )
    return " ".join(sentences)


def judge(row: Significance) -> str:
    """ "won", "lost" or "open": does the 95 % interval of a − b exclude zero, with p to match?"""
    if row.low > 0 and row.p < 0.05:
        return "won"
    # A one-sided p is near 1 for a loss, so the interval decides.
    return "lost" if row.high < 0 else "open"


def _describe_best(results: Results, best: Group) -> str:
    teacher_f1 = results.teacher.quality.micro.f1
    mean = best.f1.mean
    text = (
        f"The best student, {best.student} trained on {_TARGETS[best.arm]}, "
        f"reaches {format_points(mean)} F1 on human labels"
    )
    share = compute_ratio(mean, teacher_f1)
    if share is None:
        text += "; the teacher finds nothing right (0.0 F1)"
    elif mean > teacher_f1:
        text += f", more than the teacher's {format_points(teacher_f1)} ({format_share(share)})"
    else:
        text += f", {format_share(share)} of the teacher's {format_points(teacher_f1)}"
    return text + _describe_cost(results, best.student) + "."


def _describe_cost(results: Results, student: str) -> str:
    cost, teacher = results.costs.get(student), results.costs.get(TEACHER)
    if cost is None:
        return ""
    text = f", with {format_count(cost.parameters.total)} parameters"
    if teacher is None:
        return text
    share = compute_ratio(cost.parameters.total, teacher.parameters.total)
    if share is not None:
        text += f" ({format_share(share)} of the teacher's)"
    speed = compute_ratio(
        cost.words_per_second.get("1", 0.0), teacher.words_per_second.get("1", 0.0)
    )
    if not speed:
        return text
    if speed < 1:
        return f"{text}, but only {format_times(speed)} its words per second on one core"
    return f"{text} and {format_times(speed)} its words per second on one core"


def _describe_arms(results: Results, best: Group, groups: list[Group]) -> list[str]:
    rows = [row for row in results.significance if row.student == best.student]
    sentences = []
    for outcome in ("won", "lost", "open"):
        by_first: dict[str, list[Significance]] = {}
        for row in rows:
            if judge(row) == outcome:
                by_first.setdefault(row.a, []).append(row)
        parts = [_say_outcome(outcome, first, found) for first, found in by_first.items()]
        if parts:
            sentences.append(_capital(join_words(parts)) + ".")
    distilled = [group for group in groups if group.arm != "gold"]
    if best.arm == "gold" and distilled:
        sentences.insert(0, "No distilled student reached it: distillation did not pay here.")
    return sentences


def _say_outcome(outcome: str, first: str, rows: list[Significance]) -> str:
    """ "mixed beat gold by 4.1 points (95 % interval 2.9 to 5.2, p < 0.001) and hard by …"."""
    parts = []
    for row in rows:
        if outcome == "open":
            gap = format_difference(row.difference)
            parts.append(f"{row.b} (difference {gap}, p {_equals(row.p)})")
            continue
        sign = 1 if outcome == "won" else -1
        size = format_points(sign * row.difference)
        low, high = sorted((sign * row.low, sign * row.high))
        interval = f"95 % interval {format_points(low)} to {format_points(high)}"
        p = f", p {_equals(row.p)}" if outcome == "won" else ""
        parts.append(f"{row.b} by {size} points ({interval}{p})")
    verb = {"won": "beat", "lost": "lost to", "open": "did not beat"}[outcome]
    joined = " or ".join(parts) if outcome == "open" else join_words(parts)
    return f"{first} {verb} {joined}"


def _describe_finetuning(results: Results) -> list[str]:
    """What fine-tuning gave the teacher."""
    if results.finetuning is None:
        return []
    before, after = results.finetuning.quality.micro.f1, results.teacher.quality.micro.f1
    change = format_difference(after - before)
    return [
        f"Fine-tuning on gold took the teacher from {format_points(before)} to "
        f"{format_points(after)} ({change})."
    ]


def _describe_label_free(results: Results, best: Group, groups: list[Group]) -> list[str]:
    """What the teacher alone, without one human label, is worth."""
    same = [group for group in groups if group.student == best.student]
    if results.finetuning is not None:
        return []  # its teacher has seen human labels
    free = find_best([group for group in same if group.arm in ("hard", "soft")])
    gold = next((group for group in same if group.arm == "gold"), None)
    if free is None or gold is None:
        return []
    part = results.data.get("gold")
    amount = f"the {count_of(part.documents, 'labelled document')}" if part else "human labels"
    return [
        f"Without any human label in training it reaches {format_points(free.f1.mean)} "
        f"({free.arm}); with {amount} and no teacher, {format_points(gold.f1.mean)} (gold)."
    ]


def _describe_other_students(results: Results, best: Group, groups: list[Group]) -> list[str]:
    sentences = []
    for student in list_students(results):
        other = find_best([group for group in groups if group.student == student])
        if student != best.student and other is not None:
            sentences.append(
                f"The {student} reaches {format_points(other.f1.mean)} at best ({other.arm})."
            )
    return sentences


def build_key_numbers(results: Results) -> list[KeyNumber]:
    """F1, parameters, disk and speed of the best student beside the teacher's."""
    best = find_best(group_runs(results))
    if best is None:
        return []
    teacher_f1 = results.teacher.quality.micro.f1
    share = compute_ratio(best.f1.mean, teacher_f1)
    kept = f"{format_share(share)} of the " if share is not None else ""
    numbers = [
        KeyNumber(format_points(best.f1.mean), "F1", f"{kept}teacher's {format_points(teacher_f1)}")
    ]
    cost, teacher = results.costs.get(best.student), results.costs.get(TEACHER)
    if cost is None or teacher is None:
        return numbers
    speed = compute_ratio(
        cost.words_per_second.get("1", 0.0), teacher.words_per_second.get("1", 0.0)
    )
    if speed:
        pair = [format_integer(item.words_per_second["1"]) for item in (cost, teacher)]
        detail = f"{pair[0]} words/s on one core, teacher {pair[1]}"
        numbers.append(KeyNumber(format_times(speed), "the speed", detail))
    size = format_count(cost.parameters.total)
    numbers.append(
        KeyNumber(size, "parameters", f"teacher {format_count(teacher.parameters.total)}")
    )
    disk = format_bytes(cost.disk_bytes)
    numbers.append(KeyNumber(disk, "on disk", f"teacher {format_bytes(teacher.disk_bytes)}"))
    return numbers


def _equals(p: float) -> str:
    text = format_p(p)
    return text if text.startswith("<") else f"= {text}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
