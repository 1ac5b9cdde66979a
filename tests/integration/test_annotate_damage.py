"""The same annotate command makes what is damaged anew, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from distilgliner.annotate.manifest import MANIFEST_FILE, read_manifest, write_manifest
from distilgliner.annotate.run import run_annotation
from distilgliner.annotate.shards import shard_path
from distilgliner.annotate.store import AnnotationStore
from distilgliner.corpus.document import Document
from distilgliner.errors import UserError
from tiny_store import LABELS, build_documents

DOCUMENTS = build_documents(20)
SHARDS = 4


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> object:
    pytest.importorskip("gliner", reason="needs the extra 'annotate'")
    from distilgliner.annotate.teacher import load_teacher
    from tiny_teachers import save_tiny_teacher

    folder = tmp_path_factory.mktemp("teachers") / "tiny"
    return load_teacher(save_tiny_teacher("uni-encoder span", folder))


@pytest.fixture(scope="module")
def whole(teacher: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stores") / "whole"
    _annotate(teacher, folder)
    return folder


@pytest.fixture
def store(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "store"))


def _annotate(
    teacher: object, folder: Path, documents: Sequence[Document] = DOCUMENTS, floor: float = 0.01
) -> AnnotationStore:
    return run_annotation(
        documents,
        teacher=teacher,  # type: ignore[arg-type]
        labels=LABELS,
        output=folder,
        floor=floor,
        shard_documents=len(DOCUMENTS) // SHARDS,
        states=[-1],
        quiet=True,
    )


def _list(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def _flip(path: Path, place: float = 0.4) -> None:
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 4
    path.write_bytes(bytes(content))


def test_twice_the_same_bytes(teacher: object, whole: Path, tmp_path: Path) -> None:
    _annotate(teacher, tmp_path / "again")
    one, other = _list(whole), _list(tmp_path / "again")
    assert {name: content for name, (_, content) in one.items()} == {
        name: content for name, (_, content) in other.items()
    }


def _damage_by_a_bit(store: Path) -> str:
    _flip(shard_path(store, 2))
    return "shard-00002.parquet"


def _copy_over(store: Path) -> str:
    shutil.copy(shard_path(store, 0), shard_path(store, 2))
    return "shard-00002.parquet"


def _remove(store: Path) -> str:
    shard_path(store, 3).unlink()
    return "shard-00003.parquet"


def _cut(store: Path) -> str:
    shard_path(store, 0).write_bytes(shard_path(store, 0).read_bytes()[:100])
    return "shard-00000.parquet"


def _damage_vectors(store: Path) -> str:
    _flip(store / "vocabulary" / "subword_vectors.safetensors")
    return "vocabulary"


ATTACKS = [_damage_by_a_bit, _copy_over, _remove, _cut, _damage_vectors]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("state", ["complete", "unfinished", "no manifest to read"])
def test_only_what_is_damaged_is_made_anew(
    teacher: object,
    whole: Path,
    store: Path,
    attack: Callable[[Path], str],
    state: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    damaged = attack(store)
    if state == "unfinished":
        manifest = read_manifest(store)
        assert manifest is not None
        changes = {"corpus": None, "complete": False, "shards": None, "vocabulary": None}
        write_manifest(store, manifest.model_copy(update=changes))
    elif state == "no manifest to read":
        _flip(store / MANIFEST_FILE)
    before = _list(store)
    _annotate(teacher, store)
    after = _list(store)
    assert {name: content for name, (_, content) in after.items()} == {
        name: content for name, (_, content) in _list(whole).items()
    }
    kept = {name for name in before if before[name] == after[name]}
    assert {f"shard-0000{i}.parquet" for i in range(SHARDS)} - {damaged} <= kept
    told = capfd.readouterr().err
    if state == "complete":
        assert damaged in told
        assert told.count("\n") == 1
        assert {name for name in after if name not in kept} <= {
            *(name for name in after if name.startswith(damaged)),
            MANIFEST_FILE,
        }


def test_damage_does_not_make_other_documents_welcome(teacher: object, store: Path) -> None:
    _flip(shard_path(store, 1))
    before = _list(store)
    with pytest.raises(UserError, match="other documents than the input's"):
        _annotate(teacher, store, build_documents(20, seed=8))
    shard_path(store, 1).unlink()
    with pytest.raises(UserError, match="other documents than the input's"):
        _annotate(teacher, store, [*DOCUMENTS[:5], *build_documents(15, seed=8)])
    assert _list(store).keys() == before.keys() - {"shard-00001.parquet"}


def test_a_lost_manifest_does_not_make_other_settings_welcome(teacher: object, store: Path) -> None:
    (store / MANIFEST_FILE).write_text("{")
    before = _list(store)
    with pytest.raises(UserError, match=r"manifest\.json is damaged and cannot say which"):
        _annotate(teacher, store, floor=0.02)
    assert _list(store) == before


def test_a_shard_of_other_settings_is_made_anew(
    teacher: object, whole: Path, store: Path, tmp_path: Path
) -> None:
    _annotate(teacher, tmp_path / "other", floor=0.2)
    shutil.copy(shard_path(tmp_path / "other", 1), shard_path(store, 1))
    manifest = read_manifest(store)
    assert manifest is not None
    changes = {"corpus": None, "complete": False, "shards": None, "vocabulary": None}
    write_manifest(store, manifest.model_copy(update=changes))
    _annotate(teacher, store)
    assert shard_path(store, 1).read_bytes() == shard_path(whole, 1).read_bytes()
