"""What imports what: the package is light, and its stages point backwards only."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import distilgliner

PACKAGE = Path(distilgliner.__file__).parent
HEAVY = ("torch", "gliner", "transformers", "pyarrow", "datasets", "spacy", "numpy", "tokenizers")

# A stage may import itself and what stands before it. `models` opens any model; `bundled` is data.
ORDER = (
    "privacy",
    "errors",
    "progress",
    "parsing",
    "checksums",
    "partials",
    "failures",
    "processes",
    "targets",
    "streams",
    "files",
    "folders",
    "finish",
    "corpus",
    "metrics",
    "bundled",
    "hub",
    "annotate",
    "finetune",
    "student",
    "spacy_component",
    "presidio_recognizer",
    "augment",
    "distill",
    "tune",
    "models",
    "evaluate",
    "runtime",
    "pipeline",
    "serve",
    "compare",
    "commands",
    "cli",
)
# Besides the order: what never imports what.
APART = {
    "student": {"annotate", "metrics", "bundled"},
    "spacy_component": {"annotate", "metrics", "bundled", "finetune"},
    "presidio_recognizer": {"annotate", "metrics", "bundled", "finetune"},
    "models": {"distill"},
    "evaluate": {"distill"},
}


def find_imports(path: Path) -> Iterator[str]:
    """The parts of this package that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names = [node.module or ""]
            if node.module == "distilgliner":
                names = [f"distilgliner.{alias.name}" for alias in node.names]
        for name in names:
            top, _, rest = name.partition(".")
            part = rest.partition(".")[0]
            if top == "distilgliner" and part != "__version__":
                yield part


def stage_files() -> list[tuple[str, Path]]:
    files = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] not in ("__init__", "__main__"):
            files.append((parts[0], path))
    return files


def test_every_stage_is_known() -> None:
    assert {stage for stage, _ in stage_files()} == set(ORDER)


@pytest.mark.parametrize(
    ("stage", "path"),
    [pytest.param(s, p, id=str(p.relative_to(PACKAGE))) for s, p in stage_files()],
)
def test_imports_point_backwards(stage: str, path: Path) -> None:
    allowed = set(ORDER[: ORDER.index(stage) + 1]) - APART.get(stage, set())
    assert set(find_imports(path)) <= allowed


def loaded(code: str) -> set[str]:
    """The heavy packages that are loaded after some code has run in a new process."""
    names = (*HEAVY, "distilgliner.annotate")
    show = f"import sys; print(*(name for name in {names!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{show}"],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded("import distilgliner") == set()


def test_the_command_line_starts_without_torch() -> None:
    found = loaded("import distilgliner.cli")
    assert not found & {"torch", "gliner", "transformers", "pyarrow", "datasets", "spacy"}


def test_a_student_needs_neither_gliner_nor_annotations() -> None:
    assert loaded("import distilgliner.student.predictor") == {"numpy", "tokenizers"}


def test_distilling_needs_no_gliner() -> None:
    found = loaded("import distilgliner.distill.run")
    assert "torch" in found
    assert not found & {"gliner", "transformers", "datasets", "spacy"}


@pytest.mark.parametrize("name", distilgliner.__all__)
def test_public_names_exist(name: str) -> None:
    if name in ("run_annotation", "run_comparison"):
        pytest.importorskip("torch")
    found = getattr(distilgliner, name)
    assert found is not None
    assert getattr(found, "__name__", name) == name
    assert name in dir(distilgliner)


def test_every_stage_and_its_configuration_is_public() -> None:
    for config in ("DistillConfig", "CompareConfig", "FinetuneConfig"):
        assert config in distilgliner.__all__
    for build in ("build_distill_config", "build_compare_config", "load_predictor", "run_export"):
        assert build in distilgliner.__all__
    assert {*distilgliner._PUBLIC, "__version__"} == set(distilgliner.__all__)
    names = [name for name in distilgliner.__all__ if name.endswith(("Config", "_config"))]
    found = loaded(f"import distilgliner\nfor name in {names}: getattr(distilgliner, name)")
    assert not found & {"torch", "gliner", "transformers", "pyarrow"}


def test_names_that_are_not_public() -> None:
    with pytest.raises(AttributeError, match="no attribute 'surprise'"):
        _ = distilgliner.surprise
