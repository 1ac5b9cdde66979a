"""What the stages take from Python: checked before a folder is made, and never taken for wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fake_predictors import FakePredictor

from distilgliner import (
    AugmentConfig,
    DistillConfig,
    Document,
    Entity,
    UserError,
    augment_documents,
    mark_partial,
    run_annotation,
    run_augmentation,
    run_distillation,
    run_evaluation,
    run_export,
    run_finetuning,
    split_documents,
)
from tiny_store import build_documents, build_tiny_student, write_store

if TYPE_CHECKING:
    from distilgliner.annotate.teacher import Teacher

TEXTS = ["Ines Prado moved to Faro.", "Rain in Oslo.", "Nothing."]
BEYOND = Document("Ines Prado", (Entity(5, 50, "person"),))
CROSSED = Document("Ines Prado", (Entity(0, 8, "person"), Entity(5, 10, "city")))
GOOD = Document("Ines Prado", (Entity(0, 10, "person"),))


def annotate(documents: Any, teacher: Teacher, output: Path, **settings: Any) -> Any:
    return run_annotation(
        documents, teacher=teacher, labels=["person"], output=output, quiet=True, **settings
    )


def test_strings_are_annotated_like_documents(bundled_teacher: Teacher, tmp_path: Path) -> None:
    first = annotate([Document(text) for text in TEXTS], bundled_teacher, tmp_path / "documents")
    for number, given in enumerate((TEXTS, iter(TEXTS))):
        store = annotate(given, bundled_teacher, tmp_path / str(number), shard_documents=2)
        assert [document.text for document in store] == [document.text for document in first]
        assert store.manifest.corpus.fingerprint == first.manifest.corpus.fingerprint


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        (["Ines", None], "document 2 is None, neither a Document nor a string"),
        ([BEYOND], "document 1: the span 5–50 .* is not inside the text of 10 characters"),
        ([GOOD, CROSSED], "document 2: the entities .* overlap"),
        ("texts.txt", "'texts.txt' is one string; give a list"),
        ({"text": TEXTS}, "a dict has keys"),
        ([], "There are no documents to annotate"),
    ],
)
@pytest.mark.parametrize("form", [lambda documents: documents, iter])
def test_nothing_is_left_of_documents_that_are_none(
    documents: Any,
    message: str,
    form: Callable[[Any], Any],
    bundled_teacher: Teacher,
    tmp_path: Path,
) -> None:
    given = form(documents) if isinstance(documents, list) else documents
    with pytest.raises(UserError, match=message):
        annotate(given, bundled_teacher, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.fixture
def stages(tmp_path: Path) -> dict[str, Callable[[Any], Any]]:
    """Every stage that takes documents, as a function of them."""
    out, config = tmp_path / "out", DistillConfig(targets="mixed")

    def distil(**documents: Any) -> Any:
        return run_distillation(
            write_store(tmp_path / "store", build_documents(12)), config, out, **documents
        )

    def export(dev: Any) -> Any:
        build_tiny_student(tmp_path / "words").write(tmp_path / "student")
        return run_export(tmp_path / "student", out, dev=dev, quantize="int8")

    return {
        "distil": lambda given: distil(gold=given),
        "distil dev": lambda given: distil(gold=build_documents(3), dev=given),
        "distil watched": lambda given: distil(gold=build_documents(3), watched={"w": given}),
        "finetune": lambda given: run_finetuning(given, teacher="bundled", output=out),
        "finetune dev": lambda given: run_finetuning(
            build_documents(3), dev=given, teacher="bundled", output=out
        ),
        "evaluate": lambda given: run_evaluation(FakePredictor({}), given),
        "export": export,
        "augment": lambda given: run_augmentation(given, AugmentConfig(), out, quiet=True),
        "augment documents": lambda given: list(augment_documents(given, AugmentConfig())),
        "split": lambda given: split_documents(given, [0.5, 0.5]),
        "partial": lambda given: mark_partial(given, ["person", "city"]),
    }


def test_every_stage_checks_its_documents(
    stages: dict[str, Callable[[Any], Any]], tmp_path: Path
) -> None:
    pytest.importorskip("onnx", reason="needs the extra 'export'")
    pytest.importorskip("gliner", reason="needs the extra 'annotate'")
    for name, run in stages.items():
        for given, message in (
            ([GOOD, BEYOND], "document 2: the span .* is not inside the text"),
            (iter([GOOD, CROSSED]), "document 2: the entities .* overlap"),
            ([GOOD, 5], "document 2 is 5, neither a Document nor a string"),
            ("gold.jsonl", "'gold.jsonl' is one string"),
        ):
            with pytest.raises(UserError, match=message):
                run(given)
            assert not (tmp_path / "out").exists(), name


def test_evaluation_takes_any_iterable_of_documents() -> None:
    documents = [Document("Ines met Omar", (Entity(9, 13, "person"), Entity(0, 4, "person")))]
    predictor = FakePredictor({"Ines": "person", "Omar": "person"})

    def generate() -> Iterator[Document]:
        yield from documents

    for given in (documents, tuple(documents), generate()):
        assert run_evaluation(predictor, given).quality.spans.micro.f1 == 1.0
    with pytest.raises(UserError, match=r"document 1 \('Ines'\) has no human labels"):
        run_evaluation(predictor, ["Ines"])


def test_labels_are_lists_of_names(bundled_teacher: Teacher, tmp_path: Path) -> None:
    run: Any = run_annotation
    for labels, message in (
        ("person", r"must be a list of names, as \['person'\]"),
        ({"person": "somebody"}, "must be a list of names"),
        ([1], "1 among the labels is not a name"),
        (None, "must be a list of names"),
    ):
        with pytest.raises(UserError, match=message):
            run(TEXTS, teacher=bundled_teacher, labels=labels, output=tmp_path / "out")
        assert not (tmp_path / "out").exists()
    store = run(
        TEXTS, teacher=bundled_teacher, labels={"person", "city", "date"}, output=tmp_path / "out"
    )
    assert store.labels == ("city", "date", "person")  # whatever the order of the set
    with pytest.raises(UserError, match="The ignore_labels must be a list of names"):
        run_evaluation(FakePredictor({}), [GOOD], ignore_labels="person")
