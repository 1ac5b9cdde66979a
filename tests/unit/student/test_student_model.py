"""The student's network: what its logits depend on, and what they do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from distilgliner.errors import UserError
from distilgliner.student.config import STUDENTS, StudentConfig, build_student_config
from distilgliner.student.features import build_label_words
from distilgliner.student.folder import Student
from distilgliner.student.model import StudentModel, count_parameters
from distilgliner.student.predictor import DistilGLiNER
from distilgliner.student.registry import HEADS
from distilgliner.student.tags import count_tags
from tiny_store import LABELS, build_documents, build_tiny_student

# Matrix products of other sizes add up in another order, which shows on logits of up to 5.
FLOAT32 = {"atol": 1e-5, "rtol": 1e-5}
DOCUMENTS = [document.text.split() for document in build_documents(9)] + [["Ada"]]


def compute_logits(
    student: Student, documents: list[list[str]], labels: tuple[str, ...] = LABELS
) -> torch.Tensor:
    batch = student.featurizer.build_batch(documents)
    with torch.inference_mode():
        return student.model(batch, build_label_words(labels, student.featurizer))


@pytest.mark.parametrize(
    ("head", "roles"),
    [("tagger", True), ("tower", True), ("tower", False), ("crf", True), ("span", True)],
)
@pytest.mark.parametrize("layers", [1, 2])
def test_a_document_does_not_depend_on_its_batch(
    head: str, roles: bool, layers: int, tmp_path: Path
) -> None:
    student = build_tiny_student(tmp_path, head, roles=roles, layers=layers)
    together = compute_logits(student, DOCUMENTS)
    width = 12 * len(LABELS) if head == "span" else count_tags(len(LABELS), roles=roles)
    assert together.shape[2] == width
    for row, words in enumerate(DOCUMENTS):
        alone = compute_logits(student, [words])[0]
        assert torch.allclose(together[row, : len(words)], alone, atol=1e-5)
    backwards = compute_logits(student, DOCUMENTS[::-1])
    assert torch.allclose(
        backwards[-1][: len(DOCUMENTS[0])], together[0][: len(DOCUMENTS[0])], atol=1e-5
    )


@pytest.mark.parametrize("head", HEADS)
def test_a_word_sees_both_sides(head: str, tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path, head)
    middle = compute_logits(student, [["Ada", "met", "Bob"]])[0, 1]
    for words in (["Mary", "met", "Bob"], ["Ada", "met", "Rome"]):
        assert not torch.allclose(compute_logits(student, [words])[0, 1], middle, atol=1e-4)


def test_the_order_of_labels_only_orders_the_columns(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path, "tower")
    one = compute_logits(student, DOCUMENTS, ("person", "city", "rainy day"))
    other = compute_logits(student, DOCUMENTS, ("rainy day", "person", "city"))
    order = [0, *range(5, 13), *range(1, 5)]
    torch.testing.assert_close(one, other[:, :, order], **FLOAT32)
    assert not torch.allclose(one, other, atol=1e-2)
    alone = compute_logits(student, DOCUMENTS, ("city",))
    torch.testing.assert_close(alone[:, :, 1:], one[:, :, 5:9], **FLOAT32)


def test_the_reference_tower_is_a_dot_product_of_two_towers(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path, "tower", roles=False)
    head = student.model.head
    states = torch.randn(
        2, 3, student.model.encoder.dim, generator=torch.Generator().manual_seed(0)
    )
    names = torch.randn(2, student.model.embedder.dim, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        logits = head(states, names)
        word, label = head.word_tower(states)[1, 2], head.label_tower(names)[1]
        assert logits[1, 2, 2] == pytest.approx(float(word @ label) / 12**0.5, rel=1e-4)
        assert logits[1, 2, 0] == head.none(states)[1, 2, 0]


def test_padding_words_of_a_bag_do_not_count(tmp_path: Path) -> None:
    embedder = build_tiny_student(tmp_path).model.embedder
    with torch.inference_mode():
        short = embedder(torch.tensor([[5, 7]]), torch.tensor([[3]]), torch.tensor([1]))
        long = embedder(torch.tensor([[5, 7, 0, 0]]), torch.tensor([[3, 0]]), torch.tensor([1]))
    assert torch.equal(short, long)
    table = embedder.subword_embedding.weight
    assert torch.allclose(short[0, : table.shape[1]], (table[5] + table[7]) / 2)


def test_dropout_only_while_training(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path, input_dropout=0.5)
    assert torch.equal(compute_logits(student, DOCUMENTS), compute_logits(student, DOCUMENTS))
    student.model.train()
    torch.manual_seed(0)
    assert not torch.equal(compute_logits(student, DOCUMENTS), compute_logits(student, DOCUMENTS))


def test_first_vectors_come_from_the_teacher(tmp_path: Path) -> None:
    from distilgliner.annotate.vocabulary import read_vocabulary

    student = build_tiny_student(tmp_path)
    _, vectors = read_vocabulary(tmp_path)
    table = student.model.embedder.subword_embedding.weight.detach().numpy()
    assert np.array_equal(table[2:], vectors[:, : table.shape[1]])
    assert not table[:2].any()  # padding and the unknown subword


def test_a_student_wider_than_the_vectors(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path, subword_dim=40)
    table = student.model.embedder.subword_embedding.weight
    assert table.shape[1] == 40
    assert compute_logits(student, DOCUMENTS).isfinite().all()


def test_parameters_are_counted_by_kind(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path)
    model: StudentModel = student.model
    tables = [
        model.embedder.subword_embedding,
        model.embedder.affix_embedding,
        model.embedder.shape_embedding,
    ]
    expected = sum(table.weight.numel() for table in tables)
    counts = count_parameters(model)
    assert counts["embedding"] == expected
    # LSTM, each direction 4·12·(24 + 12 + 2); output 24 · 9 + 9
    assert counts["other"] == 2 * 4 * 12 * 38 + 24 * 9 + 9
    assert counts["total"] == counts["embedding"] + counts["other"]


def test_names_of_students() -> None:
    assert {"bilstm-tagger", "bilstm-tower"} <= STUDENTS.keys()
    for name in STUDENTS:
        assert build_student_config(name) == STUDENTS[name]
    with pytest.raises(UserError, match=r"Unknown student 'gru'; its name is ENCODER-HEAD"):
        build_student_config("gru")
    with pytest.raises(ValueError, match="hiden_dim: there is no such option"):
        StudentConfig.from_dict({"hiden_dim": 3})
    with pytest.raises(ValueError, match="no head 'softmax' among tagger, tower, crf, span"):
        StudentConfig(head="softmax")
    for head in ("crf", "span"):
        assert STUDENTS[f"bigru-{head}-tiny"].head == head
        with pytest.raises(ValueError, match=f"a {head} head tells adjacent entities apart"):
            StudentConfig(head=head, roles=False)


def test_predictor_scores_only_the_labels_wanted(tmp_path: Path) -> None:
    for head in HEADS:
        predictor = DistilGLiNER(build_tiny_student(tmp_path, head, max_width=3))
        every = predictor.compute_scores(DOCUMENTS)
        some = predictor.compute_scores(DOCUMENTS, ["city"])
        columns = [1, 3, 5] if head == "span" else [0, 5, 6, 7, 8]
        np.testing.assert_allclose(some, every[:, :, columns], **FLOAT32)
