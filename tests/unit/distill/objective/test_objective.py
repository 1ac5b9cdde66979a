"""The objective: which words count, what each term weighs, and what a term needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distilgliner.distill.batch import Batch
from distilgliner.distill.config import TERMS, TermsConfig
from distilgliner.distill.objective.losses import (
    cross_entropy,
    logit_mse,
    soft_cross_entropy,
    states_fsp,
    states_mse,
)
from distilgliner.distill.objective.objective import Objective, compute_relations
from distilgliner.distill.objective.terms import resolve_terms, use_states
from distilgliner.distill.training.batches import build_batch
from distilgliner.distill.training.examples import Example
from distilgliner.errors import UserError
from distilgliner.student.folder import Student
from distilgliner.student.model import StudentOutput
from tiny_store import build_tiny_student

WORDS = ["Ada", "met", "Bob"]
GOLD = np.array([4, 0, 4])
HARD = np.array([0, 0, 4])
SOFT = np.full((3, 9), 1 / 9, dtype=np.float32)
STATES = np.random.default_rng(0).normal(size=(2, 3, 6)).astype(np.float16)


@pytest.fixture
def student(tmp_path: Path) -> Student:
    return build_tiny_student(tmp_path)


def compute(student: Student, examples: list[Example]) -> tuple[Batch, StudentOutput]:
    batch = build_batch(examples, student.featurizer, 9)
    return batch, student.model.compute(batch.words, [])


def build(student: Student, terms: dict[str, Any], dim: int = 0) -> Objective:
    torch.manual_seed(0)
    return Objective(TermsConfig.model_validate(terms), student.model, dim)


def loss_of(
    student: Student, examples: list[Example], terms: dict[str, Any], progress: float = 0.0
) -> float:
    batch, output = compute(student, examples)
    return build(student, terms)(output, batch, TERMS, progress).item()


def test_gold_takes_its_weight_and_the_teacher_the_rest(student: Student) -> None:
    example = Example(WORDS, gold=GOLD, soft=SOFT)
    batch, output = compute(student, [example])
    gold = cross_entropy(output.logits, batch.gold, batch.gold_mask).item()
    soft = soft_cross_entropy(output.logits, batch.soft, batch.soft_mask).item()
    assert abs(gold - soft) > 0.1
    for weight in (0.0, 0.3, 1.0):
        expected = weight * gold + (1 - weight) * soft
        found = loss_of(student, [example], {"gold": {"weight": weight}})
        assert found == pytest.approx(expected, rel=1e-5)


def test_hard_and_soft_add_up(student: Student) -> None:
    example = Example(WORDS, gold=GOLD, hard=HARD, soft=SOFT)
    batch, output = compute(student, [example])
    gold = cross_entropy(output.logits, batch.gold, batch.gold_mask).item()
    hard = cross_entropy(output.logits, batch.hard, batch.hard_mask).item()
    mse = logit_mse(output.logits, batch.soft, batch.soft_mask, 2.0).item()
    terms = {
        "gold": {"weight": 0.5},
        "hard": {"weight": 3.0},
        "soft": {"weight": 0.1, "loss": "mse", "temperature": 2.0},
    }
    expected = 0.5 * gold + 0.5 * (3 * hard + 0.1 * mse)
    assert loss_of(student, [example], terms) == pytest.approx(expected, rel=1e-5)


def test_weights_follow_their_schedule(student: Student) -> None:
    example = Example(WORDS, soft=SOFT)
    full = loss_of(student, [example], {})
    terms = {"soft": {"schedule": "linear_decay"}}
    for progress in (0.0, 0.25, 1.0):
        found = loss_of(student, [example], terms, progress)
        assert found == pytest.approx((1 - progress) * full, rel=1e-5)


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("kind", ["gold", "soft"])
def test_a_batch_may_lack_a_kind_of_target(student: Student, kind: str, weight: float) -> None:
    example = Example(WORDS, gold=GOLD) if kind == "gold" else Example(WORDS, soft=SOFT)
    batch, output = compute(student, [example])
    loss = build(student, {"gold": {"weight": weight}})(output, batch, TERMS, 0.0)
    loss.backward()
    gold = cross_entropy(output.logits, batch.gold, batch.gold_mask).item()
    soft = soft_cross_entropy(output.logits, batch.soft, batch.soft_mask).item()
    assert loss.item() == pytest.approx(gold if kind == "gold" else soft, rel=1e-5)


def test_every_word_counts_the_same(student: Student) -> None:
    parts = [Example(WORDS, gold=GOLD), Example(WORDS * 2, soft=np.tile(SOFT, (2, 1)))]
    alone = [loss_of(student, [part], {}) for part in parts]
    together = loss_of(student, parts, {})
    assert together == pytest.approx((alone[0] + 2 * alone[1]) / 3, rel=1e-5)


def test_a_stage_counts_only_its_terms(student: Student) -> None:
    example = Example(WORDS, gold=GOLD, soft=SOFT, states=STATES)
    batch, output = compute(student, [example])
    objective = build(student, {"states": {"weight": 2.0, "loss": "mse"}}, dim=6)
    gold = cross_entropy(output.logits, batch.gold, batch.gold_mask)
    assert objective(output, batch, ("gold",), 0.0).item() == pytest.approx(gold.item())
    states = states_mse(objective.upper(output.states), batch.states[-1], batch.states_mask)
    assert objective(output, batch, ("states",), 0.0).item() == pytest.approx(2 * states.item())


@pytest.mark.parametrize("loss", ["mse", "cosine", "pkd", "nst", "mmd", "fsp"])
def test_states_teach_the_student_and_the_projection(student: Student, loss: str) -> None:
    example = Example(WORDS, states=STATES)
    batch, output = compute(student, [example, Example(["Ada"])])
    objective = build(student, {"states": {"weight": 1.0, "loss": loss}}, dim=6)
    value = objective(output, batch, TERMS, 0.0)
    value.backward()
    assert value.item() > 0
    for module in (student.model.encoder, student.model.embedder, objective):
        assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())
    if loss == "fsp":
        expected = states_fsp(
            objective.lower(output.vectors), objective.upper(output.states),
            batch.states[0], batch.states[1], batch.states_mask,
        )  # fmt: skip
        assert value.item() == pytest.approx(expected.item())


def test_attention_needs_a_student_that_attends(student: Student, tmp_path: Path) -> None:
    terms = {"attention": {"weight": 1.0}}
    with pytest.raises(UserError, match="needs a student that attends"):
        build(student, terms, dim=6)
    attending = build_tiny_student(tmp_path, encoder="transformer", hidden_dim=32)
    with pytest.raises(UserError, match="annotate with --states -1"):
        build(attending, terms)
    batch, output = compute(attending, [Example(WORDS, states=STATES), Example(["Ada"])])
    loss = build(attending, terms, dim=6)(output, batch, TERMS, 0.0)
    loss.backward()
    weight = attending.model.encoder.layers[-1].query_key_value.weight  # type: ignore[union-attr,index]
    assert loss.item() > 0
    assert weight.grad.abs().sum() > 0


def test_relations_are_a_softmax_of_scalar_products() -> None:
    # Words (2, 0) and (0, 2): s sᵀ / √2 is 2.83 with itself and 0 with the other.
    states = torch.tensor([[[2.0, 0.0], [0.0, 2.0], [9.0, 9.0]]])
    mask = torch.tensor([[True, True, False]])
    relations = compute_relations(states, mask)
    assert relations.shape == (1, 1, 3, 3)
    own = 1 / (1 + np.exp(-(4 / np.sqrt(2))))
    np.testing.assert_allclose(
        relations[0, 0, :2], [[own, 1 - own, 0], [1 - own, own, 0]], rtol=1e-5
    )


def test_hard_has_decisions_in_place_of_the_distribution() -> None:
    terms = resolve_terms("hard", TermsConfig())
    assert (terms.hard.weight, terms.soft.weight) == (1, 0)
    terms = resolve_terms("soft", TermsConfig())
    assert (terms.hard.weight, terms.soft.weight) == (0, 1)


@pytest.mark.parametrize(
    ("targets", "weight", "has_states", "expected"),
    [
        ("soft", None, True, 1.0),
        ("hard", None, True, 1.0),
        ("mixed", None, True, 1.0),
        ("gold", None, True, 0.0),
        ("soft", None, False, 0.0),
        ("soft", 0.0, True, 0.0),
        ("gold", 0.5, False, 0.5),
    ],
)
def test_states_are_learnt_where_they_are_kept(
    targets: str, weight: float | None, has_states: bool, expected: float
) -> None:
    config = TermsConfig.model_validate({"states": {"weight": weight}})
    assert use_states(config, targets, has_states=has_states) == (expected > 0)
    resolved = resolve_terms(targets, config, has_states=has_states)
    assert resolved.states.weight == resolved.states_weight == expected


PERSON_ONLY, CITY_ONLY = np.array([True, False]), np.array([False, True])


def compute_masked(
    student: Student, examples: list[Example], terms: dict[str, Any]
) -> tuple[float, torch.Tensor]:
    """The loss of examples, and its gradient by the logits."""
    batch, output = compute(student, examples)
    logits = output.logits.detach().requires_grad_()
    states = output.states.detach()
    given = StudentOutput(logits, output.vectors, states)
    loss = build(student, terms)(given, batch, TERMS, 0.0)
    loss.backward()
    assert logits.grad is not None
    return loss.item(), logits.grad


@pytest.mark.parametrize(
    "soft",
    [
        {},
        {"temperature": 4.0},
        {"loss": "reverse_kl"},
        {"loss": "mse"},
        {"temperature": 2.0, "temperature_schedule": "flsw"},
        {"temperature": 2.0, "temperature_schedule": "cwsm"},
    ],
)
def test_nothing_is_learnt_of_unknown_labels(student: Student, soft: dict[str, Any]) -> None:
    people = np.zeros((3, 9), dtype=np.float32)
    people[:, 0], people[0, 0], people[0, 4] = 1, 0.2, 0.8
    examples = [
        Example(WORDS, gold=GOLD, hard=HARD, gold_labels=PERSON_ONLY, teacher_labels=PERSON_ONLY),
        Example(WORDS, gold=GOLD, soft=people, gold_labels=PERSON_ONLY, teacher_labels=PERSON_ONLY),
        Example(WORDS, gold=GOLD, soft=SOFT),
        Example(WORDS, gold=GOLD * 0, soft=people[:, [0, 5, 6, 7, 8, 1, 2, 3, 4]],
                gold_labels=CITY_ONLY, teacher_labels=CITY_ONLY),
    ]  # fmt: skip
    loss, gradient = compute_masked(student, examples, {"soft": soft, "hard": {"weight": 0.5}})
    assert np.isfinite(loss)
    assert gradient[:2, :, 5:].abs().max() == 0
    assert gradient[3, :, 1:5].abs().max() == 0
    assert gradient[:2, :, :5].abs().sum() > 0
    assert gradient[2].abs().min() > 0
    assert gradient[3, :, 5:].abs().sum() > 0
    # a softmax is pushed nowhere as a whole
    if soft.get("loss") != "mse":
        assert gradient.sum(dim=-1).abs().max() < 1e-6


def test_the_answer_is_that_of_a_student_without_the_label(student: Student) -> None:
    example = Example(WORDS, gold=GOLD, gold_labels=PERSON_ONLY)
    batch, output = compute(student, [example])
    expected = cross_entropy(output.logits[..., :5], batch.gold, batch.gold_mask).item()
    assert loss_of(student, [example], {}) == pytest.approx(expected, rel=1e-6)
    without = Example(WORDS, gold=GOLD)
    assert loss_of(student, [without], {}) > expected


def test_people_and_teacher_may_know_different_labels(student: Student) -> None:
    example = Example(WORDS, gold=GOLD, soft=SOFT, gold_labels=PERSON_ONLY)
    _, gradient = compute_masked(student, [example], {"gold": {"weight": 0.5}})
    _, taught = compute_masked(student, [Example(WORDS, soft=SOFT)], {})
    torch.testing.assert_close(gradient[..., 5:], taught[..., 5:] / 2)


def test_documents_count_by_their_words_whatever_they_know(student: Student) -> None:
    parts = [
        Example(WORDS, gold=GOLD, gold_labels=PERSON_ONLY),
        Example(WORDS * 2, gold=np.tile(GOLD * 0, 2), gold_labels=CITY_ONLY),
    ]
    alone = [loss_of(student, [part], {}) for part in parts]
    together = loss_of(student, parts, {})
    assert together == pytest.approx((alone[0] + 2 * alone[1]) / 3, rel=1e-5)
