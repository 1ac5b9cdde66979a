"""The scores of GLiNER's usual span head (`markerV0`), computed with a fraction of the work.

A span's vector is a two-layer network over its first and last word, and its score the product with
a label's vector. The package builds all L × K span vectors, which costs it as much as the encoder.
The first layer, though, is a sum of a start part and an end part, each computed once per word; and
the second layer is linear, so that it can be applied to the few labels instead of the many spans.
The result is the same sum in another order (tested to 1e-4 against the package).
"""

from __future__ import annotations

import math
from typing import Any

import torch

_ENCODER_INPUTS = (
    "input_ids",
    "attention_mask",
    "text_lengths",
    "words_mask",
    "token_lengths",
    "word_lengths",
    "labels_input_ids",
    "labels_attention_mask",
)


def has_marker_head(model: Any) -> bool:
    """Whether `compute_marker_logits` fits a loaded `gliner` model."""
    layer = getattr(model.model, "span_rep_layer", None)
    inner = getattr(layer, "span_rep_layer", None)
    # Anything else than these exact classes, such as a context encoder, may compute otherwise.
    return (
        type(model).__name__ in ("UniEncoderSpanGLiNER", "BiEncoderSpanGLiNER")
        and type(inner).__name__ == "SpanMarkerV0"
        and type(getattr(layer, "context_encoder", None)).__name__ == "IdentityContextEncoder"
        and _is_two_layers(getattr(inner, "out_project", None))
    )


def _is_two_layers(module: Any) -> bool:
    names = [type(layer).__name__ for layer in module] if module is not None else []
    return names == ["Linear", "ReLU", "Dropout", "Linear"]


def compute_marker_logits(model: Any, batch: dict[str, Any], **labels_embeds: Any) -> torch.Tensor:
    """The logits (B, L, K, C) of a collated batch; minus infinity for spans beyond word L.

    B texts of up to L words, spans of 1 … K words, C labels. Takes the model's own word
    and label vectors, as `UniEncoderSpanModel.forward` does.
    """
    inner = model.model
    batch = {k: v.to(model.device) if isinstance(v, torch.Tensor) else v for k, v in batch.items()}
    inputs = {name: batch[name] for name in _ENCODER_INPUTS if name in batch}
    vectors = inner.get_representations(**inputs, **labels_embeds)
    width = model.config.max_width
    words, _ = inner._fit_length(
        vectors.words_embedding, vectors.mask, batch["span_idx"].shape[1] // width
    )
    labels = inner.prompt_rep_layer(vectors.prompts_embedding)  # (B, C, D)
    head = inner.span_rep_layer.span_rep_layer
    first, _, _, second = head.out_project
    start_weight, end_weight = first.weight.chunk(2, dim=1)  # (4D, D) each
    starts = head.project_start(words).relu() @ start_weight.T + first.bias  # (B, L, 4D)
    ends = head.project_end(words).relu() @ end_weight.T
    label_weight = (labels @ second.weight).transpose(1, 2)  # (B, 4D, C)
    label_bias = (labels @ second.bias).unsqueeze(1)  # (B, 1, C)
    batch_size, length, _ = words.shape
    logits = words.new_full((batch_size, length, width, labels.shape[1]), -math.inf)
    for k in range(min(width, length)):
        hidden = (starts[:, : length - k] + ends[:, k:]).relu_()
        logits[:, : length - k, k] = torch.baddbmm(label_bias, hidden, label_weight)
    return logits
