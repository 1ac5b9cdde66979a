"""Losses of distillation, one file per family: pure functions of tensors that return a scalar.

A mask says which words count, and what it leaves out has no influence. When nothing counts, the
loss is 0 and has a graph, so that a batch may lack what is to be learned.
"""

from __future__ import annotations

from distilgliner.distill.objective.losses.attention import attention_kl, attention_mse
from distilgliner.distill.objective.losses.crf import chain_cross_entropy, chain_soft_cross_entropy
from distilgliner.distill.objective.losses.spans import span_binary_cross_entropy, span_binary_kl
from distilgliner.distill.objective.losses.states import (
    states_cosine,
    states_fsp,
    states_mmd,
    states_mse,
    states_nst,
    states_pkd,
)
from distilgliner.distill.objective.losses.tags import (
    compute_log_probabilities,
    cross_entropy,
    logit_mse,
    reverse_kl,
    soft_cross_entropy,
)

__all__ = [
    "attention_kl",
    "attention_mse",
    "chain_cross_entropy",
    "chain_soft_cross_entropy",
    "compute_log_probabilities",
    "cross_entropy",
    "logit_mse",
    "reverse_kl",
    "soft_cross_entropy",
    "span_binary_cross_entropy",
    "span_binary_kl",
    "states_cosine",
    "states_fsp",
    "states_mmd",
    "states_mse",
    "states_nst",
    "states_pkd",
]
