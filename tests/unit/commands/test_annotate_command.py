"""`distilgliner annotate`: what it says at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from distilgliner.annotate.manifest import read_manifest, write_manifest
from distilgliner.annotate.store import AnnotationStore, open_store
from distilgliner.cli import main
from tiny_store import build_documents, write_store


@pytest.mark.parametrize("count", [0, 1234])
def test_words_that_the_teacher_shortened_are_told(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_store(tmp_path, build_documents(5))
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    assert manifest.corpus is not None
    corpus = manifest.corpus.model_copy(update={"shortened_words": count})
    write_manifest(tmp_path, manifest.model_copy(update={"corpus": corpus}))
    monkeypatch.setattr("distilgliner.annotate.checkpoint.check_packages", lambda: None)
    monkeypatch.setattr(
        "distilgliner.annotate.run.run_annotation", lambda *_, **__: open_store(tmp_path)
    )
    options = f"--teacher t --labels person,city --input a.txt --output {tmp_path}"
    with pytest.raises(SystemExit) as caught:
        main(["annotate", *options.split()])
    assert caught.value.code == 0
    shown = capsys.readouterr()
    assert "5 documents" in shown.out
    told = "Note: words too long for the teacher, which saw only their beginning: 1,234\n"
    assert shown.err == (told if count else "")


def test_every_labels_option_is_a_prompt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_store(tmp_path, build_documents(5))
    asked = []

    def annotate(*_: Any, **options: Any) -> AnnotationStore:
        asked.append((options["labels"], options["prompts"]))
        return open_store(tmp_path)

    monkeypatch.setattr("distilgliner.annotate.checkpoint.check_packages", lambda: None)
    monkeypatch.setattr("distilgliner.annotate.run.run_annotation", annotate)
    common = f"annotate --teacher t --input a.txt --output {tmp_path} --labels b,c"
    codes = []
    for more in ("", "--labels a", "--labels-per-prompt 1", "--labels a --labels-per-prompt 1"):
        with pytest.raises(SystemExit) as caught:
            main([*common.split(), *more.split()])
        codes.append(caught.value.code)
    assert codes == [0, 0, 0, 2]
    grouped = [("b", "c"), ("a",)]
    assert asked == [(("b", "c"), None), (("b", "c", "a"), grouped), (("b", "c"), 1)]
    assert "give one or the other" in capsys.readouterr().err
