"""spaCy's `.spacy` files."""

from __future__ import annotations

from pathlib import Path

import pytest

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.read import read_documents, read_texts
from distilgliner.errors import Notice, UserError

spacy = pytest.importorskip("spacy")


def write_docbin(path: Path) -> None:
    from spacy.tokens import DocBin

    nlp = spacy.blank("en")
    labelled, empty, bare = nlp("Ada lives in New York."), nlp("Nothing here."), nlp("Who knows?")
    labelled.ents = [
        labelled.char_span(0, 3, label="person"),
        labelled.char_span(13, 21, label="location"),
    ]
    empty.ents = []
    DocBin(docs=[labelled, empty, bare]).to_disk(path)


def test_entities_and_unlabelled_docs(tmp_path: Path) -> None:
    write_docbin(tmp_path / "a.spacy")
    found = list(read_documents(tmp_path / "a.spacy"))
    assert found[0] == Document(
        "Ada lives in New York.", (Entity(0, 3, "person"), Entity(13, 21, "location"))
    )
    assert found[1] == Document("Nothing here.", ())
    assert found[2] == Document("Who knows?", None)


def test_missing_annotation_is_not_no_entity(tmp_path: Path) -> None:
    from spacy.tokens import DocBin

    nlp = spacy.blank("en")
    partly, wholly, groups = nlp("Ada lives in Leeds."), nlp("Who knows?"), nlp("Ada")
    partly.set_ents([partly.char_span(0, 3, label="person")], default="missing")
    wholly.set_ents([], default="missing")
    DocBin(docs=[partly, wholly]).to_disk(tmp_path / "a.spacy")
    with pytest.warns(Notice, match="1 record does .* missing annotation of some tokens, .*ment 1"):
        found = list(read_documents(tmp_path / "a.spacy"))
    assert [document.entities for document in found] == [None, None]
    groups.spans["sc"] = [groups.char_span(0, 3, label="person")]
    DocBin(docs=[groups], store_user_data=True).to_disk(tmp_path / "b.spacy")
    with pytest.raises(UserError, match=r"document 1: the labels are in doc\.spans\['sc'\]"):
        list(read_documents(tmp_path / "b.spacy"))
    assert list(read_texts(tmp_path / "b.spacy")) == ["Ada"]


def test_not_a_docbin(tmp_path: Path) -> None:
    (tmp_path / "a.spacy").write_text("hello")
    with pytest.raises(UserError, match=r"a\.spacy is no spaCy DocBin"):
        list(read_documents(tmp_path / "a.spacy"))


def test_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_docbin(tmp_path / "a.spacy")
    monkeypatch.setitem(__import__("sys").modules, "spacy", None)
    with pytest.raises(UserError, match=r"pip install 'distilgliner\[spacy\]'"):
        list(read_documents(tmp_path / "a.spacy"))
