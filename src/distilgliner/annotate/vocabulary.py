"""What a student inherits from its teacher: the tokenizer and the reduced subword vectors.

They are stored beside the annotations, so that distilling needs neither the teacher nor gliner.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save
from tokenizers import Tokenizer

from distilgliner.annotate.manifest import read_manifest
from distilgliner.checksums import find_change
from distilgliner.errors import UserError
from distilgliner.files import write_atomically

MAX_DIM = 256
"""Principal components kept per subword; a student takes the first ones."""
MEAN_LENGTH = 8.0
VOCABULARY_FOLDER = "vocabulary"
TOKENIZER_FILE = "tokenizer.json"
VECTORS_FILE = "subword_vectors.safetensors"
VOCABULARY_FILES = (TOKENIZER_FILE, VECTORS_FILE)


def reduce_vectors(table: np.ndarray, dim: int = MAX_DIM) -> np.ndarray:
    """The first principal components of vectors (V, D) → (V, min(dim, D)), largest first.

    Centred, with the sign of each component fixed, scaled to a mean squared length of
    `MEAN_LENGTH`²: an LSTM learns slowly from shorter vectors (docs/explanation/experiments.md).
    """
    table = table.astype(np.float64)
    centred = table - table.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    axes = vectors[:, ::-1][:, :dim]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    reduced = centred @ axes
    scale = MEAN_LENGTH / np.sqrt((reduced**2).sum(axis=1).mean())
    return (reduced * scale).astype(np.float32)


def write_vocabulary(model: Any, folder: Path) -> None:
    """Write the tokenizer and subword vectors of a loaded `gliner` model into `folder`."""
    tokenizer = model.data_processor.transformer_tokenizer
    encoder = model.model.token_rep_layer.bert_layer.model
    table = encoder.get_input_embeddings().weight.detach().float().cpu().numpy()
    if not hasattr(tokenizer, "backend_tokenizer"):
        raise UserError(
            "The teacher has no fast tokenizer (tokenizer.json), which students need; "
            "convert it with transformers.AutoTokenizer(..., use_fast=True).save_pretrained."
        )
    write_atomically(folder / TOKENIZER_FILE, drop_case_marks(tokenizer.backend_tokenizer.to_str()))
    write_atomically(
        folder / VECTORS_FILE, save({"vectors": reduce_vectors(table).astype(np.float16)})
    )


def copy_vocabulary(source: Path, target: Path) -> None:
    """Copy the vocabulary of one store, checked by its manifest, into the folder of another."""
    read_vocabulary(source / VOCABULARY_FOLDER)
    for name in VOCABULARY_FILES:
        content = (source / VOCABULARY_FOLDER / name).read_bytes()
        write_atomically(target / VOCABULARY_FOLDER / name, content)


def drop_case_marks(tokenizer: str) -> str:
    """A tokenizer.json without the rules that write a mark before a capital.

    The bundled teacher sees case through such marks (decision 8 in docs/explanation/decisions). A
    student sees it in the word's shape: marks would take a share of the mean of its subwords, and
    the rules more than half of the tokenizer's time.
    """
    settings = json.loads(tokenizer)
    normalizer = settings.get("normalizer") or {}
    rules = normalizer.get("normalizers", [])
    kept = [rule for rule in rules if not _writes_case_mark(rule)]
    if len(kept) == len(rules):
        return tokenizer
    normalizer["normalizers"] = kept
    return json.dumps(settings, ensure_ascii=False)


def _writes_case_mark(rule: dict[str, Any]) -> bool:
    """Whether a rule writes one sign and a space before a word's first capital, made small."""
    pattern = rule.get("pattern", {}).get("Regex", "")
    return (
        rule.get("type") == "Replace"
        and re.match(r"\^[A-Z]", pattern) is not None
        and re.fullmatch(rf"[^\w\s] {pattern[1].lower()}", rule.get("content", "")) is not None
    )


def read_vocabulary(folder: Path) -> tuple[Tokenizer, np.ndarray]:
    """The tokenizer and the subword vectors (V, D) float32 that `write_vocabulary` stored.

    In a store they must be what its manifest says. Raises `UserError` when they are missing or
    damaged.
    """
    if not (folder / VECTORS_FILE).is_file() or not (folder / TOKENIZER_FILE).is_file():
        raise UserError(
            f"{folder} lacks {TOKENIZER_FILE} or {VECTORS_FILE}; annotate the text again."
        )
    manifest = read_manifest(folder.parent)
    change = find_change(folder, (manifest and manifest.vocabulary) or {})
    if change is not None:
        name, _, reason = change.partition(" ")
        raise _damaged(folder / name, f"it {reason}")
    try:
        vectors = load_file(folder / VECTORS_FILE)["vectors"].astype(np.float32)
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise _damaged(folder / VECTORS_FILE, error) from None
    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    except Exception as error:  # tokenizers raises nothing more special
        raise _damaged(folder / TOKENIZER_FILE, error) from None
    return tokenizer, vectors


def _damaged(path: Path, reason: object) -> UserError:
    first = str(reason).strip().splitlines() or ["unreadable"]
    return UserError(
        f"{path} is damaged ({first[0]}); delete this file and run the same distilgliner annotate "
        "command again, which writes it anew."
    )
