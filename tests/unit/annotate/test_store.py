"""The annotation store: what is written is read, and nothing else passes for a store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from distilgliner.annotate.manifest import (
    BatchSettings,
    CorpusRecord,
    Manifest,
    PromptSettings,
    WindowSettings,
    check_same_settings,
    write_manifest,
)
from distilgliner.annotate.spans import AnnotatedDocument, build_span_scores, empty_span_scores
from distilgliner.annotate.store import ShardSummary, open_store, shard_path, write_shard
from distilgliner.corpus.document import Document
from distilgliner.errors import UserError

TEXTS = ["Ada met Bob .", "", "Łódź 🙂 東京"]


def _manifest(**changes: object) -> Manifest:
    settings: dict[str, object] = {
        "teacher": "tiny",
        "teacher_hash": "00",
        "teacher_kind": "uni-encoder span",
        "labels": ("person", "city"),
        "floor": 0.001,
        "word_splitter": "whitespace",
        "max_width": 10,
        "prompt": PromptSettings(entity_token="<e>", separator_token="<s>", labels_per_prompt=None),
        "windows": WindowSettings(max_words=256, overlap_words=20),
        "batches": BatchSettings(shard_documents=2, shard_characters=99, batch_words=512),
        "versions": {"torch": "2"},
    }
    return Manifest.model_validate({**settings, **changes})


def _documents() -> list[AnnotatedDocument]:
    scores = build_span_scores(
        np.array([0, 2, 2]), np.array([1, 3, 4]), np.array([0, 0, 1]), np.array([3.25, 2.5, -6.5])
    )
    documents = [Document(text) for text in TEXTS]
    none = empty_span_scores()
    return [
        AnnotatedDocument(d.id, d.text, d.words(), spans)
        for d, spans in zip(documents, (scores, none, none), strict=True)
    ]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A complete store of three documents in two shards."""
    documents = _documents()
    write_shard(shard_path(tmp_path, 0), documents[:2], ShardSummary(2, 4, 2, 0))
    write_shard(shard_path(tmp_path, 1), documents[2:], ShardSummary(1, 3, 0, 1))
    record = CorpusRecord(
        fingerprint="ff", documents=3, duplicates=1, words=7, shortened_words=1, shards=2
    )
    write_manifest(tmp_path, _manifest(corpus=record, complete=True))
    return tmp_path


def test_what_is_written_is_read(store: Path) -> None:
    opened = open_store(store)
    assert (len(opened), opened.words, opened.entities) == (3, 7, 2)
    assert opened.labels == ("person", "city")
    for read, written in zip(opened, _documents(), strict=True):
        assert (read.id, read.text, read.words) == (written.id, written.text, written.words)
        for name in ("word_start", "word_end", "label_index", "logit"):
            ours, theirs = getattr(read.spans, name), getattr(written.spans, name)
            assert ours.dtype == theirs.dtype
            assert np.array_equal(ours, theirs)
    assert opened.size_bytes == sum(shard_path(store, i).stat().st_size for i in (0, 1))
    assert not list(store.glob("*.tmp"))


def test_reading_needs_neither_torch_nor_gliner(store: Path) -> None:
    code = (
        "import sys; from distilgliner.annotate.store import open_store\n"
        "from distilgliner.annotate.decode import decode_flat\n"
        f"s = open_store({str(store)!r})\n"
        "print([decode_flat(d, s.labels) for d in s][0][0].label)\n"
        "assert not {'torch', 'gliner', 'transformers'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("person\n", "")


def test_folders_that_are_no_store(tmp_path: Path, store: Path) -> None:
    with pytest.raises(UserError, match="is not a folder"):
        open_store(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"manifest\.json is missing"):
        open_store(tmp_path / "empty")
    write_manifest(store, _manifest())
    with pytest.raises(UserError, match="is not complete; run the same"):
        open_store(store)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "the file: Invalid JSON"),
        ("{}", "teacher: Field required"),
        ('{"format_version": 2}', "format_version: Input should be 1"),
        ('{"surprise": 1}', "not a manifest"),
    ],
)
def test_damaged_manifest(store: Path, content: str, message: str) -> None:
    (store / "manifest.json").write_text(content)
    with pytest.raises(UserError, match=message):
        open_store(store)


def test_unknown_manifest_key_is_refused(store: Path) -> None:
    path = store / "manifest.json"
    path.write_text(path.read_text().replace('"floor"', '"surprise": 1, "floor"'))
    with pytest.raises(UserError, match="surprise: Extra inputs"):
        open_store(store)


def test_damaged_shards(store: Path) -> None:
    path = shard_path(store, 1)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"shard-00001\.parquet is damaged .* delete this file"):
        list(open_store(store))
    middle = bytearray(content)
    middle[60:90] = b"x" * 30
    path.write_bytes(bytes(middle))
    with pytest.raises(UserError, match="damaged"):
        list(open_store(store))
    path.unlink()
    message = r"shard-00001\.parquet is missing; run the same distilgliner annotate"
    with pytest.raises(UserError, match=message) as caught:
        open_store(store)
    assert "delete" not in str(caught.value)


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    broken = AnnotatedDocument("id", "a\ud800", [], empty_span_scores())
    with pytest.raises(UnicodeEncodeError):
        write_shard(shard_path(tmp_path, 0), [broken], ShardSummary(1, 0, 0, 0))
    assert list(tmp_path.iterdir()) == []


def test_every_different_setting_is_named(tmp_path: Path) -> None:
    one = _manifest()
    check_same_settings(one, _manifest(versions={"torch": "3"}, teacher="elsewhere"), tmp_path)
    other = _manifest(
        labels=("city", "person"),
        floor=0.01,
        teacher_hash="11",
        prompt=one.prompt.model_copy(update={"labels_per_prompt": 5}),
        batches=one.batches.model_copy(update={"batch_words": 9}),
    )
    with pytest.raises(UserError) as caught:
        check_same_settings(one, other, tmp_path)
    message = str(caught.value)
    assert "--labels): stored person,city, now city,person" in message
    assert "--floor): stored 0.001, now 0.01" in message
    assert "weights: stored 00, now 11" in message
    assert "--labels-per-prompt: stored None, now 5" in message
    assert "another --output folder" in message
    assert "batch" not in message
