"""Labelled documents as the words, windows and entities that a teacher is trained on."""

from __future__ import annotations

from distilgliner.annotate.teacher import Teacher
from distilgliner.corpus.document import Document, Entity
from distilgliner.finetune.examples import build_training_corpus


def build_document(text: str, *entities: tuple[str, str]) -> Document:
    """A document with the first occurrence of each of some strings as an entity."""
    found = sorted(
        Entity(text.index(name), text.index(name) + len(name), label) for name, label in entities
    )
    return Document(text, tuple(found))


def test_words_are_those_of_gliners_splitter(bundled_teacher: Teacher) -> None:
    document = build_document("@ann wrote e-mail to Rome.", ("@ann", "person"), ("Rome", "city"))
    corpus = build_training_corpus("c", [document], ["person", "city"], bundled_teacher)
    (example,) = corpus.examples
    assert example.words == ("@", "ann", "wrote", "e-mail", "to", "Rome", ".")
    assert example.entities == ((0, 1, "person"), (5, 5, "city"))
    assert example.subwords >= len(example.words)
    assert (corpus.labels, corpus.unlearnable) == (("city", "person"), 0)


def test_an_entity_inside_a_word_takes_the_word(bundled_teacher: Teacher) -> None:
    document = build_document("anti-TNF drugs", ("TNF", "protein"))
    corpus = build_training_corpus("c", [document], ["protein"], bundled_teacher)
    assert corpus.examples[0].entities == ((0, 0, "protein"),)


def test_entities_that_are_too_wide_are_counted(bundled_teacher: Teacher) -> None:
    wide = " ".join(["New"] * (bundled_teacher.max_width + 1))
    document = build_document(f"{wide} York", (wide, "city"))
    corpus = build_training_corpus("c", [document], ["city"], bundled_teacher)
    assert corpus.unlearnable == 1
    assert corpus.examples[0].entities == ()


def test_long_documents_are_cut_and_keep_their_entities(bundled_teacher: Teacher) -> None:
    sentences = " ".join(f"Town{number} is a town." for number in range(200))
    names = [(f"Town{number} ", "city") for number in range(200)]
    document = Document(
        sentences,
        tuple(
            Entity(sentences.index(name), sentences.index(name) + len(name) - 1, label)
            for name, label in names
        ),
    )
    corpus = build_training_corpus("c", [document], ["city"], bundled_teacher)
    assert len(corpus.examples) > 1
    limit = bundled_teacher.checkpoint.max_words
    assert all(len(example.words) <= limit for example in corpus.examples)
    found = [
        example.words[first]
        for example in corpus.examples
        for first, last, _ in example.entities
        if first == last
    ]
    assert set(found) == {name.strip() for name, _ in names}
