"""What 8 bits cost a student, on labelled text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from distilgliner.corpus.document import Document
from distilgliner.errors import UserError
from distilgliner.evaluate.run import run_evaluation
from distilgliner.student.description import Description
from distilgliner.student.onnx_student import OnnxStudent
from distilgliner.student.predictor import DistilGLiNER

MAX_LOSS = 0.003
"""Of strict F1 on dev: what int8 may cost at most."""


def measure_graphs(
    description: Description,
    graphs: Mapping[str, bytes],
    dev: Sequence[Document],
    ignore_labels: Sequence[str] = (),
) -> dict[str, float]:
    """Strict micro F1 on `dev` of each of a student's graphs.

    Raises `UserError` for documents that cannot be measured on, see `run_evaluation`.
    """
    found = {}
    for name, graph in graphs.items():
        predictor = DistilGLiNER(OnnxStudent(graph, description))
        evaluation = run_evaluation(predictor, dev, ignore_labels=ignore_labels, source="dev")
        found[name] = evaluation.quality.spans.micro.f1
    return found


def check_loss(f1: Mapping[str, float]) -> None:
    """Raise `UserError` when int8 costs `MAX_LOSS` or more."""
    if not f1["none"]:
        raise UserError(
            "The student finds nothing on dev, so that what int8 costs cannot be measured there; "
            "give other documents with --dev, or take it with --force."
        )
    loss = f1["none"] - f1["int8"]
    if loss >= MAX_LOSS:
        raise UserError(
            f"int8 costs {100 * loss:.2f} F1 on dev ({100 * f1['none']:.2f} to "
            f"{100 * f1['int8']:.2f}), and may cost {100 * MAX_LOSS:.1f}; export with "
            "--quantize none, or take it with --force."
        )
