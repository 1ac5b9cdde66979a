"""A tiny annotation store without a teacher: a small vocabulary, and a task that is easy to learn.

People are named by one or two words, cities too; the "teacher" is almost always right.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from distilgliner.annotate.manifest import (
    BatchSettings,
    CorpusRecord,
    Manifest,
    PromptSettings,
    WindowSettings,
)
from distilgliner.annotate.shards import ShardSummary, shard_path, write_shard
from distilgliner.annotate.spans import AnnotatedDocument, build_span_scores
from distilgliner.annotate.store import AnnotationStore, complete_store, open_store
from distilgliner.annotate.vocabulary import (
    TOKENIZER_FILE,
    VECTORS_FILE,
    VOCABULARY_FOLDER,
    read_vocabulary,
)
from distilgliner.corpus.align import align_spans
from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.training.build import build_student
from distilgliner.student.config import StudentConfig
from distilgliner.student.folder import Student, round_tables

LABELS = ("person", "city")
_NAMES = {
    "person": ["Ada", "Bob", "Ada Lovelace", "Grace Hopper", "Alan Turing", "Mary", "Zoë"],
    "city": ["Rome", "Bath", "New York", "Oslo", "San Marino", "Köln"],
}
_PATTERNS = (
    "{person} met {person} in {city} .",
    "In {city} , {person} saw nothing at all .",
    "Nobody goes to {city} or {city} today .",
    "{person} {person} and the dog left .",
    "It rained all day , as it often does .",
)
_FILLERS = sorted({word for pattern in _PATTERNS for word in pattern.split() if word[0] != "{"})
SIZES: dict[str, int | float | bool] = {
    "subword_dim": 12,
    "affix_dim": 8,
    "affix_buckets": 256,
    "shape_dim": 4,
    "shape_buckets": 64,
    "hidden_dim": 12,
    "label_dim": 12,
}
"""Small dimensions, as `student_options`."""
SETTINGS = [f"student_options.{name}={value}" for name, value in SIZES.items()]
"""The same as values of `--set`."""


def build_documents(count: int, seed: int = 0) -> list[Document]:
    """Labelled documents, all different; a few letters at the end tell equal sentences apart."""
    rng = random.Random(seed)
    documents = {}
    while len(documents) < count:
        text, entities = "", []
        for word in rng.choice(_PATTERNS).split():
            label = word.strip("{}") if word.startswith("{") else None
            name = rng.choice(_NAMES[label]) if label else word
            if label:
                entities.append(Entity(len(text), len(text) + len(name), label))
            text += name + " "
        text += f"{rng.randrange(10**6)} ."
        documents[text] = Document(text, tuple(entities))
    return list(documents.values())


def annotate(document: Document, labels: Sequence[str] = LABELS) -> AnnotatedDocument:
    """What the teacher says: the true entities (logit 4), and doubts about other spans (−1.5)."""
    words = document.words()
    spans, _ = align_spans(
        ((e.char_start, e.char_end, labels.index(e.label)) for e in document.entities or ()), words
    )
    scored = [(*span, 4.0) for span in spans]
    scored += [(start, start + 1, 1 - label, -1.5) for start, _, label in spans]
    scored += [(0, 1, 0, -1.5)] if not spans and words else []
    table = np.array(sorted(scored), dtype=np.float64).reshape(-1, 4)
    scores = build_span_scores(table[:, 0], table[:, 1], table[:, 2], table[:, 3])
    return AnnotatedDocument(document.id, document.text, words, scores)


def write_store(folder: Path, documents: Sequence[Document]) -> AnnotationStore:
    """A complete store of the documents in two shards, with a vocabulary."""
    folder.mkdir(parents=True, exist_ok=True)
    middle = (len(documents) + 1) // 2
    parts = [part for part in (documents[:middle], documents[middle:]) if part]
    for index, part in enumerate(parts):
        annotated = [annotate(document) for document in part]
        words = sum(len(document.words) for document in annotated)
        entities = sum(len(document.entities or ()) for document in part)
        summary = ShardSummary(len(part), words, entities, 0)
        write_shard(shard_path(folder, index), annotated, summary)
    write_tiny_vocabulary(folder / VOCABULARY_FOLDER)
    manifest = _build_manifest(documents, len(parts))
    assert manifest.corpus is not None
    complete_store(folder, manifest, manifest.corpus)
    return open_store(folder)


def _build_manifest(documents: Sequence[Document], shards: int) -> Manifest:
    return Manifest(
        teacher="tiny-teacher",
        teacher_hash="00",
        teacher_kind="uni-encoder span",
        labels=LABELS,
        floor=0.001,
        word_splitter="whitespace",
        max_width=10,
        prompt=PromptSettings(entity_token="<e>", separator_token="<s>", labels_per_prompt=None),
        windows=WindowSettings(max_words=256, overlap_words=20),
        batches=BatchSettings(shard_documents=50, shard_characters=10**6, batch_words=512),
        versions={},
        corpus=CorpusRecord(
            fingerprint=" ".join(document.id for document in documents),
            documents=len(documents),
            duplicates=0,
            words=sum(len(document.words()) for document in documents),
            shortened_words=0,
            shards=shards,
        ),
        complete=True,
    )


def write_tiny_vocabulary(folder: Path, seed: int = 0) -> None:
    """A tokenizer that knows whole words, and random subword vectors (V, 16)."""
    names = [word for kind in _NAMES.values() for name in kind for word in name.split()]
    words = ["[UNK]", *_FILLERS, *dict.fromkeys(names), *LABELS]
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / TOKENIZER_FILE))
    vectors = np.random.default_rng(seed).normal(size=(len(words), 16)) * 2
    save_file({"vectors": vectors.astype(np.float16)}, folder / VECTORS_FILE)


def build_tiny_student(
    folder: Path, head: str = "tagger", *, labels: Sequence[str] = LABELS, **options: Any
) -> Student:
    """A student with random weights (seed 0), rounded as its folder stores them."""
    if not (folder / TOKENIZER_FILE).is_file():
        write_tiny_vocabulary(folder)
    tokenizer, vectors = read_vocabulary(folder)
    config = StudentConfig.from_dict({**SIZES, "head": head, **options})
    student = build_student(config, labels, tokenizer, vectors, seed=0)
    with torch.no_grad():  # larger weights: random students that find something
        for parameter in student.model.head.parameters():
            parameter.mul_(6)
        if head == "span":  # its first bias, which has been made as large
            student.model.head.shift_outside(-22)
    round_tables(student.model)
    student.model.eval()
    return student


def write_jsonl(path: Path, documents: Sequence[Document]) -> Path:
    """The documents as labelled JSONL."""
    with path.open("w", encoding="utf-8") as file:
        for document in documents:
            entities = [
                {"start": e.char_start, "end": e.char_end, "label": e.label}
                for e in document.entities or ()
            ]
            file.write(json.dumps({"text": document.text, "entities": entities}) + "\n")
    return path
