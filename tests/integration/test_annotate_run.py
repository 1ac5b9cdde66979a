"""Annotating a corpus: once, whatever the order of things; continued, never mixed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from distilgliner.annotate.decode import decode_flat
from distilgliner.annotate.manifest import StateSettings
from distilgliner.annotate.run import run_annotation
from distilgliner.annotate.shards import shard_path
from distilgliner.annotate.store import AnnotationStore, open_store
from distilgliner.corpus.document import Document
from distilgliner.errors import UserError

if TYPE_CHECKING:
    from distilgliner.annotate.teacher import Teacher

LABELS = ["person", "city"]
NAMES = ["Ada Lovelace", "Charles Babbage", "Mary Somerville", "Augustus De Morgan"]
DOCUMENTS = [Document(f"{a} met {b} in London .") for a in NAMES for b in NAMES if a != b]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Teacher:
    pytest.importorskip("gliner", reason="needs the extra 'annotate'")
    from distilgliner.annotate.teacher import load_teacher
    from tiny_teachers import save_tiny_teacher

    folder = tmp_path_factory.mktemp("tiny")
    return load_teacher(save_tiny_teacher("uni-encoder span", folder))


def _run(
    tiny: Teacher, output: Path, documents: Any = DOCUMENTS, **changes: Any
) -> AnnotationStore:
    settings: dict[str, Any] = {"labels": LABELS, "shard_documents": 5, **changes}
    return run_annotation(documents, teacher=tiny, output=output, quiet=True, **settings)


def _content(store: AnnotationStore) -> list[tuple[Any, ...]]:
    return [
        (d.id, d.text, d.words, *(getattr(d.spans, n).tolist() for n in type(d.spans).__slots__))
        for d in store
    ]


def test_a_corpus(tiny: Teacher, tmp_path: Path) -> None:
    store = _run(tiny, tmp_path / "s", iter([*DOCUMENTS, Document(""), DOCUMENTS[3]]))
    assert len(store) == 13
    assert [document.text for document in store] == [d.text for d in DOCUMENTS] + [""]
    corpus = store.manifest.corpus
    assert corpus is not None
    assert (corpus.documents, corpus.duplicates, corpus.shards) == (13, 1, 3)
    assert store.words == corpus.words == sum(len(d.words()) for d in DOCUMENTS)
    assert store.entities == sum(len(decode_flat(d, store.labels)) for d in store)
    assert store.words_per_second is not None
    assert store.manifest.versions.keys() == {"distilgliner", "gliner", "torch", "transformers"}
    for document in store:
        assert (document.spans.logit >= np.float16(np.log(1e-3 / 0.999))).all()
        words = [document.text[a:b] for a, b in document.words]
        exact = tiny.score([words], LABELS, 1e-3)[0]
        assert document.spans.logit == pytest.approx(exact.logit, rel=2e-3, abs=1e-3)
        assert document.spans.word_end.tolist() == exact.word_end.tolist()


def test_a_complete_store_returns_at_once(
    tiny: Teacher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run(tiny, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    monkeypatch.setattr("distilgliner.annotate.teacher.load_teacher", _forbidden)
    again = run_annotation(
        DOCUMENTS,
        teacher=tiny.checkpoint.folder,
        labels=LABELS,
        output=tmp_path,
        shard_documents=5,
        batch_words=77,
    )
    assert again.words_per_second is None
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_what_students_inherit_is_there(tiny: Teacher, tmp_path: Path) -> None:
    _run(tiny, tmp_path)
    folder = tmp_path / "vocabulary"
    names = ("tokenizer.json", "subword_vectors.safetensors")
    assert {path.name for path in folder.iterdir()} == set(names)
    before = [(folder / name).read_bytes() for name in names]
    (folder / names[1]).unlink()
    tiny.batch_predict_entities(["The tokenizer has been used . " * 99], LABELS)
    _run(tiny, tmp_path)
    assert [(folder / name).read_bytes() for name in names] == before
    tokenizer = json.loads(before[0])
    assert tokenizer["padding"] is None
    assert tokenizer["truncation"] is None


def test_an_interrupted_run_goes_on(tiny: Teacher, tmp_path: Path) -> None:
    def interrupted() -> Any:
        yield from DOCUMENTS[:8]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _run(tiny, tmp_path / "a", interrupted())
    with pytest.raises(UserError, match="not complete"):
        open_store(tmp_path / "a")
    (tmp_path / "a" / ".shard-00001.parquet.123-ab.tmp").write_bytes(b"half")
    first = shard_path(tmp_path / "a", 0).stat().st_mtime_ns
    store = _run(tiny, tmp_path / "a")
    assert shard_path(tmp_path / "a", 0).stat().st_mtime_ns == first
    assert _content(store) == _content(_run(tiny, tmp_path / "b"))
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {path.name for path in (tmp_path / "b").iterdir()}


def test_a_deleted_shard_is_made_anew(tiny: Teacher, tmp_path: Path) -> None:
    before = _content(_run(tiny, tmp_path))
    shard_path(tmp_path, 1).unlink()
    with pytest.raises(UserError, match="is missing; run the same"):
        open_store(tmp_path)
    assert _content(_run(tiny, tmp_path)) == before


@pytest.mark.parametrize(
    "documents",
    [DOCUMENTS[:7], DOCUMENTS[:10], DOCUMENTS[1:], [*DOCUMENTS, Document("new")], DOCUMENTS[::-1]],
)
@pytest.mark.parametrize("complete", [True, False])
def test_another_corpus_is_refused(
    tiny: Teacher, tmp_path: Path, documents: list[Document], complete: bool
) -> None:
    store = _run(tiny, tmp_path)
    if not complete:
        path = tmp_path / "manifest.json"
        unfinished = store.manifest.model_copy(update={"corpus": None, "complete": False})
        path.write_text(unfinished.model_dump_json())
    with pytest.raises(UserError, match="annotations of other documents"):
        _run(tiny, tmp_path, documents)


def test_a_longer_corpus_does_not_touch_a_complete_store(tiny: Teacher, tmp_path: Path) -> None:
    _run(tiny, tmp_path, DOCUMENTS[:10])
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError, match="annotations of other documents"):
        _run(tiny, tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_other_settings_are_refused(tiny: Teacher, tmp_path: Path) -> None:
    _run(tiny, tmp_path)
    for changes, name in (
        ({"labels": ["person", "town"]}, "--labels"),
        ({"floor": 0.02}, "--floor"),
        ({"prompts": 1}, "--labels-per-prompt"),
        ({"prompts": [[label] for label in LABELS]}, "each --labels is one"),
        ({"prompts": 0}, "must be at least 1, not 0"),
        ({"shard_documents": 6}, "per shard"),
    ):
        with pytest.raises(UserError, match=name):
            _run(tiny, tmp_path, **changes)
    _run(tiny, tmp_path, batch_words=100)
    _run(tiny, tmp_path, labels=LABELS[::-1])  # their order decides nothing


def test_settings_may_change_while_nothing_is_stored(tiny: Teacher, tmp_path: Path) -> None:
    many = [f"a rather long label number {index}" for index in range(80)]
    with pytest.raises(UserError, match="leaves no room"):
        _run(tiny, tmp_path, labels=many)
    assert len(_run(tiny, tmp_path, labels=many, prompts=20)) == len(DOCUMENTS)


def test_groups_are_settings_of_the_store(tiny: Teacher, tmp_path: Path) -> None:
    groups = [LABELS[1:], LABELS[:1]]
    store = _run(tiny, tmp_path, prompts=groups)
    assert store.labels == tuple(sorted(LABELS))
    turned = [group[::-1] for group in groups[::-1]]
    assert _content(_run(tiny, tmp_path, prompts=turned)) == _content(store)
    alone = _run(tiny, tmp_path.with_name("alone"), labels=LABELS[:1])
    for together, one in zip(store.iterate(), alone.iterate(), strict=True):
        mine = together.spans.label_index == store.labels.index(LABELS[0])
        # Two steps of fp16: rounding keeps spans of all labels apart.
        np.testing.assert_allclose(together.spans.logit[mine], one.spans.logit, rtol=2**-9)
    assert _run(tiny, tmp_path.with_name("alone"), labels=LABELS[:1], prompts=[LABELS[:1]])
    with pytest.raises(UserError, match=r"each --labels is one\): stored \("):
        _run(tiny, tmp_path)


def _states(store: AnnotationStore) -> list[np.ndarray]:
    return [np.asarray(document.states) for document in store.iterate(states=True)]


def test_states_are_stored_beside_the_same_scores(tiny: Teacher, tmp_path: Path) -> None:
    plain = _run(tiny, tmp_path / "plain")
    store = _run(tiny, tmp_path / "states", states=[-1, 0])
    assert _content(store) == _content(plain)
    settings = store.manifest.states
    assert settings is not None
    assert (settings.layers, settings.dim) == ((0, 1), 32)
    states = _states(store)
    assert [found.shape for found in states] == [(2, len(d.words()), 32) for d in DOCUMENTS]
    assert min(float(np.abs(found).max()) for found in states) > 0
    # The first two documents begin with the same name: one embedding, two contexts.
    assert np.array_equal(states[0][0, 0], states[1][0, 0])
    assert not np.array_equal(states[0][1, 0], states[1][1, 0])


def test_an_interrupted_run_with_states_goes_on(tiny: Teacher, tmp_path: Path) -> None:
    def interrupted() -> Any:
        yield from DOCUMENTS[:8]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _run(tiny, tmp_path / "a", interrupted(), states=[1])
    for states, shown in ((None, "stored 1, now None"), ([0, 1], "stored 1, now 0,1")):
        with pytest.raises(UserError, match=rf"\(--states\): {shown}"):
            _run(tiny, tmp_path / "a", states=states)
    first = shard_path(tmp_path / "a", 0).stat().st_mtime_ns
    store = _run(tiny, tmp_path / "a", states=[-1])
    assert shard_path(tmp_path / "a", 0).stat().st_mtime_ns == first
    whole = _run(tiny, tmp_path / "b", states=[1])
    assert store.manifest == whole.manifest
    for one, other in zip(_states(store), _states(whole), strict=True):
        assert np.array_equal(one, other)


def test_a_complete_store_with_states_returns_at_once(
    tiny: Teacher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run(tiny, tmp_path, states=[1])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    monkeypatch.setattr("distilgliner.annotate.teacher.load_teacher", _forbidden)
    folder = tiny.checkpoint.folder
    options: dict[str, Any] = {"labels": LABELS, "output": tmp_path, "shard_documents": 5}
    again = run_annotation(DOCUMENTS, teacher=folder, states=[-1], **options)
    assert again.words_per_second is None
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    with pytest.raises(UserError, match=r"--states 2: the teacher's encoder has 1 layers"):
        run_annotation(DOCUMENTS, teacher=folder, states=[2], **options)


def test_an_older_checkpoint_tells_its_layers_when_loaded(tiny: Teacher, tmp_path: Path) -> None:
    older = type(tiny)(replace(tiny.checkpoint, encoder_size=None), tiny.model)
    store = _run(older, tmp_path, states=[-1])
    assert store.manifest.states == StateSettings(layers=(1,), dim=32)


def test_impossible_requests(tiny: Teacher, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no documents"):
        _run(tiny, tmp_path / "a", [])
    with pytest.raises(UserError, match=r"floor 0\.5"):
        _run(tiny, tmp_path / "a", floor=0.5)
    with pytest.raises(UserError, match="--batch-words must be at least 1"):
        _run(tiny, tmp_path / "a", batch_words=0)
    with pytest.raises(UserError, match=r"Document 2 .* lone surrogate"):
        _run(tiny, tmp_path / "b", [DOCUMENTS[0], Document("x \ud83d y")])
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="is a file"):
        _run(tiny, tmp_path / "file")
    with pytest.raises(UserError, match="is not empty"):
        _run(tiny, tmp_path)


def test_neither_label_order_nor_hash_seed_matter(tiny: Teacher, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from distilgliner.annotate.run import run_annotation\n"
        "from distilgliner.corpus.document import Document\n"
        "texts = Path(sys.argv[3]).read_text().splitlines()\n"
        "run_annotation([Document(t) for t in texts], teacher=sys.argv[1], shard_documents=5,\n"
        "  labels=['city', 'person', 'age'], output=Path(sys.argv[2]), quiet=True)"
    )
    (tmp_path / "texts").write_text("\n".join(d.text for d in DOCUMENTS))
    output = tmp_path / "other"
    arguments = [str(tiny.checkpoint.folder), str(output), str(tmp_path / "texts")]
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "HF_HUB_OFFLINE": "1"}
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, env=environment)
    labels = ["person", "age", "city"]
    here = _run(tiny, tmp_path / "here", labels=labels)
    there = open_store(output)
    for one, other in zip(here, there, strict=True):
        for name in ("word_start", "word_end", "logit"):
            assert np.array_equal(getattr(one.spans, name), getattr(other.spans, name))
        names = [there.labels[i] for i in other.spans.label_index]
        assert [here.labels[i] for i in one.spans.label_index] == names


def test_the_command(tiny: Teacher, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("\n".join(d.text for d in DOCUMENTS[:4]))
    (tmp_path / "b.txt").write_text("\n".join(d.text for d in DOCUMENTS[4:]))
    (tmp_path / "labels").write_text("person\n\ncity\n")
    arguments = ["annotate", "--teacher", str(tiny.checkpoint.folder)]
    arguments += ["--labels", f"@{tmp_path / 'labels'}", "--output", str(tmp_path / "out")]
    arguments += ["--input", str(tmp_path / "a.txt"), "--input", str(tmp_path / "b.txt")]
    _main([*arguments, "--threads", "1", "--batch-words", "300"], 0)
    shown = capsys.readouterr().out
    assert "12 documents" in shown
    assert "words/s" in shown
    assert "bytes per word" in shown
    assert open_store(tmp_path / "out").labels == ("city", "person")
    _main(arguments, 0)
    assert "was complete already" in capsys.readouterr().out
    _main([*arguments, "--floor", "0.02"], 2)
    error = capsys.readouterr().err
    assert "--floor" in error
    assert error.count("\n") == 1
    _main(["annotate", *arguments[1:3], "--labels", "@nowhere", *arguments[5:]], 2)
    assert "nowhere cannot be read as a list of labels" in capsys.readouterr().err
    arguments[arguments.index("--output") + 1] = str(tmp_path / "states")
    _main([*arguments, "--states", "-1,0"], 0)
    assert "12 documents" in capsys.readouterr().out
    assert [states.shape[0] for states in _states(open_store(tmp_path / "states"))] == [2] * 12
    _main([*arguments, "--states", "-1"], 2)
    assert "stored 0,1, now 1" in capsys.readouterr().err
    _main([*arguments, "--states", "last"], 2)
    assert "--states 'last' must be numbers of layers" in capsys.readouterr().err
    _main([*arguments, "--threads", "0"], 2)
    assert "--threads" in capsys.readouterr().err


def _main(arguments: list[str], code: int) -> None:
    from distilgliner.cli import main

    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == code


def _forbidden(*_: object, **__: object) -> None:
    raise AssertionError("the teacher was loaded for nothing")
