"""A student's folder that is damaged, hostile or gone: refused in a sentence, or saved anyhow.

Trained students are read by torch, exported ones by onnxruntime; both have the same promises.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file

from distilgliner import DistilGLiNER, UserError, load_predictor
from distilgliner.bundled import bundled_student
from distilgliner.runtime.export import run_export
from distilgliner.student.folder import write_student
from distilgliner.student.folder_files import HASHED, hash_content, write_manifest
from tiny_store import build_documents, build_tiny_student

TEXTS = [document.text for document in build_documents(10)]
WEIGHTS = {"trained": "model.safetensors", "exported": "model.onnx"}
FILES = [
    (kind, name)
    for kind, weights in WEIGHTS.items()
    for name in ("config.json", "tokenizer.json", weights)
]


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("students")
    write_student(build_tiny_student(root / "vocabulary", "crf"), root / "trained")
    run_export(root / "trained", root / "exported")
    return {kind: root / kind for kind in WEIGHTS}


@pytest.fixture
def folders(originals: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """Copies that a test may damage."""
    for kind, folder in originals.items():
        shutil.copytree(folder, tmp_path / kind)
    return {kind: tmp_path / kind for kind in originals}


def refuse(folder: Path) -> str:
    """The one sentence with which a student is refused, wherever it is opened."""
    messages = set()
    for opening in (DistilGLiNER.from_pretrained, load_predictor):
        with pytest.raises(UserError) as caught:
            opening(folder)
        assert caught.value.__cause__ is None
        messages.add(str(caught.value))
    (message,) = messages
    assert "\n" not in message
    assert str(folder) in message
    return message


def edit_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes), encoding="utf-8")


def renew_hashes(folder: Path) -> None:
    """As an attacker would: the manifest agrees with what the files have become."""
    write_manifest(folder, [name for name in HASHED if (folder / name).is_file()])


@pytest.mark.parametrize(("kind", "name"), FILES)
def test_any_flipped_bit_is_found(kind: str, name: str, folders: dict[str, Path]) -> None:
    path = folders[kind] / name
    content = path.read_bytes()
    for place in np.random.default_rng(0).integers(0, len(content), 4):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(place) % 8
        path.write_bytes(damaged)
        message = refuse(folders[kind])
        assert "distil" in message or "student" in message
    path.write_bytes(content)
    DistilGLiNER.from_pretrained(folders[kind])


@pytest.mark.parametrize(("kind", "name"), FILES)
def test_a_file_that_is_cut_off(kind: str, name: str, folders: dict[str, Path]) -> None:
    path = folders[kind] / name
    path.write_bytes(path.read_bytes()[:-1])
    assert f"{name} is not the file that manifest.json" in refuse(folders[kind]) or name == (
        "config.json"  # whose last character is the end of a line
    )


@pytest.mark.parametrize("kind", WEIGHTS)
def test_labels_are_not_renamed_by_hand(kind: str, folders: dict[str, Path]) -> None:
    edit_config(folders[kind], labels=["city", "person"])
    assert "labels cannot be renamed in it" in refuse(folders[kind])


@pytest.mark.parametrize("kind", WEIGHTS)
def test_a_folder_without_hashes_opens(kind: str, folders: dict[str, Path]) -> None:
    """As older versions wrote; and a card may be changed."""
    wanted = DistilGLiNER.from_pretrained(folders[kind]).batch_predict_entities(TEXTS)
    (folders[kind] / "README.md").write_text("Our own card.", encoding="utf-8")
    assert DistilGLiNER.from_pretrained(folders[kind]).batch_predict_entities(TEXTS) == wanted
    (folders[kind] / "manifest.json").unlink()
    assert DistilGLiNER.from_pretrained(folders[kind]).batch_predict_entities(TEXTS) == wanted


@pytest.mark.parametrize("content", ["[]", "null", "{", '{"blake2b": 3}', "[" * 100_000])
@pytest.mark.parametrize("kind", WEIGHTS)
def test_a_manifest_that_is_none(kind: str, content: str, folders: dict[str, Path]) -> None:
    (folders[kind] / "manifest.json").write_text(content, encoding="utf-8")
    assert "manifest.json" in refuse(folders[kind])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_are_numbers(value: float, folders: dict[str, Path], tmp_path: Path) -> None:
    for name in ("head.output.weight", "embedder.subword_embedding.weight"):
        weights = load_file(folders["trained"] / "model.safetensors")
        weights[name] = weights[name].copy()
        weights[name].flat[-1] = value
        save_file(weights, folders["trained"] / "model.safetensors")
        renew_hashes(folders["trained"])
        assert "no numbers" in refuse(folders["trained"])
    with pytest.raises(UserError, match="no numbers"):
        run_export(folders["trained"], tmp_path / "out")
    graph = onnx.load(folders["exported"] / "model.onnx")
    for tensor in graph.graph.initializer:
        if tensor.name == "head.output.bias":
            array = numpy_helper.to_array(tensor).copy()
            array[0] = value
            tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    onnx.save(graph, folders["exported"] / "model.onnx")
    renew_hashes(folders["exported"])
    assert "no numbers" in refuse(folders["exported"])


@pytest.mark.parametrize(
    "changes",
    [
        {"subword_count": 10**7},
        {"subword_count": 10**18},
        {"subword_count": -1},
        {"subword_count": True},
        {"subword_count": 1.5},
        {"labels": [f"label {number}" for number in range(100_000)]},
        {"labels": "person"},
        {"labels": ["person", "person"]},
        {"labels": ["person", 3]},
        {"labels": [""]},
        {"labels": []},
        {"student": {"affix_buckets": 10**9}},
        {"student": {"shape_buckets": 10**12}},
        {"student": {"hidden_dim": 10**9}},
        {"student": {"subword_dim": 10**15}},
    ],
)
@pytest.mark.parametrize("kind", WEIGHTS)
def test_sizes_that_the_weights_do_not_have(
    kind: str, changes: dict[str, Any], folders: dict[str, Path]
) -> None:
    config = json.loads((folders[kind] / "config.json").read_text())
    if "student" in changes:
        changes = {"student": config["student"] | changes["student"]}
        if kind == "exported" and not {"affix_buckets", "shape_buckets"} & {
            key for key, value in changes["student"].items() if value != config["student"][key]
        }:
            pytest.skip("a graph has its own sizes, and nothing is made of these")
    edit_config(folders[kind], **changes)
    renew_hashes(folders[kind])
    refuse(folders[kind])


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"format": "distilgliner", "subword_count": 1e400}',
        '{"format": "distilgliner", "subword_count": ' + "9" * 5000 + "}",
        "\x00",
    ],
)
@pytest.mark.parametrize("kind", WEIGHTS)
def test_a_config_that_is_none(kind: str, content: str, folders: dict[str, Path]) -> None:
    (folders[kind] / "config.json").write_text(content, encoding="utf-8")
    (folders[kind] / "manifest.json").unlink()
    with pytest.raises(UserError):
        DistilGLiNER.from_pretrained(folders[kind])
    with pytest.raises(UserError):
        load_predictor(folders[kind])


def test_infinite_numbers_in_a_config(folders: dict[str, Path]) -> None:
    path = folders["exported"] / "config.json"
    path.write_text(path.read_text().replace('"subword_count": ', '"subword_count": 1e400, "x": '))
    assert "the number 1e400, which is too large" in refuse(folders["exported"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize(("kind", "name"), [*FILES, ("trained", "manifest.json")])
@pytest.mark.parametrize("other", ["folder", "pipe"])
def test_files_that_are_none(kind: str, name: str, other: str, folders: dict[str, Path]) -> None:
    path = folders[kind] / name
    path.unlink()
    if other == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    if name == "manifest.json":
        DistilGLiNER.from_pretrained(folders[kind])
        return
    for opening in (DistilGLiNER.from_pretrained, load_predictor):
        with pytest.raises(UserError, match=f"{name}|no student|no model"):
            opening(folders[kind])


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.onnx"])
def test_files_without_end(name: str, folders: dict[str, Path]) -> None:
    with (folders["exported"] / name).open("r+b") as file:
        file.truncate(3 * 2**30)  # takes no room on disk
    with pytest.raises(UserError, match=f"{name} has more than"):
        DistilGLiNER.from_pretrained(folders["exported"])


def give_external_data(folder: Path, location: str) -> None:
    graph = onnx.load(folder / "model.onnx")
    tensor = graph.graph.initializer[0]
    array = numpy_helper.to_array(tensor)
    (folder.parent / "weights.bin").write_bytes(array.tobytes())
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", str(array.nbytes))):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    (folder / "model.onnx").write_bytes(graph.SerializeToString())
    renew_hashes(folder)


@pytest.mark.parametrize("place", ["inside", "above", "absolute", "linked"])
def test_weights_in_other_files_are_never_read(
    place: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folders["exported"]
    outside = folder.parent / "weights.bin"
    where = {"above": "../weights.bin", "absolute": str(outside)}.get(place, "weights.bin")
    give_external_data(folder, where)
    if place == "inside":
        shutil.copyfile(outside, folder / "weights.bin")
    elif place == "linked":
        (folder / "weights.bin").symlink_to(outside)
    monkeypatch.chdir(folder)
    assert "weights lie in another file" in refuse(folder)


def test_external_weights_within_nested_parts(folders: dict[str, Path]) -> None:
    folder = folders["exported"]
    graph = onnx.load(folder / "model.onnx")
    tensor = TensorProto(name="w", data_type=1, dims=[1], data_location=TensorProto.EXTERNAL)
    body = helper.make_graph([], "body", [], [], [tensor])
    node = helper.make_node("If", ["c"], ["d"], then_branch=body, else_branch=body)
    graph.graph.node.append(node)
    (folder / "model.onnx").write_bytes(graph.SerializeToString())
    renew_hashes(folder)
    assert "weights lie in another file" in refuse(folder)


def test_a_loop_without_end(folders: dict[str, Path]) -> None:
    folder = folders["exported"]
    graph = onnx.load(folder / "model.onnx")
    body = helper.make_graph([], "body", [], [])
    graph.graph.node.append(helper.make_node("Loop", ["", "c"], ["d"], body=body))
    (folder / "model.onnx").write_bytes(graph.SerializeToString())
    renew_hashes(folder)
    assert "it has a loop" in refuse(folder)


@pytest.mark.parametrize("content", [b"", b"\x00", b"\xff" * 99, b"\x3a\xff\xff\xff\x0f", b"x"])
def test_a_graph_that_is_none(content: bytes, folders: dict[str, Path]) -> None:
    (folders["exported"] / "model.onnx").write_bytes(content)
    renew_hashes(folders["exported"])
    assert "model.onnx" in refuse(folders["exported"])


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(?:a|aa)*b", r"(\w+\s?)*!", "(a{1,9}){2,}", r"(a)\1"]
)
@pytest.mark.parametrize("part", ["normalizer", "pre_tokenizer"])
def test_expressions_that_never_end(pattern: str, part: str, folders: dict[str, Path]) -> None:
    path = folders["exported"] / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    split = {
        "type": "Split",
        "pattern": {"Regex": pattern},
        "behavior": "Isolated",
        "invert": False,
    }
    replace = {"type": "Replace", "pattern": {"Regex": pattern}, "content": ""}
    inner = {"normalizer": replace, "pre_tokenizer": split}[part]
    key = {"normalizer": "normalizers", "pre_tokenizer": "pretokenizers"}[part]
    tokenizer[part] = {"type": "Sequence", key: [inner]}
    path.write_text(json.dumps(tokenizer), encoding="utf-8")
    renew_hashes(folders["exported"])
    assert "can take for ever" in refuse(folders["exported"])


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("fate", ["gone", "truncated"])
def test_what_was_loaded_can_be_saved(
    kind: str, fate: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = folders[kind]
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    model = DistilGLiNER.from_pretrained(folder)
    wanted = model.batch_predict_entities(TEXTS)
    if fate == "gone":
        shutil.rmtree(folder)
    else:
        for path in folder.iterdir():
            path.write_bytes(b"")
    model.save_pretrained(tmp_path / "saved")
    assert {path.name: path.read_bytes() for path in (tmp_path / "saved").iterdir()} == files
    model.save_pretrained(folder)  # where it was, too
    for place in (tmp_path / "saved", folder):
        assert DistilGLiNER.from_pretrained(place).batch_predict_entities(TEXTS) == wanted


def test_a_pipeline_of_spacy_is_whole_when_the_folder_is_gone(folders: dict[str, Path]) -> None:
    spacy = pytest.importorskip("spacy", reason="needs the extra 'spacy'")
    nlp = spacy.blank("en")
    nlp.add_pipe("distilgliner", config={"model": str(folders["exported"])})
    wanted = [[ent.text for ent in nlp(text).ents] for text in TEXTS]
    shutil.rmtree(folders["exported"])
    again = spacy.blank("en")
    again.add_pipe("distilgliner", config={"model": "general"})
    again.from_bytes(nlp.to_bytes())
    assert [[ent.text for ent in again(text).ents] for text in TEXTS] == wanted
    assert any(wanted)


def test_saving_another_student_into_a_folder(folders: dict[str, Path]) -> None:
    """The hashes are those of what was written last."""
    DistilGLiNER.from_pretrained(bundled_student()).save_pretrained(folders["exported"])
    model = DistilGLiNER.from_pretrained(folders["exported"])
    assert len(model.labels) == 10


def test_the_bundled_student_has_hashes() -> None:
    hashes = json.loads((bundled_student() / "manifest.json").read_text())["blake2b"]
    assert set(hashes) == {"config.json", "tokenizer.json", "model.onnx"}
    for name, value in hashes.items():
        assert hash_content((bundled_student() / name).read_bytes()) == value
