"""Give an uncased WordPiece encoder the case of words back, within what `gliner` can load.

The tokenizer's own normalizer writes a mark in front of a word that begins with a capital: "†"
before Apple, "‡" before IBM. Both are in BERT's vocabulary and as good as never in text. They
become subwords of the word, so the words stay the same; the model has to take the mean of a word's
subwords (`subtoken_pooling`), because the first one would be the mark. Letters outside A-Z keep no
case: `tokenizers` cannot insert what its pattern has not matched, so there is a rule a letter.
"""

from __future__ import annotations

import json
import shutil
import string
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file
from tokenizers import Regex, Tokenizer, normalizers

_FILES = ("gliner_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
CAPITAL, CAPITALS = "†", "‡"


def write_cased_checkpoint(
    source: Path, target: Path, *, max_width: int, cased: bool = True
) -> None:
    """Copy a GLiNER checkpoint of an uncased BERT encoder in fp16, with case marks and a new width.

    One that has the marks already keeps them.
    """
    target.mkdir(parents=True)
    for name in _FILES:
        shutil.copy(source / name, target / name)
    config = json.loads((target / "gliner_config.json").read_text())
    config["max_width"] = max_width
    weights = load_file(target / "model.safetensors")
    save_file({k: v.astype(np.float16) for k, v in weights.items()}, target / "model.safetensors")
    if cased and config.get("subtoken_pooling") != "mean":
        config["subtoken_pooling"] = "mean"
        tokenizer = Tokenizer.from_file(str(target / "tokenizer.json"))
        add_case_marks(tokenizer)
        tokenizer.save(str(target / "tokenizer.json"))
        set_tokenizer_class(target)
    (target / "gliner_config.json").write_text(json.dumps(config, indent=2) + "\n")


def set_tokenizer_class(folder: Path) -> None:
    """Name a class that takes tokenizer.json as it is, in transformers 4 and 5 alike.

    One that builds its own normalizer would drop ours, and version 5 saves a name of its own.
    """
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    path.write_text(json.dumps(settings, indent=1) + "\n")


def add_case_marks(tokenizer: Tokenizer) -> None:
    """Put the rules in front of the tokenizer's normalizer, which then makes all lower case."""
    vocabulary = tokenizer.get_vocab()
    if CAPITAL not in vocabulary or CAPITALS not in vocabulary:
        raise ValueError("The tokenizer does not know the marks † and ‡.")
    rules = [
        normalizers.Replace(Regex(rf"^{letter}(?=\p{{Lu}})"), f"{CAPITALS} {letter.lower()}")
        for letter in string.ascii_uppercase
    ]
    rules += [
        normalizers.Replace(Regex(f"^{letter}"), f"{CAPITAL} {letter.lower()}")
        for letter in string.ascii_uppercase
    ]
    tokenizer.normalizer = normalizers.Sequence([*rules, tokenizer.normalizer])
