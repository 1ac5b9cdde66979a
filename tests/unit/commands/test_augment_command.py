"""`distilgliner augment`: from annotations or labelled text to new text, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from distilgliner.cli import main
from distilgliner.corpus.read import read_documents
from distilgliner.corpus.split import text_key
from tiny_store import build_documents, write_jsonl, write_store

DOCUMENTS = build_documents(20)
STORE = "augment --annotations store --output made.jsonl"
GOLD = "augment --input gold.jsonl --output made.jsonl"
ALONE = "augment --output made.jsonl"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_store(Path("store"), DOCUMENTS)
    write_jsonl(Path("gold.jsonl"), DOCUMENTS)
    Path("notes.txt").write_text("Ada met Bob .\nAda met Bob in Rome .\n")
    Path("broken.jsonl").write_text('{"text": "Ada", "entities": []}\n{"text": \n')
    Path("empty").mkdir()


def run(command: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(command.split())
    return int(caught.value.code or 0)


def read_made() -> list[str]:
    return [document.text for document in read_documents("made.jsonl")]


def test_annotations_and_the_same_labels_in_a_file_give_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(f"{STORE} --method slots --method case --factor 2 --seed 3") == 0
    shown = capsys.readouterr()
    made = read_made()
    each = len(made) / 20
    assert (
        shown.out == f"made.jsonl: {len(made)} new texts from 20 documents, {each:.1f} from each\n"
    )
    assert shown.err == ""
    assert 20 < len(set(made)) == len(made) <= 40
    Path("made.jsonl").unlink()
    assert run(f"{GOLD} --method case --method slots --factor 2 --seed 3") == 0
    assert read_made() == made
    Path("made.jsonl").unlink()
    assert run(f"{GOLD} --method case --method slots --factor 2 --seed 4") == 0
    assert read_made() != made


def test_texts_to_be_kept_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"{GOLD} --factor 4") == 0
    unwanted = [text.upper() for text in read_made()[::2]]
    Path("made.jsonl").rename("before.jsonl")
    Path("dev.txt").write_text("\n".join(unwanted))
    write_jsonl(Path("test.jsonl"), DOCUMENTS[:2])
    capsys.readouterr()
    assert run(f"{GOLD} --factor 4 --exclude dev.txt --exclude test.jsonl") == 0
    shown = capsys.readouterr()
    assert "from 18 documents" in shown.out
    assert shown.err == "Note: documents not used, because they are to be kept out: 2\n"
    assert not {text_key(text) for text in unwanted} & {text_key(text) for text in read_made()}


def test_settings() -> None:
    assert run(f"{GOLD} --method mask --set mask.operation=delete --set mask.fraction=0.5") == 0
    words = {word for document in DOCUMENTS for word in document.text.split()}
    assert {word for text in read_made() for word in text.split()} <= words
    assert max(len(text.split()) for text in read_made()) <= max(
        len(document.text.split()) for document in DOCUMENTS
    )


def test_unlabelled_text_in_another_case() -> None:
    assert run("augment --input notes.txt --method case --output made.jsonl") == 0
    texts = {line.casefold() for line in Path("notes.txt").read_text().splitlines()}
    assert {text.casefold() for text in read_made()} == texts


def test_the_new_text_can_be_read_by_annotate() -> None:
    assert run(STORE) == 0
    lines = Path("made.jsonl").read_text(encoding="utf-8").splitlines()
    assert all(json.loads(line).keys() == {"text"} for line in lines)
    assert all(document.entities is None for document in read_documents("made.jsonl"))


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (ALONE, "Give --annotations FOLDER or --input FILE: neither was given"),
        (f"{STORE} --input gold.jsonl", "--annotations FOLDER or --input FILE: both were given"),
        (f"{ALONE} --annotations lost", "lost is not a folder; give the output folder of"),
        (f"{ALONE} --annotations empty", "empty has no annotations .*give the output folder"),
        (f"{ALONE} --input lost.jsonl", "lost.jsonl does not exist; check the path"),
        (f"{ALONE} --input broken.jsonl", "broken.jsonl, line 2: broken JSON"),
        (f"{ALONE} --input notes.txt", "notes.txt, document 1, has no labels, .*; annotate"),
        (f"{ALONE} --input gold.jsonl --format xml", "format 'xml' is unknown; use one of"),
        (f"{GOLD} --exclude lost.jsonl", "lost.jsonl does not exist; check the path"),
        (f"{GOLD} --exclude broken.jsonl", "broken.jsonl, line 2: broken JSON"),
        (f"{GOLD} --exclude gold.jsonl", "gold.jsonl holds only documents that are .*; give"),
        (f"{GOLD} --method synonyms", r"setting methods\.0 is wrong: .*'case'; correct it"),
        (f"{GOLD} --method slots --method slots", "methods is wrong: .*once; correct it"),
        (f"{GOLD} --factor 0", "setting factor is wrong: .*; correct it"),
        (f"{GOLD} --seed -1", "setting seed is wrong: .*; correct it"),
        (f"{GOLD} --set slots.fraction=2", r"slots\.fraction is wrong: .*; correct it"),
        (f"{GOLD} --set slots.draws=flat", r"slots\.draws is unknown; did you mean slots\.draw"),
        (f"{GOLD} --set mask.fraction=0.2", "mask have no effect on slots; add --method mask"),
        (f"{GOLD} --set factor", "'factor' must be key=value, as"),
        (f"{STORE} --threshold 2", "--threshold 2 is not between 0 and 1"),
        (f"{STORE} --threshold 1e-4", "threshold 0.0001 is below the floor 0.001 .*; give"),
        ("augment --input gold.jsonl --output notes.txt", "notes.txt exists already; remove it"),
        ("augment --input gold.jsonl --output empty", "empty is a folder; give a file"),
        ("augment --input gold.jsonl --output notes.txt/a", "cannot be written .*; choose"),
    ],
)
def test_one_line_and_exit_code_2(
    command: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(path.name for path in Path().iterdir())
    assert run(command) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert re.search(f"^distilgliner: .*{message}", shown.err), shown.err
    assert sorted(path.name for path in Path().iterdir()) == before


def test_the_output_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("augment --input gold.jsonl") == 2
    assert "Missing option '--output'" in capsys.readouterr().err
