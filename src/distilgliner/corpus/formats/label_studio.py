"""Label Studio's JSON export: a task with its data, and what each person has labelled in it."""

from __future__ import annotations

from typing import Any

from distilgliner.corpus.findings import Findings
from distilgliner.errors import UserError


def is_label_studio(record: dict[str, Any]) -> bool:
    """Whether a record is a task of Label Studio's full JSON."""
    return isinstance(record.get("data"), dict) and (
        any(key in record for key in ("annotations", "completions", "predictions"))
    )


def simplify_label_studio(record: dict[str, Any], where: str, findings: Findings) -> dict[str, Any]:
    """A task as `{"text", "entities"}`; without a finished annotation as `{"text"}`.

    Annotations that were cancelled or skipped do not count, and neither do predictions. Raises
    `UserError` when the text cannot be told, and for people who say different things.
    """
    simple: dict[str, Any] = {"text": _find_text(record["data"], where)}
    given = record.get("annotations", record.get("completions")) or []
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise UserError(f'{where}: "annotations" must be a list of objects.')
    finished = [
        one
        for one in given
        if not (one.get("was_cancelled") or one.get("skipped") or one.get("cancelled"))
    ]
    if given and not finished:
        findings.add_unlabelled("an annotation that was skipped or cancelled", where)
    answers = [_find_spans(one, where) for one in finished]
    if not answers:
        return simple
    if any(_identify(answer) != _identify(answers[0]) for answer in answers[1:]):
        raise UserError(
            f"{where}: the {len(answers)} annotations of this task have different entities; keep "
            "one of them."
        )
    return {**simple, "entities": answers[0]}


def _find_text(data: dict[str, Any], where: str) -> str:
    if isinstance(data.get("text"), str):
        return str(data["text"])
    texts = [value for value in data.values() if isinstance(value, str)]
    if len(texts) != 1:
        raise UserError(
            f'{where}: which of {", ".join(map(repr, data)) or "nothing"} in "data" is the text '
            'cannot be told; name it "text".'
        )
    return texts[0]


def _find_spans(annotation: dict[str, Any], where: str) -> list[dict[str, Any]]:
    spans = []
    for item in annotation.get("result") or []:
        value = item.get("value") if isinstance(item, dict) else None
        if not isinstance(value, dict):
            continue  # a relation
        label = value.get("labels", value.get("hypertextlabels", value.get("paragraphlabels")))
        if label is None:
            continue  # a choice, a rating, a text area
        whole = value.get("globalOffsets")
        place = whole if isinstance(whole, dict) else value
        start, end = place.get("start"), place.get("end")
        span = {"start": start, "end": end, "label": label}
        spans.append({**span, "text": value["text"]} if value.get("text") else span)
        if not (isinstance(start, int) and isinstance(end, int)):
            raise UserError(
                f"{where}: the offsets of {value!r} are not those of a plain text; export a "
                "project whose labels are of a <Text>."
            )
    return spans


def _identify(spans: list[dict[str, Any]]) -> list[tuple[int, int, str]]:
    return sorted((span["start"], span["end"], str(span["label"])) for span in spans)
