"""What of a store is there already and can be kept: shards that are whole, and of these documents.

What is damaged is made anew; what belongs to other settings or other documents is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from distilgliner.annotate.manifest import (
    MANIFEST_FILE,
    DamagedManifestError,
    Manifest,
    check_same_settings,
    read_manifest,
    write_manifest,
)
from distilgliner.annotate.shards import (
    check_content,
    is_as_recorded,
    read_ids,
    read_settings,
    shard_path,
)
from distilgliner.annotate.store import check_foreign_shards
from distilgliner.annotate.vocabulary import VOCABULARY_FILES, VOCABULARY_FOLDER
from distilgliner.checksums import find_change, hash_texts
from distilgliner.corpus.document import Document
from distilgliner.errors import UserError
from distilgliner.folders import check_content as check_folder
from distilgliner.progress import notify


def prepare_folder(output: Path, wanted: Manifest) -> Manifest:
    """Check that the folder is empty or holds a store to continue; returns the manifest there.

    Raises `UserError` for other settings, or for anything else in the folder.
    """
    check_folder(output, MANIFEST_FILE, "annotations")
    try:
        stored = read_manifest(output)
    except DamagedManifestError as error:
        _check_shard_settings(output, wanted, error)
        notify(f"{output / MANIFEST_FILE} is damaged; every shard is checked, and it is made anew.")
        stored = None
    if stored is not None and any(output.glob("shard-*.parquet")):
        check_same_settings(stored, wanted, output)
        if stored.complete and stored.corpus is not None:
            check_foreign_shards(output, stored.corpus.shards)
            paths = [shard_path(output, index) for index in range(stored.corpus.shards)]
            if stored.shards is not None or all(path.is_file() for path in paths):
                return stored
        # Of a shard that is missing without a record nothing is known; keep the batches and
        # versions of this run.
    write_manifest(output, wanted)
    return wanted


def _check_shard_settings(output: Path, wanted: Manifest, error: UserError) -> None:
    """Raise `error` when shards without a manifest were made with other settings, or do not say."""
    for path in output.glob("shard-*.parquet"):
        try:
            settings = read_settings(path)
        except UserError:
            continue  # it is made anew
        if settings is None:
            raise UserError(
                f"{output / MANIFEST_FILE} is damaged, and its shards do not say how they were "
                "made; annotate again into another folder."
            ) from None
        if settings != wanted.compute_settings_hash():
            raise UserError(
                f"{output} was annotated with other settings than these, and its {MANIFEST_FILE} "
                "is damaged and cannot say which; pass the store's settings, or choose another "
                "--output folder."
            ) from None


def is_done(output: Path, index: int, chunk: Sequence[Document], stored: Manifest) -> bool:
    """Whether the shard of these documents is there and whole; what is not is made anew.

    Raises `UserError` when it holds other documents.
    """
    path = shard_path(output, index)
    ids = [document.id for document in chunk]
    if stored.complete and stored.corpus is not None and index >= stored.corpus.shards:
        raise build_other_corpus(output)  # the input goes on where the stored one ended
    if stored.complete and stored.shards is not None:
        record = stored.shards[index]
        if record.ids != hash_texts(ids):
            raise build_other_corpus(path)
        if is_as_recorded(path, record):
            return True
        _tell(path, "is missing" if not path.exists() else "is damaged")
        return False
    if not path.is_file():
        return False
    try:
        found = read_ids(path)
        if not stored.complete:
            check_content(path)
    except UserError:
        _tell(path, "is damaged")
        return False
    if read_settings(path) not in (None, stored.compute_settings_hash()):
        _tell(path, "was made with other settings")
        return False
    if found != ids:
        raise build_other_corpus(path)
    return True


def has_vocabulary(output: Path, stored: Manifest) -> bool:
    """Whether the vocabulary of a store is there and whole.

    That of a store that is not complete is written anew: nobody knows whether it is.
    """
    folder = output / VOCABULARY_FOLDER
    if stored.vocabulary:
        change = find_change(folder, stored.vocabulary)
        if change is not None:
            notify(f"{folder}: {change}; the vocabulary is written anew.")
        return change is None
    return stored.complete and all((folder / name).is_file() for name in VOCABULARY_FILES)


def build_other_corpus(path: Path) -> UserError:
    """The error for a store of other documents than the input's."""
    return UserError(
        f"{path} holds annotations of other documents than the input's; pass the same --input "
        "files in the same order, or choose another --output folder."
    )


def _tell(path: Path, what: str) -> None:
    notify(f"{path} {what}; this shard is made anew.")
