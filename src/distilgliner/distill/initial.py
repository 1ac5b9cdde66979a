"""What a student begins with instead of random weights: those of one that was distilled before.

General distillation comes first, on much text of many kinds; the run on one's own text and labels
follows. Jiao et al. 2020 (TinyBERT), section 3. Word vectors and encoder are taken over, the head
is new, for it belongs to the labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from distilgliner.errors import UserError
from distilgliner.folders import compute_fingerprint
from distilgliner.hub import locate_folder
from distilgliner.student.config import StudentConfig
from distilgliner.student.description import WEIGHTS_FILE
from distilgliner.student.features import WordFeaturizer
from distilgliner.student.folder import Student, read_student

_PARTS = ("embedder.", "encoder.")
# What of an architecture is not in the parts that are taken over.
_FREE = {"head", "roles", "max_width", "label_dim", "input_dropout", "output_dropout"}


@dataclass(frozen=True)
class InitialWeights:
    """The word vectors and the encoder of a student, by the names of its parameters."""

    weights: Mapping[str, Tensor]
    fingerprint: str
    """Of the whole student's weights."""

    def copy_to(self, student: Student) -> None:
        """Overwrite a student's word vectors and encoder in place."""
        with torch.no_grad():
            own = student.model.state_dict()
            for name, weight in self.weights.items():
                own[name].copy_(weight)


def read_initial(
    source: str | Path, architecture: StudentConfig, tokenizer: Tokenizer
) -> InitialWeights:
    """The weights that a student of an architecture can begin with.

    source: the folder of `distilgliner distill`, a hub id, or "general", the bundled one.
    tokenizer: the teacher's, as in its annotations.
    Raises `UserError` when it is no student, has other sizes, or reads subwords of another teacher.
    """
    folder, student = open_initial(source, architecture)
    featurizer = WordFeaturizer(tokenizer, student.featurizer.subword_count, architecture)
    if featurizer.tokenizer.to_str() != student.featurizer.tokenizer.to_str():
        raise UserError(
            f"The student cannot begin with {source}, which has the subwords of another teacher "
            "than the annotations; give a student of this teacher or a fine-tuned one, or none."
        )
    weights = {k: v for k, v in student.model.state_dict().items() if k.startswith(_PARTS)}
    return InitialWeights(weights, compute_fingerprint([(folder / WEIGHTS_FILE).read_bytes()]))


def open_initial(source: str | Path, architecture: StudentConfig) -> tuple[Path, Student]:
    """A student and its folder. Raises `UserError` when it is none or has other sizes."""
    folder = locate_folder(source, "student")
    student = read_student(folder)
    found, wanted = student.config.model_dump(), architecture.model_dump()
    for key in (key for key in wanted if key not in _FREE and found[key] != wanted[key]):
        raise UserError(
            f"The student cannot begin with {source}, whose {key} is {found[key]} and not "
            f"{wanted[key]}; give a student of the same encoder and size, or none."
        )
    return folder, student
