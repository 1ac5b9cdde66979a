"""Labels that leave no room for text: what the error advises is typed, and works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from distilgliner.annotate.prompt_room import find_most_labels
from distilgliner.annotate.teacher import Teacher
from distilgliner.cli import main
from distilgliner.corpus.prompts import PromptTooLongError
from distilgliner.errors import UserError
from distilgliner.models import check_prompts, load_predictor, set_prompts
from distilgliner.serve.answering import Answerer
from distilgliner.serve.question import Question

pytest.importorskip("gliner", reason="needs the extra 'annotate'")

KINDS = ("ship", "river", "coffee house", "string quartet", "moon of Jupiter")
MANY = [f"{kind} of the {number}th kind" for number in range(60) for kind in KINDS]
TEXT = "Marie Curie was born in Warsaw in 1867 ."


def test_the_number_that_is_named_fits_in_any_order(bundled_teacher: Teacher) -> None:
    with pytest.raises(PromptTooLongError, match=r"--labels-per-prompt \d+ ") as caught:
        bundled_teacher.batch_predict_entities([TEXT], MANY)
    most = caught.value.most
    assert most > 10
    longest_first = sorted(MANY, key=len, reverse=True)
    for labels in (MANY, MANY[::-1], longest_first):
        bundled_teacher.check_room(labels, most)
    with pytest.raises(UserError, match=f"at most {most} into one group"):
        bundled_teacher.check_room(MANY, [MANY[:250], MANY[250:]])


def test_a_label_that_is_too_long_by_itself(bundled_teacher: Teacher) -> None:
    long = " ".join(f"part{number}" for number in range(400))
    for labels in ([long], ["person", long], [*MANY, long]):
        with pytest.raises(UserError, match=r"'part0 part1 .*…' takes .* name it in fewer words"):
            bundled_teacher.batch_predict_entities([TEXT], labels)


def test_most_labels_leave_half_to_the_text_or_what_must_be() -> None:
    assert find_most_labels([4] * 100, 2, 512, 64) == 63
    assert find_most_labels([300, 4, 4], 2, 512, 64) == 3
    assert find_most_labels([500, 4], 2, 512, 64) == 0


def test_the_advice_of_evaluate_is_typed(
    bundled_teacher: Teacher,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("distilgliner.annotate.teacher.load_teacher", lambda _: bundled_teacher)
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"text": "Ada", "entities": [{"start": 0, "end": 3, "label": "person"}]}\n')
    (tmp_path / "labels.txt").write_text("\n".join(["person", *MANY]))
    for command in (f"evaluate --gold {gold}", f"predict --input {gold}"):
        typed = [*command.split(), "--model", "bundled", "--labels", f"@{tmp_path / 'labels.txt'}"]
        assert _run(typed) == 2
        advice = re.search(r"--labels-per-prompt \d+", capsys.readouterr().err)
        assert advice
        assert _run([*typed, *advice[0].split()]) == 0
        set_prompts(bundled_teacher, None)


def _run(arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    return caught.value.code


async def _ask(answerer: Answerer, labels: list[str]) -> str:
    return await answerer.answer(Question(text=TEXT, labels=labels), 300)


def test_the_server_says_how_many_to_send(bundled_teacher: Teacher) -> None:
    import asyncio

    answerer = Answerer(bundled_teacher, "bundled")
    try:
        with pytest.raises(UserError, match=r"send at most \d+ of these labels") as caught:
            asyncio.run(_ask(answerer, MANY))
        found = re.search(r"at most (\d+)", str(caught.value))
        assert found
        most = int(found[1])
        assert asyncio.run(_ask(answerer, MANY[:most])).startswith('{"entities"')
    finally:
        answerer.close()


def test_a_student_takes_any_number() -> None:
    student = load_predictor("general")
    check_prompts(student, None)
    with pytest.raises(UserError, match="leave it out"):
        check_prompts(student, 10)
