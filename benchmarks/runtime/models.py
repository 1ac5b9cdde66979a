"""Makes, or finds, every model that benchmarks/runtime/measure.py measures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common.places import ROOT
from benchmarks.runtime.gliner_models import (
    LAYERS,
    build_architecture,
    compress_prompts,
    export_graphs,
)
from benchmarks.runtime.plan import Plan
from benchmarks.runtime.spacy_ner import describe_spacy, train_spacy
from distilgliner.annotate.checkpoint import find_checkpoint
from distilgliner.annotate.decode import label_by_teacher
from distilgliner.annotate.run import run_annotation
from distilgliner.annotate.store import open_store
from distilgliner.compare.arms.annotations import annotate_transfer, find_layers
from distilgliner.compare.arms.arm import LABEL_FREE, ArmJob, annotation_folder, build_dev
from distilgliner.compare.arms.prepare_teacher import prepare_teacher
from distilgliner.compare.run_record import record_comparison
from distilgliner.distill.config import DistillConfig
from distilgliner.distill.run import run_distillation
from distilgliner.evaluate.external import ExternalModel
from distilgliner.evaluate.footprint import compute_disk_bytes, count_parameters
from distilgliner.folders import lock_folder
from distilgliner.runtime.export import Quantize, run_export
from distilgliner.student.folder_files import MANIFEST_FILE

TEACHER = "teacher"
TEACHER_PACKAGE = "teacher, gliner package"
SMALL = "GLiNER small"
SPACY = "spaCy CNN"
EXPORTED = "exported"
FORMS = ("torch", "ONNX", "ONNX int8")
QUICK_STEPS = 60


@dataclass(frozen=True)
class Candidate:
    """A model to measure.

    `kind` is "student", "teacher", "gliner" (random weights) or "spacy". `parameters` and
    `disk_bytes` are None where measuring tells them. `scored` are the models whose F1 is averaged,
    one a seed; none for random weights. `is_measured` is False where only F1 is wanted.
    """

    name: str
    kind: str
    model: str | Path | ExternalModel
    parameters: int | None = None
    disk_bytes: int | None = None
    scored: tuple[str | Path | ExternalModel, ...] = ()
    is_measured: bool = True
    note: str = ""


def build_candidates(plan: Plan) -> list[Candidate]:
    """All of them, made where they are not there yet."""
    teacher = _prepare(plan)
    return [
        *_build_students(plan),
        *_build_spacy(plan),
        *_build_teachers(plan, teacher),
        *_build_architectures(plan),
    ]


def _prepare(plan: Plan) -> str | Path:
    """The comparison's teacher, and its scores of the transfer and dev text, in its own folder."""
    with lock_folder(plan.run):
        record_comparison(plan.run, plan.config, plan.data, [find_checkpoint(plan.config.teacher)])
        teacher = prepare_teacher(plan.config, plan.run, plan.data, quiet=False)
        states = find_layers(plan.config.training.terms)
        annotate_transfer(plan.config, plan.run, plan.data, teacher, states=states, quiet=False)
        run_annotation(
            plan.data.dev,
            teacher=teacher,
            labels=plan.config.labels,
            output=annotation_folder(plan.run, "dev"),
        )
    return teacher


def _build_students(plan: Plan) -> Iterator[Candidate]:
    folders = {
        (size, arm): tuple(_distil(plan, size, arm, seed) for seed in plan.seeds)
        for size in plan.students
        for arm in plan.arms
    }
    measured = {size: folders[size, plan.arms[0]] for size in plan.students}
    measured |= {name: (folder,) for name, folder in plan.folders.items()}
    for size, trained in measured.items():
        for form in FORMS:
            models = tuple(_convert(plan, folder, form) for folder in trained)
            yield Candidate(f"student {size}, {form}", "student", models[0], scored=models)
    for (size, arm), trained in folders.items():
        if arm != plan.arms[0]:
            name = f"student {size}, {arm}"
            yield Candidate(name, "student", trained[0], scored=trained, is_measured=False)


def _distil(plan: Plan, size: str, arm: str, seed: int) -> Path:
    """Train a student, unless the comparison has trained the same one."""
    student = plan.students[size]["student"]
    options = plan.students[size].get("options", {})
    job = ArmJob(plan.config, plan.run, arm, student, seed)
    if options == plan.config.student_options and job.is_done:
        return job.folder
    folder = plan.output / "students" / size / arm / f"seed-{seed}"
    dev, dev_source = build_dev(job, plan.data)
    training = {"seed": seed, **({"epochs": 2} if plan.quick else {})}
    config = DistillConfig(
        targets=arm,  # type: ignore[arg-type]
        student=student,
        student_options=options,
        target=plan.config.target,
        training=plan.config.training.model_copy(update=training),
        calibration=plan.config.calibration,
    )
    run_distillation(
        open_store(annotation_folder(plan.run, "transfer")),
        config,
        folder,
        gold=plan.data.gold if arm not in LABEL_FREE else (),
        dev=dev,
        dev_source=dev_source,
    )
    return folder


