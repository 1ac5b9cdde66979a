"""What imports what: the package is light, and its stages point backwards only."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import distilgliner

PACKAGE = Path(distilgliner.__file__).parent
HEAVY = ("torch", "gliner", "transformers", "pyarrow", "datasets", "spacy", "numpy", "tokenizers")

# A stage may import itself and what stands before it. `models` opens any model; `bundled` is data.
ORDER = (
    "version",
    "privacy",
    "errors",
    "progress",
    "parsing",
    "settings",
    "checksums",
    "partials",
    "failures",
    "processes",
    "destinations",
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
    "runtime": {"annotate", "bundled", "finetune"},
    "serve": {"annotate", "bundled", "finetune"},
    "models": {"distill"},
    "evaluate": {"distill"},
}


# Rooms of a stage, along the way of the data within it. A file that stands beside the rooms is on
# the ground below them when it is named here, and on top of them when it is not.
ROOMS = {
    "corpus": ("rewriting", "formats"),
    "student": ("encoders", "heads", "decoding"),
    "distill": ("sources", "targets", "objective", "training", "calibration"),
    "compare": ("arms", "report"),
}
GROUND = {
    "corpus": {
        "align",
        "borders",
        "document",
        "entities",
        "findings",
        "labels",
        "offsets",
        "reading",
        "source",
        "splitters",
        "words",
    },
    "student": {"config", "registry", "tags"},
    "distill": {"config", "batch"},
    "compare": {"config", "data", "results", "run_record", "machine"},
}
MOST_FILES = 22


def name_module(path: Path) -> str:
    """The dotted name of a file of the package."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_module(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def find_imports(path: Path) -> Iterator[str]:
    """The modules of this package that a file imports, wherever in the file.

    Those for types alone and those within functions count too: whoever reads a file has to know
    what it speaks of.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else node.module or "" for name in whole]
        yield from (name for name in names if name.partition(".")[0] == "distilgliner")


IMPORTS = {
    module: {name for name in find_imports(path) if name != module}
    for module, path in MODULES.items()
}


def stage_files() -> list[tuple[str, Path]]:
    files = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] not in ("__init__", "__main__"):
            files.append((parts[0], path))
    return files


def find_circle() -> list[str]:
    """Modules that import each other in a loop; none are an empty list."""
    done: set[str] = set()

    def walk(module: str, way: list[str]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        for name in sorted(IMPORTS[module] & MODULES.keys()):
            circle = walk(name, [*way, module])
            if circle:
                return circle
        done.add(module)
        return []

    return next((circle for module in MODULES if (circle := walk(module, []))), [])


def place_in_stage(module: str) -> tuple[str, int]:
    """The stage of a module, and its storey there: the ground is 0, then rooms, then the top."""
    _, stage, *rest = module.split(".")
    rooms = ROOMS.get(stage, ())
    if rest and rest[0] in rooms:
        return stage, 1 + rooms.index(rest[0])
    return stage, 0 if not rest or rest[0] in GROUND.get(stage, ()) else 1 + len(rooms)


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert find_circle() == []


def test_no_file_imports_the_face_of_the_package() -> None:
    assert [module for module, names in IMPORTS.items() if "distilgliner" in names] == []


def test_rooms_point_backwards() -> None:
    wrong = []
    for module, names in IMPORTS.items():
        if module.partition(".")[2].partition(".")[0] not in ROOMS:
            continue
        stage, storey = place_in_stage(module)
        for name in names:
            other, below = place_in_stage(name)
            if other == stage and below > storey:
                wrong.append(f"{module} imports {name}")
    assert wrong == []


def test_every_room_is_known() -> None:
    for stage, rooms in ROOMS.items():
        folder = PACKAGE / stage
        assert {path.parent.name for path in folder.glob("*/__init__.py")} == set(rooms)
        assert {path.stem for path in folder.glob("*.py")} >= GROUND[stage]


def test_no_folder_is_crowded() -> None:
    counts = Counter(path.parent for path in MODULES.values() if path.stem != "__init__")
    assert {str(folder): count for folder, count in counts.items() if count > MOST_FILES} == {}


def test_every_stage_is_known() -> None:
    assert {stage for stage, _ in stage_files()} == set(ORDER)


@pytest.mark.parametrize(
    ("stage", "path"),
    [pytest.param(s, p, id=str(p.relative_to(PACKAGE))) for s, p in stage_files()],
)
def test_imports_point_backwards(stage: str, path: Path) -> None:
    allowed = set(ORDER[: ORDER.index(stage) + 1]) - APART.get(stage, set())
    assert {name.split(".")[1] for name in IMPORTS[name_module(path)]} <= allowed


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
