"""Tiny GLiNER checkpoints with random weights, one of each architecture that annotate takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from distilgliner.bundled import bundled_teacher

KINDS = ("uni-encoder span", "uni-encoder token", "bi-encoder span", "bi-encoder token")
_SIZE = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}


def save_tiny_teacher(
    kind: str, folder: Path, *, tokenizer_limit: int = 512, **changes: Any
) -> Path:
    """Save a checkpoint of `kind` with the bundled tokenizer; `changes` go into its configuration.

    The weights come from a fixed seed and are scaled up, so that scores differ between spans.
    """
    import torch
    from gliner import GLiNER
    from transformers import AutoTokenizer

    config = json.loads((bundled_teacher() / "gliner_config.json").read_text())
    for name in ("labels_decoder", "relations_layer", "model_type", "transformers_version"):
        config.pop(name, None)
    config["encoder_config"].update(_SIZE)
    config.update(hidden_size=32, model_name=str(bundled_teacher()))
    if kind.endswith("token"):
        config["span_mode"] = "token_level"
    if kind.startswith("bi-encoder"):
        config["labels_encoder"] = str(bundled_teacher())
        config["labels_encoder_config"] = {**config["encoder_config"], **_SIZE}
    else:
        config.pop("labels_encoder", None)
    config.update(changes)
    torch.manual_seed(7)
    model = GLiNER.from_config(config, backbone_from_pretrained=False)
    with torch.no_grad():
        for parameter in model.model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(2.5 if kind.endswith("token") else 1.6)
    processor = model.data_processor
    processor.transformer_tokenizer = AutoTokenizer.from_pretrained(
        bundled_teacher(), model_max_length=tokenizer_limit
    )
    model.save_pretrained(folder, safe_serialization=True)
    return folder
