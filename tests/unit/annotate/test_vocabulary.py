"""What students inherit: damage is told with the file and the remedy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from distilgliner.annotate.vocabulary import TOKENIZER_FILE, VECTORS_FILE, read_vocabulary
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