def _convert(plan: Plan, folder: Path, form: str) -> Path:
    """A trained student in one of `FORMS`; exported again when it was trained again."""
    if form == "torch":
        return folder
    # Below the output folder or not, the last parts tell size, arm and seed apart.
    name = "-".join(folder.resolve().parts[-4:])
    output = plan.output / EXPORTED / f"{name}-{form.replace(' ', '-').lower()}"
    newest = max(path.stat().st_mtime for path in folder.iterdir())
    manifest = output / MANIFEST_FILE
    if not manifest.is_file() or manifest.stat().st_mtime < newest:
        shutil.rmtree(output, ignore_errors=True)
        # Whatever int8 costs: F1 on test stands beside it, and what it lost on dev in the manifest.
        is_int8 = form.endswith("int8")
        quantize: Quantize = "int8" if is_int8 else "none"
        dev = plan.data.dev if is_int8 else None
        run_export(folder, output, quantize=quantize, dev=dev, force=is_int8)
    return output


def _build_spacy(plan: Plan) -> Iterator[Candidate]:
    """One that learns the teacher's decisions, and one that learns human labels; dev as students.

    The second is as fast as the first and only scored.
    """
    for arm in dict.fromkeys("hard" if arm in LABEL_FREE else "gold" for arm in plan.arms):
        train = plan.data.gold
        if arm == "hard":
            store = open_store(annotation_folder(plan.run, "transfer"))
            threshold = plan.config.target.teacher_threshold
            train = label_by_teacher(store, store.labels, threshold)
        dev, _ = build_dev(ArmJob(plan.config, plan.run, arm, "", 0), plan.data)
        steps = QUICK_STEPS if plan.quick else None
        models = tuple(
            ExternalModel("benchmarks.runtime.loaders:load_spacy", str(pipeline), ROOT)
            for pipeline in (
                train_spacy(
                    plan.output / "spacy" / arm / f"seed-{seed}", train, dev,
                    seed=seed, max_steps=steps,
                )
                for seed in plan.seeds
            )
        )  # fmt: skip
        folder = Path(models[0].model)
        yield Candidate(
            SPACY if arm == "hard" else f"{SPACY}, gold",
            "spacy",
            models[0],
            describe_spacy(folder.parent)["parameters"],
            sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
            models,
            is_measured=arm == "hard",
        )


def _build_teachers(plan: Plan, teacher: str | Path) -> Iterator[Candidate]:
    """The teacher as this project runs it, and in every way that the package offers."""
    source = find_checkpoint(teacher).folder
    yield Candidate(TEACHER, "teacher", teacher, scored=(teacher,))
    graph, int8 = export_graphs(
        source, plan.output / "teacher-onnx", plan.output / "teacher-onnx-int8"
    )
    texts = [document.text for document in plan.data.transfer]
    compressed = compress_prompts(
        source, plan.output / "teacher-compressed", texts, plan.config.labels
    )
    for name, loader, folder in (
        (TEACHER_PACKAGE, "load_gliner", source),
        (f"{TEACHER_PACKAGE}, int8", "load_gliner_int8", source),
        (f"{TEACHER_PACKAGE}, packed", "load_gliner_packed", source),
        (f"{TEACHER_PACKAGE}, compressed prompts", "load_gliner_compressed", compressed),
        (f"{TEACHER_PACKAGE}, ONNX", "load_gliner_onnx", graph),
        (f"{TEACHER_PACKAGE}, ONNX int8", "load_gliner_onnx", int8),
    ):
        yield _build_foreign(name, "teacher", loader, folder, source, is_scored=True)


def _build_architectures(plan: Plan) -> Iterator[Candidate]:
    """GLiNER small and medium with random weights: for their speed and size alone."""
    sizes: Sequence[str] = ["small"] if plan.quick else list(LAYERS)
    for size in sizes:
        name = f"GLiNER {size}"
        source = build_architecture(size, plan.output / f"gliner-{size}")
        yield _build_foreign(name, "gliner", "load_gliner", source, source)
        yield _build_foreign(f"{name}, packed", "gliner", "load_gliner_packed", source, source)
        if plan.quick:
            continue
        graph, int8 = export_graphs(
            source, plan.output / f"gliner-{size}-onnx", plan.output / f"gliner-{size}-onnx-int8"
        )
        yield _build_foreign(f"{name}, ONNX", "gliner", "load_gliner_onnx", graph, source)
        yield _build_foreign(f"{name}, ONNX int8", "gliner", "load_gliner_onnx", int8, source)


def _build_foreign(
    name: str, kind: str, loader: str, folder: Path, source: Path, *, is_scored: bool = False
) -> Candidate:
    model = ExternalModel(f"benchmarks.runtime.loaders:{loader}", str(folder), ROOT)
    return Candidate(
        name,
        kind,
        model,
        count_parameters(source)["total"],
        compute_disk_bytes(folder),
        (model,) if is_scored else (),
    )
