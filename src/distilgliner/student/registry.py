"""Where the parts of a student are found by name: ours, and those of other packages.

Another package adds an encoder with two entry points of the same name: in the group
`distilgliner.encoders` the torch module, and in `distilgliner.graph_encoders` a function
`(builder, config, vectors) -> states` that adds its ONNX nodes, for export. A head has three: in
`distilgliner.heads` a class like those of `student/heads/head.py`, in `distilgliner.graph_heads` a
function `(builder, config, states) -> scores`, and in `distilgliner.decoders` a class like those of
`student/decoding/decoders.py`, which turns scores into entities without torch.
docs/how-to/extend.md has an example. Where names are equal, ours are taken.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Literal

from distilgliner.errors import UserError

Group = Literal["encoders", "graph_encoders", "heads", "graph_heads", "decoders"]

_OURS: dict[Group, dict[str, str]] = {
    "encoders": {
        "bilstm": "distilgliner.student.encoders.bilstm:BiLstmEncoder",
        "bigru": "distilgliner.student.encoders.bigru:BiGruEncoder",
        "cnn": "distilgliner.student.encoders.cnn:CnnEncoder",
        "transformer": "distilgliner.student.encoders.transformer:TransformerEncoder",
    },
    "graph_encoders": {
        "bilstm": "distilgliner.runtime.encoders.bilstm:add_bilstm",
        "bigru": "distilgliner.runtime.encoders.bigru:add_bigru",
        "cnn": "distilgliner.runtime.encoders.cnn:add_cnn",
        "transformer": "distilgliner.runtime.encoders.transformer:add_transformer",
    },
    "heads": {
        "tagger": "distilgliner.student.heads.tagger:TaggerHead",
        "tower": "distilgliner.student.heads.tagger:TowerHead",
        "crf": "distilgliner.student.heads.crf:CrfHead",
        "span": "distilgliner.student.heads.span:SpanHead",
    },
    "graph_heads": {
        "tagger": "distilgliner.runtime.heads.tagger:add_tagger",
        "tower": "distilgliner.runtime.heads.tower:add_tower",
        "crf": "distilgliner.runtime.heads.crf:add_crf",
        "span": "distilgliner.runtime.heads.span:add_span",
    },
    "decoders": {
        "tagger": "distilgliner.student.decoding.decoders:TagDecoder",
        "tower": "distilgliner.student.decoding.decoders:TagDecoder",
        "crf": "distilgliner.student.decoding.decoders:TagDecoder",
        "span": "distilgliner.student.decoding.decoders:SpanDecoder",
    },
}
ENCODERS = tuple(_OURS["encoders"])
"""The encoders that come with this package."""
HEADS = tuple(_OURS["heads"])
"""The heads that come with this package."""


def find_names(group: Group) -> tuple[str, ...]:
    """All names of a group: ours, then those of installed packages."""
    return (*_OURS[group], *(name for name in _find_external(group) if name not in _OURS[group]))


def has_part(group: Group, name: str) -> bool:
    """Whether there is a part of this name, ours or another package's."""
    return name in _OURS[group] or name in _find_external(group)


def load_part(group: Group, name: str) -> Any:
    """Import a part. Raises `UserError` when it is unknown or cannot be imported."""
    if name in _OURS[group]:
        module, _, attribute = _OURS[group][name].partition(":")
        return getattr(import_module(module), attribute)
    external = _find_external(group)
    if name not in external:
        raise UserError(
            f"There is no {_DESCRIPTIONS[group]} {name!r}; choose one of "
            f"{', '.join(find_names(group))}, or install the package that brings it."
        )
    try:
        return external[name].load()
    except Exception as error:  # whatever the other package's import raises
        raise UserError(
            f"The {_DESCRIPTIONS[group]} {name!r} of another package cannot be imported: {error}."
        ) from None


_DESCRIPTIONS: dict[Group, str] = {
    "encoders": "encoder",
    "graph_encoders": "ONNX form of an encoder",
    "heads": "head",
    "graph_heads": "ONNX form of a head",
    "decoders": "decoder of a head",
}


@cache
def _find_external(group: Group) -> dict[str, Any]:
    return {entry.name: entry for entry in entry_points(group=f"distilgliner.{group}")}
