"""GLiNER at its own best, and the sizes people use: what the students are set against.

No hub is needed: the published architectures are built with random weights, on whose values the
speed does not depend.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.runtime.loaders import GRAPH_FILE
from distilgliner.bundled import bundled_teacher

LAYERS = {"small": 6, "medium": 12}
"""Layers of DeBERTa-v3 small and base, the encoders of gliner_small-v2.1 and gliner_medium-v2.1."""
_ENCODER = {
    "model_type": "deberta-v2",
    "vocab_size": 128004,
    "hidden_size": 768,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "hidden_act": "gelu",
    "max_position_embeddings": 512,
    "relative_attention": True,
    "position_buckets": 256,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False,
    "max_relative_positions": -1,
    "type_vocab_size": 0,
    "layer_norm_eps": 1e-7,
    "pad_token_id": 0,
}
_CALIBRATION_TEXTS = 64


def build_architecture(size: str, folder: Path) -> Path:
    """Save GLiNER `size` v2.1 (a key of `LAYERS`) with random weights and the bundled tokenizer.

    Every score is far below any threshold: random weights would find an entity in every other
    span, and sorting those would cost time that a trained model does not spend. A trained model
    has a few to decode, so that this favours GLiNER a little.
    """
    if (folder / "gliner_config.json").is_file():
        return folder
    import torch
    from gliner import GLiNER

    tokens = json.loads((bundled_teacher() / "gliner_config.json").read_text(encoding="utf-8"))
    config: dict[str, Any] = {
        "model_name": str(bundled_teacher()),
        "encoder_config": {**_ENCODER, "num_hidden_layers": LAYERS[size]},
        "span_mode": "markerV0",
        "max_width": 12,
        "max_len": 384,
        "hidden_size": 512,
        "dropout": 0.4,
        "subtoken_pooling": "first",
        "num_rnn_layers": 1,
        "words_splitter_type": "whitespace",
        "vocab_size": 128004,
        "class_token_index": tokens["class_token_index"],
    }
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the vocabulary is larger than the tokenizer's
        model = GLiNER.from_config(config, backbone_from_pretrained=False)
    _forbid_entities(model)
    _save(model, folder)
    return folder


def export_graphs(source: Path, folder: Path, int8_folder: Path) -> tuple[Path, Path]:
    """Export a checkpoint with the package's own exporter, as fp32 and as int8 (dynamic)."""
    if not (int8_folder / GRAPH_FILE).is_file():
        model = _read(source)
        shutil.rmtree(folder, ignore_errors=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = model.export_to_onnx(folder, quantize=True)
        if found["quantized_path"] is None:
            raise RuntimeError(f"gliner could not quantize {source}.")
        shutil.rmtree(int8_folder, ignore_errors=True)
        int8_folder.mkdir(parents=True)
        for path in folder.iterdir():
            if path.is_file() and path.suffix == ".json":
                shutil.copyfile(path, int8_folder / path.name)
        # The last step: a folder with a graph is complete.
        Path(found["quantized_path"]).rename(int8_folder / GRAPH_FILE)
    return folder, int8_folder


def compress_prompts(
    source: Path, folder: Path, texts: Sequence[str], labels: Sequence[str]
) -> Path:
    """Save a checkpoint whose labels are vectors, averaged over texts, instead of a prompt."""
    if not (folder / "gliner_config.json").is_file():
        model = _read(source)
        model.compress_prompt_embeddings(list(texts[:_CALIBRATION_TEXTS]), list(labels))
        _save(model, folder)
    return folder


def _forbid_entities(model: Any) -> None:
    """Shift span and label vectors apart, so that every dot product is near −hidden_size."""
    import torch

    with torch.no_grad():
        model.model.span_rep_layer.span_rep_layer.out_project[-1].bias.add_(1.0)
        model.model.prompt_rep_layer[-1].bias.sub_(1.0)


def _save(model: Any, folder: Path) -> None:
    """Under another name first: a killed run leaves no half of a model."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    model.save_pretrained(partial, safe_serialization=True)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def _read(folder: Path) -> Any:
    from gliner import GLiNER

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return GLiNER.from_pretrained(str(folder), local_files_only=True)
