"""DistilGLiNER: distil a GLiNER checkpoint into a small, fast student.

Everything public is here and is imported on first use, so that `import distilgliner` needs neither
torch nor gliner.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from distilgliner.privacy import disable_telemetry
from distilgliner.version import __version__

disable_telemetry()

_PUBLIC = {
    "Document": "distilgliner.corpus.document",
    "Entity": "distilgliner.corpus.document",
    "UserError": "distilgliner.errors",
    "read_documents": "distilgliner.corpus.read",
    "split_documents": "distilgliner.corpus.split",
    "run_annotation": "distilgliner.annotate.run",
    "AugmentConfig": "distilgliner.augment.config",
    "run_augmentation": "distilgliner.augment.run",
    "augment_documents": "distilgliner.augment.documents",
    "open_store": "distilgliner.annotate.store",
    "FinetuneConfig": "distilgliner.finetune.config",
    "run_finetuning": "distilgliner.finetune.run",
    "DistilGLiNER": "distilgliner.student.predictor",
    "DistillConfig": "distilgliner.distill.config",
    "build_distill_config": "distilgliner.distill.config",
    "run_distillation": "distilgliner.distill.run",
    "mark_partial": "distilgliner.distill.sources.partial",
    "load_predictor": "distilgliner.models",
    "run_evaluation": "distilgliner.evaluate.run",
    "run_export": "distilgliner.runtime.export",
    "run_pipeline": "distilgliner.pipeline.run",
    "CompareConfig": "distilgliner.compare.config",
    "build_compare_config": "distilgliner.compare.config",
    "run_comparison": "distilgliner.compare.run",
}
_EXTRAS = {
    "annotate": "annotate",
    "distill": "distill",
    "finetune": "finetune",
    "runtime": "export",
    "compare": "compare",
}
"""The extra that a stage needs."""

__all__ = [
    "AugmentConfig",
    "CompareConfig",
    "DistilGLiNER",
    "DistillConfig",
    "Document",
    "Entity",
    "FinetuneConfig",
    "UserError",
    "__version__",
    "augment_documents",
    "build_compare_config",
    "build_distill_config",
    "load_predictor",
    "mark_partial",
    "open_store",
    "read_documents",
    "run_annotation",
    "run_augmentation",
    "run_comparison",
    "run_distillation",
    "run_evaluation",
    "run_export",
    "run_finetuning",
    "run_pipeline",
    "split_documents",
]

if TYPE_CHECKING:
    from distilgliner.annotate.run import run_annotation
    from distilgliner.annotate.store import open_store
    from distilgliner.augment.config import AugmentConfig
    from distilgliner.augment.documents import augment_documents
    from distilgliner.augment.run import run_augmentation
    from distilgliner.compare.config import CompareConfig, build_compare_config
    from distilgliner.compare.run import run_comparison
    from distilgliner.corpus.document import Document, Entity
    from distilgliner.corpus.read import read_documents
    from distilgliner.corpus.split import split_documents
    from distilgliner.distill.config import DistillConfig, build_distill_config
    from distilgliner.distill.run import run_distillation
    from distilgliner.distill.sources.partial import mark_partial
    from distilgliner.errors import UserError
    from distilgliner.evaluate.run import run_evaluation
    from distilgliner.finetune.config import FinetuneConfig
    from distilgliner.finetune.run import run_finetuning
    from distilgliner.models import load_predictor
    from distilgliner.pipeline.run import run_pipeline
    from distilgliner.runtime.export import run_export
    from distilgliner.student.predictor import DistilGLiNER


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'distilgliner' has no attribute {name!r}")
    try:
        module = import_module(_PUBLIC[name])
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(_PUBLIC[name].split(".")[1])
        if extra is None or (error.name or "").startswith("distilgliner"):
            raise
        from distilgliner.errors import missing_extra

        raise missing_extra(error.name or "torch", extra) from None
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)
