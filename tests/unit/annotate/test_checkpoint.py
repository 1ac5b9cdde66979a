"""A teacher that cannot be used is refused in one sentence, before anything is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from distilgliner.annotate.checkpoint import find_checkpoint
from distilgliner.bundled import bundled_teacher
from distilgliner.errors import UserError
from distilgliner.finish import write_finish


def _folder(path: Path, **changes: object) -> Path:
    path.mkdir(exist_ok=True)
    (path / "gliner_config.json").write_text(json.dumps({"max_len": 100, **changes}))
    (path / "model.safetensors").write_bytes(b"weights")
    return path


def test_bundled_checkpoint() -> None:
    found = find_checkpoint("bundled")
    assert (found.name, found.kind) == ("bundled", "uni-encoder span")
    assert (found.max_width, found.max_words, found.word_splitter) == (12, 256, "whitespace")
    assert found.weight_hash == find_checkpoint(bundled_teacher()).weight_hash
    assert found.encoder_size == (6, 384)


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({}, "uni-encoder span"),
        ({"span_mode": "token_level"}, "uni-encoder token"),
        ({"labels_encoder": "x"}, "bi-encoder span"),
        ({"labels_encoder": "x", "span_mode": "token_level"}, "bi-encoder token"),
    ],
)
def test_kinds_and_defaults(tmp_path: Path, config: dict[str, object], kind: str) -> None:
    found = find_checkpoint(_folder(tmp_path / "my-model", **config))
    assert (found.name, found.kind, found.max_width) == ("my-model", kind, 12)
    assert found.is_local
    assert found.encoder_size is None  # only the loaded model tells


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"relations_layer": "dot"}, "relation extraction"),
        ({"labels_decoder": "gpt2"}, "generates its labels"),
        ({"model_type": "gliner_streaming_span"}, "streaming"),
        ({"precomputed_prompts_mode": True}, "built-in label set"),
        ({"span_mode": "token_level", "represent_spans": True}, "rescores"),
    ],
)
def test_kinds_without_span_scores(tmp_path: Path, config: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        find_checkpoint(_folder(tmp_path, **config))


def test_folders_that_are_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a folder; give the folder"):
        find_checkpoint(tmp_path / "missing")
    with pytest.raises(UserError, match="is not a folder; give the folder"):
        find_checkpoint("./missing")
    with pytest.raises(UserError, match=r"gliner_config\.json is missing"):
        find_checkpoint(tmp_path)
    folder = _folder(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"neither model\.safetensors nor pytorch_model\.bin"):
        find_checkpoint(folder)
    (folder / "gliner_config.json").write_text("[")
    with pytest.raises(UserError, match="not readable JSON"):
        find_checkpoint(folder)


def test_unreachable_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    huggingface_hub = pytest.importorskip("huggingface_hub")

    def unreachable(*_: object, **__: object) -> str:
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unreachable)
    with pytest.raises(UserError, match=r"no route.*give the folder of a downloaded one"):
        find_checkpoint("nobody/no-such-model")


def test_damaged_weights(tmp_path: Path) -> None:
    pytest.importorskip("gliner", reason="needs the extra 'annotate'")
    from distilgliner.annotate.teacher import load_teacher

    for name in ("gliner_config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((bundled_teacher() / name).read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(UserError, match="could not be loaded as a GLiNER checkpoint"):
        load_teacher(tmp_path)


def test_a_finetuned_checkpoint_is_the_one_that_was_written(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "m")
    (folder / "tokenizer.json").write_text("{}")
    names = ["gliner_config.json", "model.safetensors", "tokenizer.json"]
    write_finish(folder / "finetune.json", {"dev_f1": 0.5}, names)
    find_checkpoint(folder)
    for name in names[1:]:
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(UserError, match=rf"is damaged \({name} has changed.*copy its folder"):
            find_checkpoint(folder)
        (folder / name).write_bytes(whole)
    config = (folder / names[0]).read_text()
    (folder / names[0]).write_text(config.replace("{", "{ ", 1))
    with pytest.raises(UserError, match=r"gliner_config\.json has changed"):
        find_checkpoint(folder)
    (folder / "finetune.json").unlink()  # the change is meant
    find_checkpoint(folder)
