"""Finding a teacher's checkpoint and reading what it is, before its weights are loaded."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from distilgliner.checksums import find_change, hash_file
from distilgliner.corpus.words import WORD_SPLITTER
from distilgliner.errors import UserError, missing_extra
from distilgliner.finish import read_finish
from distilgliner.hub import fetch_snapshot, find_built_in, is_hub_id
from distilgliner.parsing import parse_json, read_text

CONFIG_FILE = "gliner_config.json"
FINETUNED_FILE = "finetune.json"
"""What `finetune` writes last: the hashes of the checkpoint's files among other things."""
_WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")  # in the order GLiNER looks for them
_OTHER_RUNTIMES = ["*.onnx", "onnx/*", "openvino/*"]
_DTYPES = {"F16": "float16", "BF16": "bfloat16", "F32": "float32"}
_DEFAULT_MAX_WIDTH = 12
_DEFAULT_MAX_WORDS = 384


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A GLiNER checkpoint on disk."""

    name: str
    """The hub id, or the folder's own name."""
    folder: Path
    weight_hash: str
    """32 hex digits: blake2b of the weight file."""
    kind: str
    """"uni-encoder span", "uni-encoder token", "bi-encoder span" or "bi-encoder token"."""
    max_width: int
    """Words of the longest span that is scored. GLiNER's token models decode spans of any width;
    theirs is this configuration field too (12 when absent)."""
    max_words: int
    word_splitter: str
    prompt_tokens: tuple[str, str]
    """The entity marker and the separator of the prompt."""
    is_local: bool
    """False for a checkpoint of the hub, whose tokenizer may have to come from there as well."""
    encoder_size: tuple[int, int] | None
    """Layers and hidden size D of the text encoder; None where only the loaded model tells."""

    @property
    def overlap_words(self) -> int:
        """Words that two windows of a long document share."""
        return 2 * self.max_width

    def read_dtype(self) -> str | None:
        """The type of most of the weights, as "float16"; None when they are not in safetensors."""
        path = self.folder / _WEIGHT_FILES[0]
        if not path.is_file():
            return None
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        types = Counter(entry["dtype"] for name, entry in header.items() if name[:2] != "__")
        return _DTYPES.get(types.most_common(1)[0][0])

    @property
    def is_token_model(self) -> bool:
        return self.kind.endswith("token")


def find_checkpoint(id_or_folder: str | Path) -> Checkpoint:
    """Find a GLiNER checkpoint: a folder, "bundled", or a hub id (fetched when not yet cached).

    Reads its configuration and hashes its weights, but loads nothing.
    Raises `UserError` when it is missing, unreachable, no checkpoint, or of a kind without the
    span scores that distilling needs.
    """
    name, built_in = str(id_or_folder), find_built_in(id_or_folder)
    folder = built_in or Path(id_or_folder).expanduser()
    is_local = folder.exists() or isinstance(id_or_folder, Path) or not is_hub_id(name)
    if is_local:
        if not folder.is_dir():
            raise UserError(
                f"The teacher {name!r} is not a folder; give the folder of a GLiNER checkpoint "
                f"(with {CONFIG_FILE}) or a Hugging Face id such as urchade/gliner_small-v2.1."
            )
        name = folder.resolve().name if built_in is None else name
    else:
        folder = fetch_snapshot(name, "teacher", ignore_patterns=_OTHER_RUNTIMES)
    config = _read_config(folder)
    weights = next((folder / file for file in _WEIGHT_FILES if (folder / file).is_file()), None)
    if weights is None:
        raise UserError(
            f"{folder}: neither {_WEIGHT_FILES[0]} nor {_WEIGHT_FILES[1]} is there; "
            "give the folder of a complete GLiNER checkpoint."
        )
    weight_hash = hash_file(weights)
    _check_unchanged(folder, weights.name, weight_hash)
    return Checkpoint(
        name=name,
        folder=folder,
        weight_hash=weight_hash,
        kind=_compute_kind(config, name),
        max_width=int(config.get("max_width") or _DEFAULT_MAX_WIDTH),
        max_words=int(config.get("max_len") or _DEFAULT_MAX_WORDS),
        word_splitter=config.get("words_splitter_type") or WORD_SPLITTER,
        prompt_tokens=(config.get("ent_token", "<<ENT>>"), config.get("sep_token", "<<SEP>>")),
        is_local=is_local,
        encoder_size=_find_encoder_size(config),
    )


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise UserError(
            f"{folder} is not a GLiNER checkpoint: {CONFIG_FILE} is missing; "
            "give the folder that contains it."
        )
    try:
        config = parse_json(read_text(path))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} is not readable JSON ({error}); fetch the checkpoint again."
        ) from None
    if not isinstance(config, dict):
        raise UserError(f"{path} is not a JSON object; fetch the checkpoint again.")
    return config


def _compute_kind(config: dict[str, Any], name: str) -> str:
    """The architecture, by the fields that `GLiNER._get_gliner_class` looks at."""
    is_token = config.get("span_mode") == "token_level"
    unfit = None
    if config.get("model_type") == "gliner_streaming_span":
        unfit = "a streaming model, which reads text only from left to right"
    elif config.get("relations_layer") is not None:
        unfit = "a relation extraction model"
    elif config.get("labels_decoder") is not None:
        unfit = "a model that generates its labels with a decoder"
    elif config.get("precomputed_prompts_mode"):
        unfit = "a model with a built-in label set (compressed prompts)"
    elif is_token and config.get("represent_spans"):
        unfit = "a token model that rescores only the spans it has already chosen"
    if unfit is not None:
        raise UserError(
            f"The teacher {name!r} is {unfit}, and has no scores for every span and label; "
            "use a plain span or token GLiNER checkpoint, such as urchade/gliner_small-v2.1."
        )
    encoder = "uni-encoder" if config.get("labels_encoder") is None else "bi-encoder"
    return f"{encoder} {'token' if is_token else 'span'}"


def _find_encoder_size(config: dict[str, Any]) -> tuple[int, int] | None:
    encoder = config.get("encoder_config")
    if not isinstance(encoder, dict):  # older checkpoints only name the encoder
        return None
    layers, dim = encoder.get("num_hidden_layers"), encoder.get("hidden_size")
    return (layers, dim) if isinstance(layers, int) and isinstance(dim, int) else None


def _check_unchanged(folder: Path, weights: str, weight_hash: str) -> None:
    """Raise `UserError` where a checkpoint of `finetune` is not the one that it wrote."""
    mark = folder / FINETUNED_FILE
    if not mark.is_file():
        return
    remedy = "copy its folder anew, or run the same distilgliner finetune command again"
    files = read_finish(mark, remedy, ()).get("files")
    if not isinstance(files, dict):
        return  # of an earlier version
    hashes = {name: wanted for name, wanted in files.items() if name != weights}
    damage = find_change(folder, hashes)
    if files.get(weights, weight_hash) != weight_hash:
        damage = f"{weights} has changed since it was written"
    if damage is not None:
        raise UserError(
            f"{folder} is damaged ({damage}); {remedy}. If the change is meant, remove "
            f"{FINETUNED_FILE}."
        )


def check_packages() -> None:
    """Raise `UserError` that names the extra when a package for annotating is not installed."""
    for package in ("torch", "gliner", "pyarrow"):
        if find_spec(package) is None:
            raise missing_extra(package, "annotate")
