"""The annotation store: what is written is read, and nothing else passes for a store."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distilgliner.annotate.manifest import (
    BatchSettings,
    CorpusRecord,
    Manifest,
    PromptSettings,
    StateSettings,
    WindowSettings,
    check_same_settings,
    read_manifest,
    write_manifest,
)
from distilgliner.annotate.shards import ShardSummary, read_shard, shard_path, write_shard
from distilgliner.annotate.spans import AnnotatedDocument, build_span_scores, empty_span_scores
from distilgliner.annotate.store import open_store
from distilgliner.corpus.document import Document
from distilgliner.errors import UserError

STATES = StateSettings(layers=(3, 6), dim=4)
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


def _with_states(seed: int = 0) -> list[AnnotatedDocument]:
    rng = np.random.default_rng(seed)
    return [
        replace(document, states=rng.normal(size=(2, len(document.words), 4)).astype(np.float16))
        for document in _documents()
    ]


@pytest.fixture
def store_with_states(store: Path) -> Path:
    """The same store, with the states of two layers."""
    documents = _with_states()
    write_shard(shard_path(store, 0), documents[:2], ShardSummary(2, 4, 2, 0))
    write_shard(shard_path(store, 1), documents[2:], ShardSummary(1, 3, 0, 1))
    manifest = read_manifest(store)
    assert manifest is not None
    write_manifest(store, manifest.model_copy(update={"states": STATES}))
    return store


def test_states_are_read_when_asked_for(store_with_states: Path) -> None:
    opened = open_store(store_with_states)
    assert opened.manifest.states == STATES
    for read, bare, written in zip(
        opened.iterate(states=True), opened, _with_states(), strict=True
    ):
        assert bare.states is None
        assert read.states is not None
        assert read.states.dtype == np.float16
        assert read.states.flags.writeable  # torch warns of arrays that are not
        assert np.array_equal(read.states, written.states)
        for name in ("word_start", "word_end", "label_index", "logit"):
            assert np.array_equal(getattr(read.spans, name), getattr(bare.spans, name))
        assert (read.id, read.text, read.words) == (bare.id, bare.text, bare.words)


def test_without_states_their_column_is_not_read(store_with_states: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = shard_path(store_with_states, 0)
    metadata = parquet.read_metadata(path).row_group(0)
    chunk = metadata.column(metadata.num_columns - 1)
    assert chunk.path_in_schema == "states.list.element"
    content = bytearray(path.read_bytes())
    start = chunk.data_page_offset
    content[start : start + chunk.total_compressed_size] = b"x" * chunk.total_compressed_size
    path.write_bytes(bytes(content))
    opened = open_store(store_with_states)
    assert [document.text for document in opened] == TEXTS
    with pytest.raises(UserError, match=r"shard-00000\.parquet is damaged"):
        list(opened.iterate(states=True))


def test_states_come_in_groups_of_bounded_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("distilgliner.annotate.shards._GROUP_BYTES", 100)
    documents = [document for seed in range(5) for document in _with_states(seed)]
    path = shard_path(tmp_path, 0)
    write_shard(path, documents, ShardSummary(15, 35, 10, 0))
    # 64, 0 and 48 bytes of states: the third one makes 112, and so on.
    groups = parquet.read_metadata(path)
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [3] * 5
    read = list(read_shard(path, STATES))
    assert len(read) == 15
    for one, other in zip(read, documents, strict=True):
        assert np.array_equal(one.states, other.states)  # type: ignore[arg-type]
    assert len(list(read_shard(path))) == 15


def test_states_that_are_not_there(store: Path, store_with_states: Path) -> None:
    with pytest.raises(ValueError, match="some have none"):
        write_shard(store / "x", [_documents()[0], _with_states()[0]], ShardSummary(2, 8, 4, 0))
    assert not (store / "x").exists()
    write_shard(shard_path(store, 1), _documents()[2:], ShardSummary(1, 3, 0, 1))
    with pytest.raises(UserError, match=r"shard-00001\.parquet is damaged .*states"):
        list(open_store(store).iterate(states=True))


def test_a_store_without_states_is_as_it_always_was(store: Path) -> None:
    content = json.loads((store / "manifest.json").read_text())
    assert "states" not in content  # which earlier versions would refuse
    opened = open_store(store)
    assert opened.manifest.states is None
    with pytest.raises(UserError, match=r"no hidden states .* --states -1"):
        opened.iterate(states=True)


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
        ('{"format_version": 3}', "format_version: Input should be 1 or 2"),
        ("[" * 100_000, "the file: Invalid JSON"),
        ('{"format_version": 1' + "0" * 5000 + "}", "the file: Invalid JSON"),
        ("[]", "no JSON object"),
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
    with pytest.raises(UserError, match=r"shard-00001\.parquet is damaged .* only this shard anew"):
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
    assert "states" not in message
    assert "--labels): stored person,city, now city,person" in message
    assert "--floor): stored 0.001, now 0.01" in message
    assert "weights: stored 00, now 11" in message
    assert "--labels-per-prompt: stored None, now 5" in message
    assert "another --output folder" in message
    assert "batch" not in message


def test_groups_of_labels_are_kept_and_named(tmp_path: Path) -> None:
    plain = _manifest()
    grouped = _manifest(
        prompt=plain.prompt.model_copy(update={"groups": (("city", "town"), ("person",))})
    )
    with pytest.raises(UserError, match=r"stored None, now \(city,town\),\(person\)"):
        check_same_settings(plain, grouped, tmp_path)
    write_manifest(tmp_path, grouped)
    assert read_manifest(tmp_path) == grouped
    assert grouped.prompt.prompts == (("city", "town"), ("person",))
    write_manifest(tmp_path, plain)
    assert "groups" not in (tmp_path / "manifest.json").read_text()  # earlier versions read it
    assert read_manifest(tmp_path) == plain


def test_other_states_are_named(tmp_path: Path) -> None:
    with_states = _manifest(states=STATES)
    check_same_settings(with_states, _manifest(states=STATES), tmp_path)
    with pytest.raises(UserError, match=r"\(--states\): stored 3,6, now None"):
        check_same_settings(with_states, _manifest(), tmp_path)
    with pytest.raises(UserError, match=r"\(--states\): stored None, now 3,6"):
        check_same_settings(_manifest(), with_states, tmp_path)
