"""Damage to an annotation store is found, whatever it is; older stores are still read."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from distilgliner.annotate.manifest import read_manifest, write_manifest
from distilgliner.annotate.shards import check_content, read_ids, shard_path, write_shard
from distilgliner.annotate.store import open_store
from distilgliner.annotate.vocabulary import VECTORS_FILE, VOCABULARY_FOLDER, read_vocabulary
from distilgliner.errors import UserError
from tiny_store import annotate, build_documents, write_store

DOCUMENTS = build_documents(40)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete store of two shards, which no test changes."""
    folder = tmp_path_factory.mktemp("stores") / "whole"
    write_store(folder, DOCUMENTS)
    return folder


@pytest.fixture
def store(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "store"))


def read_all(folder: Path) -> None:
    """Open a store and read all that a distillation reads of it."""
    for _ in open_store(folder):
        pass
    read_vocabulary(folder / VOCABULARY_FOLDER)


def test_the_same_documents_give_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    write_store(tmp_path / "again", DOCUMENTS)
    names = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file())
    assert len(names) == 5
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (whole / name).read_bytes(), name


def test_every_flipped_bit_is_found(store: Path) -> None:
    rng = random.Random(0)
    paths = sorted(path for path in store.rglob("*") if path.is_file())
    read_all(store)
    for number in range(150):
        path = paths[number % len(paths)]
        content = path.read_bytes()
        bit = rng.randrange(8 * len(content))
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(flipped))
        with pytest.raises(UserError, match=path.name):
            read_all(store)
        path.write_bytes(content)
    read_all(store)


def _copy_over(store: Path, other: Path) -> None:
    shutil.copy(shard_path(store, 0), shard_path(store, 1))


def _of_another_store(store: Path, other: Path) -> None:
    shutil.copy(shard_path(other, 1), shard_path(store, 1))


def _cut(store: Path, other: Path) -> None:
    path = shard_path(store, 1)
    path.write_bytes(path.read_bytes()[:-7])


def _empty(store: Path, other: Path) -> None:
    shard_path(store, 1).write_bytes(b"")


def _swap(store: Path, other: Path) -> None:
    first, second = shard_path(store, 0), shard_path(store, 1)
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


def _write_again(store: Path, other: Path) -> None:
    """A whole shard, with a few documents less."""
    from distilgliner.annotate.shards import ShardSummary

    documents = [annotate(document) for document in DOCUMENTS[20:38]]
    write_shard(shard_path(store, 1), documents, ShardSummary(18, 1, 1, 0))


@pytest.mark.parametrize(
    "attack", [_copy_over, _of_another_store, _cut, _empty, _swap, _write_again]
)
def test_a_shard_that_is_another_is_named(
    store: Path, tmp_path: Path, attack: Callable[[Path, Path], None]
) -> None:
    write_store(tmp_path / "other", build_documents(40, seed=5))
    attack(store, tmp_path / "other")
    with pytest.raises(UserError, match=r"shard-0000\d\.parquet is damaged \(.*run the same"):
        read_all(store)


def test_a_shard_too_many(store: Path) -> None:
    shutil.copy(shard_path(store, 0), shard_path(store, 2))
    with pytest.raises(UserError, match=r"shard-00002\.parquet is none of the 2 shards"):
        open_store(store)


def _forget_a_shard(raw: dict) -> None:  # type: ignore[type-arg]
    raw["corpus"]["shards"] = 1
    raw["shards"].pop()


def _name_other_layers(raw: dict) -> None:  # type: ignore[type-arg]
    raw["states"] = {"layers": [3], "dim": 4, "pooling": "mean"}


def _swap_labels(raw: dict) -> None:  # type: ignore[type-arg]
    raw["labels"].reverse()


@pytest.mark.parametrize("change", [_forget_a_shard, _name_other_layers, _swap_labels])
def test_a_changed_manifest_is_found(store: Path, change: Callable[[dict], None]) -> None:  # type: ignore[type-arg]
    path = store / "manifest.json"
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(json.dumps(raw))
    with pytest.raises(UserError, match=r"manifest\.json is damaged \(.*run the same"):
        open_store(store)


def test_opening_reads_no_shard(store: Path) -> None:
    """A store of ten thousand shards opens at once: each is checked when it is read."""
    path = shard_path(store, 1)
    content = bytearray(path.read_bytes())
    content[99] ^= 1
    path.write_bytes(bytes(content))
    documents = iter(open_store(store))
    assert [next(documents).text for _ in range(20)] == [d.text for d in DOCUMENTS[:20]]
    with pytest.raises(UserError, match=r"shard-00001\.parquet is damaged"):
        next(documents)


def test_a_shard_knows_itself_without_a_manifest(store: Path) -> None:
    check_content(shard_path(store, 1))
    _copy_over(store, store)
    assert len(read_ids(shard_path(store, 1))) == 20
    with pytest.raises(UserError, match=r"shard-00001\.parquet is damaged \(its content"):
        check_content(shard_path(store, 1))


def test_vocabulary_of_another_teacher(store: Path, tmp_path: Path) -> None:
    from tiny_store import write_tiny_vocabulary

    write_tiny_vocabulary(tmp_path / "other", seed=1)
    shutil.copy(tmp_path / "other" / VECTORS_FILE, store / VOCABULARY_FOLDER / VECTORS_FILE)
    with pytest.raises(UserError, match=r"subword_vectors\.safetensors is damaged"):
        read_vocabulary(store / VOCABULARY_FOLDER)


def test_a_store_of_version_1_is_read(store: Path) -> None:
    manifest = read_manifest(store)
    assert manifest is not None
    old = {"format_version": 1, "shards": None, "vocabulary": None}
    write_manifest(store, manifest.model_copy(update=old))
    assert "checksum" not in json.loads((store / "manifest.json").read_text())
    opened = open_store(store)
    assert (len(opened), opened.words) == (40, sum(len(d.words()) for d in DOCUMENTS))
    assert [d.text for d in opened] == [d.text for d in DOCUMENTS]
    read_vocabulary(store / VOCABULARY_FOLDER)
    assert opened.manifest.states is None
