"""An encoder and a head of another package, found as an installed one's are: by its metadata.

The entry points are those of the example in docs/how-to/extend.md.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from distilgliner import DistilGLiNER
from distilgliner.distill.config import build_distill_config
from distilgliner.distill.run import run_distillation
from distilgliner.errors import UserError
from distilgliner.runtime.export import run_export
from distilgliner.student import registry
from distilgliner.student.config import build_student_config
from tiny_store import SIZES, build_documents, write_store

ROOT = Path(__file__).parents[2]
DOCUMENTS = build_documents(40)
TEXTS = [document.text for document in DOCUMENTS]
MODULES = {
    "__init__": "",
    "torch_parts": """
from torch import nn

from distilgliner.student.heads.tagger import TaggerHead


class MyEncoder(nn.Module):
    def __init__(self, config, input_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, config.hidden_dim)
        self.dim = config.hidden_dim

    def forward(self, vectors, lengths):
        return self.linear(vectors)


class MyHead(TaggerHead):
    def finish(self, scores, lengths):
        return -scores
""",
    "onnx_parts": """
def add_my_encoder(builder, config, vectors):
    return builder.linear(vectors, "encoder.linear")


def add_my_head(builder, config, states):
    return builder.add("Neg", [builder.linear(states, "head.output")])
""",
    "decoder": """
from distilgliner.student.decoding.decoders import TagDecoder


class MyDecoder(TagDecoder):
    def decode(self, scores, lengths, *, roles, threshold):
        return super().decode(-scores, lengths, roles=roles, threshold=threshold)
""",
}
"""A head whose scores are upside down, as its decoder knows."""
WITHOUT_TORCH = """
import sys
from distilgliner import DistilGLiNER

print(DistilGLiNER.from_pretrained(sys.argv[1]).predict_entities(sys.argv[2], threshold=0.01))
assert "torch" not in sys.modules
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder with the package, on `sys.path` as if it were installed."""
    folder = tmp_path / "site"
    (folder / "my_package").mkdir(parents=True)
    for name, source in MODULES.items():
        (folder / "my_package" / f"{name}.py").write_text(source)
    metadata = folder / "my_package-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(read_entry_points())
    monkeypatch.syspath_prepend(folder)
    registry._find_external.cache_clear()
    yield folder
    registry._find_external.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "my_package"]:
        del sys.modules[name]


def read_entry_points() -> str:
    """The example in the documentation as an installer writes it into `entry_points.txt`."""
    guide = (ROOT / "docs" / "how-to" / "extend.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```toml\n(.*?)^```", guide, re.DOTALL | re.MULTILINE)
    example = re.sub(r'^\[project\.entry-points\."(.+)"\]', r"[\1]", example, flags=re.MULTILINE)
    return example.replace('"', "")


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("name", "encoder", "head", "roles", "hidden_dim"),
    [
        ("my-enc-tagger", "my-enc", "tagger", True, 128),
        ("my-enc-tagger-small", "my-enc", "tagger", True, 96),
        ("my-enc-tower-reference", "my-enc", "tower", False, 128),
        ("my-enc-tower-reference-tiny", "my-enc", "tower", False, 48),
        ("my-enc-my-head-tiny", "my-enc", "my-head", True, 48),
        ("bilstm-my-head", "bilstm", "my-head", True, 128),
    ],
)
def test_a_name_with_hyphens_is_read(
    name: str, encoder: str, head: str, roles: bool, hidden_dim: int
) -> None:
    config = build_student_config(name)
    assert (config.encoder, config.head, config.roles) == (encoder, head, roles)
    assert config.hidden_dim == hidden_dim


@pytest.mark.usefixtures("package")
def test_an_unknown_name_tells_of_the_parts_that_are_installed() -> None:
    with pytest.raises(UserError, match=r"an encoder of bilstm, .*, my-enc, a head of .*, my-head"):
        build_student_config("my-enc-softmax")


def test_without_the_package_there_is_no_such_student() -> None:
    with pytest.raises(UserError, match="Unknown student 'my-enc-tagger'"):
        build_student_config("my-enc-tagger")


def test_trained_exported_and_run_without_torch(package: Path, tmp_path: Path) -> None:
    store = write_store(tmp_path / "annotations", DOCUMENTS)
    raw = {
        "targets": "soft",
        "student": "my-enc-my-head-tiny",
        "student_options": SIZES,
        "training": {"epochs": 2, "learning_rate": 0.02, "batch_documents": 8},
    }
    run_distillation(
        store, build_distill_config(raw), tmp_path / "student", dev=DOCUMENTS, quiet=True
    )
    run_export(tmp_path / "student", tmp_path / "exported")
    trained, exported = (
        DistilGLiNER.from_pretrained(tmp_path / name) for name in ("student", "exported")
    )
    assert type(trained.student.model.encoder).__name__ == "MyEncoder"  # type: ignore[attr-defined]
    words = [TEXTS[0].split()]
    assert exported.compute_scores(words) == pytest.approx(trained.compute_scores(words), abs=1e-4)
    entities = exported.predict_entities(TEXTS[0], threshold=0.01)
    assert entities
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, str(tmp_path / "exported"), TEXTS[0]],
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(entities)
