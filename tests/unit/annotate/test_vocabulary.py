"""What students inherit: the teacher's tokenizer and vectors; damage is told with the remedy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, models, normalizers

from distilgliner.annotate.vocabulary import (
    TOKENIZER_FILE,
    VECTORS_FILE,
    drop_case_marks,
    read_vocabulary,
)
from distilgliner.bundled import bundled_teacher
from distilgliner.errors import UserError
from tiny_store import write_tiny_vocabulary


@pytest.fixture
def vocabulary(tmp_path: Path) -> Path:
    write_tiny_vocabulary(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", [TOKENIZER_FILE, VECTORS_FILE])
@pytest.mark.parametrize("size", [0, 1, 100, -1])
def test_damage(vocabulary: Path, name: str, size: int) -> None:
    path = vocabulary / name
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UserError) as caught:
        read_vocabulary(vocabulary)
    message = str(caught.value)
    assert message.startswith(f"{path} is damaged (")
    assert "delete this file and run the same distilgliner annotate command again" in message
    assert "\n" not in message


def test_another_file_of_that_name(vocabulary: Path) -> None:
    save_file({"weights": np.zeros(2)}, vocabulary / VECTORS_FILE)
    with pytest.raises(UserError, match=rf"{VECTORS_FILE} is damaged \('vectors'\)"):
        read_vocabulary(vocabulary)


def test_a_student_reads_no_case_marks() -> None:
    told = Tokenizer.from_file(str(bundled_teacher() / TOKENIZER_FILE))
    plain = Tokenizer.from_str(drop_case_marks(told.to_str()))
    for word in ("Apple", "IBM", "apple", "Épée", "X-ray"):
        marked = told.encode(word, add_special_tokens=False).tokens
        tokens = plain.encode(word, add_special_tokens=False).tokens
        assert tokens == [token for token in marked if token not in "†‡"]
    assert told.encode("Apple", add_special_tokens=False).tokens == ["†", "apple"]


def test_other_rules_of_a_tokenizer_stay() -> None:
    rules = [
        normalizers.Replace(Regex("^A"), "an a"),  # no mark
        normalizers.Replace(Regex("^B"), "† b"),
        normalizers.Replace("C", "† c"),  # anywhere in a word
        normalizers.Lowercase(),
    ]
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer.normalizer = normalizers.Sequence(rules)
    kept = json.loads(drop_case_marks(tokenizer.to_str()))["normalizer"]["normalizers"]
    assert [rule.get("content", rule["type"]) for rule in kept] == ["an a", "† c", "Lowercase"]
    untouched = Tokenizer(models.WordLevel({"?": 0}, unk_token="?")).to_str()
    assert drop_case_marks(untouched) == untouched
