"""The annotation store: Parquet shards and a manifest. Reading it needs pyarrow, but no torch."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from distilgliner.annotate.manifest import (
    FORMAT_VERSION,
    MANIFEST_FILE,
    CorpusRecord,
    Manifest,
    ShardRecord,
    StateSettings,
    read_manifest,
    write_manifest,
)
from distilgliner.annotate.shards import (
    ShardSummary,
    build_record,
    damaged_shard,
    is_as_recorded,
    read_shard,
    read_summary,
    shard_path,
)
from distilgliner.annotate.spans import AnnotatedDocument, SpanScores
from distilgliner.annotate.vocabulary import VOCABULARY_FILES, VOCABULARY_FOLDER
from distilgliner.checksums import hash_files
from distilgliner.errors import UserError

__all__ = ["AnnotatedDocument", "AnnotationStore", "Manifest", "SpanScores", "open_store"]


def open_store(folder: str | Path) -> AnnotationStore:
    """Open a complete annotation store.

    Whether all shards are there and as large as they were is checked now; what is in one when it is
    read. Raises `UserError` when the folder is no store, is not complete, or is damaged.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(
            f"{folder} is not a folder; give the output folder of distilgliner annotate."
        )
    manifest = read_manifest(folder)
    if manifest is None:
        raise UserError(
            f"{folder} has no annotations ({MANIFEST_FILE} is missing); "
            "give the output folder of distilgliner annotate."
        )
    if not manifest.complete or manifest.corpus is None:
        raise UserError(
            f"{folder} is not complete; run the same distilgliner annotate command again, "
            "which continues it."
        )
    check_foreign_shards(folder, manifest.corpus.shards)
    for index in range(manifest.corpus.shards):
        path = shard_path(folder, index)
        if not path.is_file():
            raise UserError(
                f"{path} is missing; run the same distilgliner annotate command again, which makes "
                "only this shard anew."
            )
        if manifest.shards is not None and path.stat().st_size != manifest.shards[index].size_bytes:
            raise damaged_shard(path, "it is larger or smaller than it was")
    return AnnotationStore(folder, manifest)


def check_foreign_shards(folder: Path, count: int) -> None:
    """Raise `UserError` when a complete store of `count` shards has one more."""
    own = {shard_path(folder, index).name for index in range(count)}
    for path in folder.glob("shard-*.parquet"):
        if path.name not in own:
            raise UserError(
                f"{path} is none of the {count} shards that these annotations have; move it "
                "to where it came from, or remove it."
            )


def complete_store(folder: Path, manifest: Manifest, corpus: CorpusRecord) -> Manifest:
    """Write the manifest that makes a store complete, with the hashes of all its files."""
    shards = [build_record(shard_path(folder, index)) for index in range(corpus.shards)]
    changes = {
        "format_version": FORMAT_VERSION,
        "corpus": corpus,
        "complete": True,
        "shards": tuple(shards),
        "vocabulary": hash_files(folder / VOCABULARY_FOLDER, VOCABULARY_FILES),
    }
    complete = manifest.model_copy(update=changes)
    write_manifest(folder, complete)
    return complete


class AnnotationStore:
    """What a teacher said about a corpus: iterate over it to get the documents in input order.

    That gives them without the teacher's hidden states; `iterate(states=True)` gives both.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.labels = manifest.labels
        self.words_per_second: float | None = None
        """Set by `run_annotation` when it had something left to do."""
        self.unspaced = 0
        """Set by `run_annotation`: texts in scripts without spaces that become giant words."""
        self._checked: set[int] = set()

    def __len__(self) -> int:
        """The number of documents (of different texts)."""
        return sum(shard.documents for shard in self._summaries)

    def __iter__(self) -> Iterator[AnnotatedDocument]:
        return self.iterate()

    def iterate(self, states: bool = False) -> Iterator[AnnotatedDocument]:
        """The documents in input order, read as they are needed.

        `states` reads the hidden states too, of the layers `manifest.states.layers`, which is most
        of the bytes of a store that has them; without, `document.states` is None.
        Raises `UserError` when they are wanted and not stored, or when a shard is damaged or is
        another than the manifest's; each is checked when it is first read.
        """
        if states and self.manifest.states is None:
            raise UserError(
                f"{self.folder} has no hidden states of the teacher; annotate into another folder "
                "with distilgliner annotate --states -1 (the last layer)."
            )
        return self._read(self.manifest.states if states else None)

    def _read(self, states: StateSettings | None) -> Iterator[AnnotatedDocument]:
        assert self.manifest.corpus is not None
        for index in range(self.manifest.corpus.shards):
            self._check(index)
            yield from read_shard(shard_path(self.folder, index), states)

    def _check(self, index: int) -> None:
        if self.manifest.shards is None or index in self._checked:
            return
        path = shard_path(self.folder, index)
        if not is_as_recorded(path, self.manifest.shards[index]):
            raise damaged_shard(path, "it is not the file that the manifest describes")
        self._checked.add(index)

    @cached_property
    def _summaries(self) -> list[ShardSummary] | list[ShardRecord]:
        if self.manifest.shards is not None:
            return list(self.manifest.shards)
        assert self.manifest.corpus is not None
        paths = (shard_path(self.folder, i) for i in range(self.manifest.corpus.shards))
        return [read_summary(path) for path in paths]

    @property
    def words(self) -> int:
        """The number of words."""
        return sum(shard.words for shard in self._summaries)

    @property
    def entities(self) -> int:
        """The number of entities that flat decoding at 0.5 finds."""
        return sum(shard.entities for shard in self._summaries)

    @property
    def size_bytes(self) -> int:
        """Bytes of the shards on disk."""
        return sum(path.stat().st_size for path in self.folder.glob("shard-*.parquet"))
