"""What heads of each kind are taught, and by which loss."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distilgliner.annotate.spans import AnnotatedDocument, build_span_scores
from distilgliner.distill.batch import Batch
from distilgliner.distill.config import TERMS, SoftTerm, TargetConfig, TermsConfig
from distilgliner.distill.objective.head_losses import (
    ChainLoss,
    SpanLoss,
    TagLoss,
    find_head_loss,
)
from distilgliner.distill.objective.losses import (
    chain_cross_entropy,
    chain_soft_cross_entropy,
    span_binary_cross_entropy,
    span_binary_kl,
)
from distilgliner.distill.objective.objective import Objective
from distilgliner.distill.targets.distribution import compute_soft_targets, scale_spans
from distilgliner.distill.targets.forms import find_form
from distilgliner.distill.targets.segmentation import compute_transitions
from distilgliner.distill.training.batches import build_batch
from distilgliner.distill.training.examples import Example
from distilgliner.errors import UserError
from distilgliner.student.config import StudentConfig
from distilgliner.student.folder import Student
from distilgliner.student.model import StudentOutput
from tiny_store import build_tiny_student

TEXT = "Ada Lovelace met Bob ."
# "Ada Lovelace" is a person (logit 2) or Ada alone is (0), "Bob" a city (1); one span is below 1%,
# and one is longer than the three words that the student of these tests can see.
SPANS = [(0, 1, 0, 0.0), (0, 2, 0, 2.0), (0, 4, 1, -1.0), (3, 4, 1, 1.0), (4, 5, 0, -6.0)]
TARGET = TargetConfig()
SOFT = SoftTerm()


def build_document(text: str = TEXT, spans: list[Any] = SPANS) -> AnnotatedDocument:
    words, position = [], 0
    for word in text.split():
        words.append((position, position + len(word)))
        position += len(word) + 1
    table = np.array(spans, dtype=np.float64).reshape(-1, 4)
    return AnnotatedDocument("1", text, words, build_span_scores(*table.T))


def scale(document: AnnotatedDocument, config: TargetConfig = TARGET) -> AnnotatedDocument:
    return replace(document, spans=scale_spans(document, config))


def teach(student: Student, *documents: AnnotatedDocument, **fields: Any) -> list[Example]:
    compute = find_form(student.config)
    return [Example(d.text.split(), **compute(scale(d), 2, TARGET), **fields) for d in documents]


def compute(student: Student, examples: list[Example]) -> tuple[Batch, StudentOutput]:
    batch = build_batch(examples, student.featurizer, 9)
    return batch, student.model.compute(batch.words, [])


def objective_of(student: Student, examples: list[Example], **terms: Any) -> float:
    batch, output = compute(student, examples)
    objective = Objective(TermsConfig.model_validate(terms), student.model, 0)
    loss = objective(output, batch, TERMS, 0.0)
    loss.backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in student.model.parameters())
    return loss.item()


def test_each_head_has_its_own() -> None:
    kinds = {
        "tagger": TagLoss,
        "tower": TagLoss,
        "crf": ChainLoss,
        "span": SpanLoss,
    }
    for head, kind in kinds.items():
        assert isinstance(find_head_loss(StudentConfig(head=head)), kind)


def test_a_chain_learns_the_teachers_distribution_of_sequences(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path, "crf")
    document, other = build_document(), build_document("Bob .", [(0, 1, 0, 3.0)])
    examples = teach(student, document, other)
    batch, output = compute(student, examples)
    assert output.transitions is not None
    counts = sum(
        compute_transitions(
            len(d.words), 2, d.spans.word_start[kept], d.spans.word_end[kept],
            d.spans.label_index[kept], d.spans.logit[kept].astype(np.float64),
        )
        for d in (document, other)
        for kept in [d.spans.logit > math.log(0.01 / 0.99)]
    )  # fmt: skip
    wanted = chain_soft_cross_entropy(
        output.logits, batch.soft, torch.tensor(counts).float(), batch.soft_mask, output.transitions
    )
    soft = compute_soft_targets(document, 2, TARGET, roles=True)
    np.testing.assert_array_equal(batch.soft[0, : len(soft)].numpy(), soft)
    assert objective_of(student, examples) == pytest.approx(wanted.item(), rel=1e-5)
    assert student.model.head.transitions.grad.abs().sum() > 0  # type: ignore[union-attr]


def test_gold_and_hard_are_likelihoods_of_a_chain(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path, "crf")
    gold, hard = np.array([1, 3, 0, 4, 0]), np.array([0, 0, 0, 8, 0])
    batch, output = compute(student, teach(student, build_document(), gold=gold, hard=hard))
    assert output.transitions is not None
    parts = [
        chain_cross_entropy(output.logits, tags, mask, output.transitions).item()
        for tags, mask in ((batch.gold, batch.gold_mask), (batch.hard, batch.hard_mask))
    ]
    examples = [Example(TEXT.split(), gold=gold), Example(TEXT.split(), hard=hard)]
    found = objective_of(student, examples, hard={"weight": 1.0})
    assert found == pytest.approx(sum(parts) / 2, rel=1e-5)  # as many words in both
    mixed = teach(student, build_document(), gold=gold)
    soft = objective_of(student, teach(student, build_document()))
    found = objective_of(student, mixed, gold={"weight": 0.25})
    assert found == pytest.approx(0.25 * parts[0] + 0.75 * soft, rel=1e-5)


def test_spans_are_learnt_one_by_one(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path, "span", max_width=3)
    examples = teach(student, build_document(), build_document("Bob .", [(0, 1, 0, 3.0)]))
    batch, output = compute(student, examples)
    assert batch.soft_mask.sum(dim=1).tolist() == [5, 2]
    logits = output.logits.unflatten(2, (3, 2))
    wanted = torch.zeros(2, 5, 3, 2)
    wanted[0, 0, 0, 0], wanted[0, 0, 1, 0], wanted[0, 3, 0, 1], wanted[1, 0, 0, 0] = torch.sigmoid(
        torch.tensor([0.0, 2.0, 1.0, 3.0])
    )
    fits = [(0, i, k) for i in range(5) for k in range(3) if i + k < 5]
    fits += [(1, i, k) for i in range(2) for k in range(3) if i + k < 2]
    chosen = tuple(torch.tensor(fits).T)
    assert len(fits) == 12 + 3
    loss = span_binary_kl(logits[chosen].flatten(), wanted[chosen].flatten()) * 2 * 15 / 7
    assert objective_of(student, examples) == pytest.approx(loss.item(), rel=1e-5)
    softer = span_binary_kl(logits[chosen].flatten(), wanted[chosen].flatten(), 2.0) * 2 * 15 / 7
    found = objective_of(student, examples, soft={"temperature": 2.0})
    assert found == pytest.approx(softer.item(), rel=1e-5)


def test_tags_become_spans(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path, "span", max_width=2)
    # "Ada Lovelace" of label 1; then an entity of three words, too long for this student.
    gold = np.array([5, 7, 1, 2, 3])
    batch, output = compute(student, [Example(TEXT.split(), gold=gold)])
    wanted = torch.zeros(1, 5, 2, 2)
    wanted[0, 0, 1, 1] = 1
    logits = output.logits.unflatten(2, (2, 2))
    fits = tuple(torch.tensor([(0, i, k) for i in range(5) for k in range(2) if i + k < 5]).T)
    loss = span_binary_cross_entropy(logits[fits].flatten(), wanted[fits].flatten()) * 2 * 9 / 5
    found = objective_of(student, [Example(TEXT.split(), gold=gold)])
    assert found == pytest.approx(loss.item(), rel=1e-5)
    assert batch.gold_mask.all()


@pytest.mark.parametrize("kind", ["gold", "hard", "soft"])
@pytest.mark.parametrize("head", ["tagger", "crf", "span"])
def test_labels_that_are_not_known_teach_nothing(head: str, kind: str, tmp_path: Path) -> None:
    """As if the student had no other labels: neither its scores nor its loss see them."""
    student = build_tiny_student(tmp_path, head)
    known = np.array([True, False])
    tags = np.array([1, 3, 0, 4, 0])
    document = build_document(spans=[span for span in SPANS if span[2] == 0])
    if kind == "gold":
        example = Example(TEXT.split(), gold=tags, gold_labels=known)
    elif kind == "hard":
        example = Example(TEXT.split(), hard=tags, teacher_labels=known)
    else:
        (example,) = teach(student, document, teacher_labels=known)
    terms = TermsConfig.model_validate({"hard": {"weight": float(kind == "hard")}})
    batch, output = compute(student, [example])
    output.logits.retain_grad()
    loss = Objective(terms, student.model, 0)(output, batch, TERMS, 0.0)
    loss.backward()
    gradient = output.logits.grad
    assert gradient is not None
    unknown = gradient.unflatten(2, (12, 2))[..., 1] if head == "span" else gradient[..., 5:]
    assert not unknown.any()
    assert gradient.abs().sum() > 0

    alone = build_tiny_student(tmp_path, head, labels=("person",))
    with torch.no_grad():
        copy_labels(student, alone)
    if kind == "soft":
        targets = find_form(alone.config)(scale(document), 1, TARGET)
        example = Example(TEXT.split(), **targets)
    example = replace(example, gold_labels=None, teacher_labels=None)
    batch = build_batch([example], alone.featurizer, 5)
    found = Objective(terms, alone.model, 0)(alone.model.compute(batch.words, []), batch, TERMS, 0)
    assert loss.item() == pytest.approx(found.item(), rel=1e-4)


def copy_labels(student: Student, alone: Student) -> None:
    """Give a student of the first label the weights that another has for it."""
    weights = student.model.state_dict()
    is_span = student.config.head == "span"
    for name, value in alone.model.state_dict().items():
        if name.startswith("head.output"):
            rows = [0, 2, 4] if is_span else [0, 1, 2, 3, 4]
            value.copy_(weights[name][rows])
        elif name == "head.width":
            value.copy_(weights[name][:, :1])
        elif name == "head.transitions":
            rows = [0, 1, 2, 3, 4, 9]
            value.copy_(weights[name][rows][:, rows])
        elif name not in ("head.scale", "head.shift"):
            value.copy_(weights[name])


@pytest.mark.parametrize("head", ["crf", "span"])
def test_a_batch_may_lack_everything(head: str, tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path, head)
    assert objective_of(student, [Example(["Ada"])]) == 0


def test_a_teachers_bias_and_temperature_move_spans() -> None:
    config = TargetConfig(teacher_bias=1.0, span_temperature=0.5, span_floor=0.3)
    targets = find_form(StudentConfig(head="span", max_width=4))(
        scale(build_document(), config), 2, config
    )["spans"]
    # Logits of 0, 2 and 1 are above 30%; less 1, and doubled: −2, 2 and 0.
    assert targets.places.tolist() == [[0, 0, 0], [0, 1, 0], [3, 0, 1]]
    assert targets.values == pytest.approx([1 / (1 + math.exp(-z)) for z in (-2, 2, 0)])
    assert (targets.places.dtype, targets.values.dtype) == (np.int32, np.float32)


@pytest.mark.parametrize(
    ("loss", "soft", "target", "message"),
    [
        (ChainLoss(), {"loss": "mse"}, {}, "A crf student can learn .* only by soft.loss kl"),
        (ChainLoss(), {"temperature": 2}, {}, "soft.temperature cannot soften"),
        (ChainLoss(), {"temperature_schedule": "flsw"}, {}, "temperature_schedule constant"),
        (ChainLoss(), {}, {"word_temperature": 0.5}, "word_temperature cannot sharpen"),
        (SpanLoss(3), {"loss": "reverse_kl"}, {}, "A span student can learn .* only"),
        (SpanLoss(3), {}, {"word_temperature": 0.5}, "word_temperature does not change"),
    ],
)
def test_settings_that_cannot_be_followed(
    loss: ChainLoss | SpanLoss,
    soft: dict[str, Any],
    target: dict[str, Any],
    message: str,
) -> None:
    loss.check(SOFT, TARGET)
    with pytest.raises(UserError, match=message):
        loss.check(SoftTerm.model_validate(soft), TargetConfig.model_validate(target))
    TagLoss(roles=True).check(SoftTerm.model_validate(soft), TargetConfig.model_validate(target))
