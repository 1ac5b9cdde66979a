"""A run writes a whole file or none, and says what it used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from distilgliner.augment.config import AugmentConfig
from distilgliner.augment.documents import augment_documents
from distilgliner.augment.run import AugmentResult, run_augmentation
from distilgliner.corpus.document import Document
from distilgliner.corpus.read import read_documents
from distilgliner.errors import UserError
from tiny_store import build_documents

DOCUMENTS = build_documents(12)
CONFIG = AugmentConfig(methods=("slots", "case"))


def test_the_file_is_what_the_function_makes(tmp_path: Path) -> None:
    output = tmp_path / "new" / "made.jsonl"
    excluded = [DOCUMENTS[0].text]
    result = run_augmentation(DOCUMENTS, CONFIG, output, excluded=excluded, quiet=True)
    made = list(augment_documents(DOCUMENTS, CONFIG, excluded))
    assert list(read_documents(output)) == made
    assert result == AugmentResult(texts=len(made), documents=11, excluded_documents=1)
    assert [path.name for path in output.parent.iterdir()] == ["made.jsonl"]
    record = json.loads(output.read_text(encoding="utf-8").splitlines()[0])
    assert record.keys() == {"text"}


def test_documents_that_come_only_once(tmp_path: Path) -> None:
    outputs = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    run_augmentation(DOCUMENTS, CONFIG, outputs[0], quiet=True)
    run_augmentation(iter(DOCUMENTS), CONFIG, outputs[1], quiet=True)
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    output = tmp_path / "made.jsonl"
    output.write_text("mine")
    with pytest.raises(UserError, match=r"made\.jsonl exists already; remove it or give another"):
        run_augmentation(DOCUMENTS, CONFIG, output, quiet=True)
    assert output.read_text() == "mine"
    with pytest.raises(UserError, match="is a folder; give a file"):
        run_augmentation(DOCUMENTS, CONFIG, tmp_path, quiet=True)


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    class Failing:
        passes = 0

        def __iter__(self) -> Iterator[Document]:
            self.passes += 1
            yield from DOCUMENTS
            if self.passes == 2:
                raise UserError("a.jsonl, line 9: broken JSON; correct it.")

    with pytest.raises(UserError, match="line 9"):
        run_augmentation(Failing(), CONFIG, tmp_path / "made.jsonl", quiet=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("documents", "excluded", "message"),
    [
        ([Document("It rains.", ())], [], "notes allows no new text by slots; give more text"),
        (DOCUMENTS[:1], [DOCUMENTS[0].text.upper()], "notes holds only documents that are to be"),
    ],
)
def test_when_no_text_can_be_made(
    documents: list[Document], excluded: list[str], message: str, tmp_path: Path
) -> None:
    output = tmp_path / "made.jsonl"
    with pytest.raises(UserError, match=message):
        run_augmentation(
            documents, AugmentConfig(), output, excluded=excluded, source="notes", quiet=True
        )
    assert not output.exists()
