"""What a student begins with instead of random weights: those of one that was distilled before.

General distillation comes first, on much text of many kinds; the run on one's own text and labels
follows. Jiao et al. 2020 (TinyBERT), section 3. Word vectors and encoder are taken over, the head
is new, for it belongs to the labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from distilgliner.errors import UserError
from distilgliner.folders import compute_fingerprint
from distilgliner.hub import locate_trained_student
from distilgliner.student.config import StudentConfig
from distilgliner.student.features import WordFeaturizer
from distilgliner.student.folder import Student, read_student
from distilgliner.student.folder_files import WEIGHTS_FILE

_PARTS = ("embedder.", "encoder.")
# What of an architecture is not in the parts that are taken over.
_FREE = {"head", "roles", "max_width", "label_dim", "input_dropout", "output_dropout"}


@dataclass(frozen=True)
class InitialStudent:
    """A student that was distilled before, and where it is from."""

    source: str
    student: Student
    fingerprint: str
    """Of its weights."""

    def check_sizes(self, architecture: StudentConfig) -> None:
        """Raise `UserError` when its parts do not fit into a student of an architecture."""
        found, wanted = self.student.config.to_dict(), architecture.to_dict()
        for key in (key for key in wanted if key not in _FREE and found[key] != wanted[key]):
            raise UserError(
                f"The student cannot begin with {self.source}, whose {key} is {found[key]} and not "
                f"{wanted[key]}; give a student of the same encoder and size, or none."
            )

    def check_subwords(self, tokenizer: Tokenizer) -> None:
        """Raise `UserError` when it reads other subwords than those of a store's teacher."""
        own = self.student.featurizer
        if WordFeaturizer(tokenizer, 0, own.config).tokenizer.to_str() != own.tokenizer.to_str():
            raise UserError(
                f"The student cannot begin with {self.source}, which has the subwords of another "
                "teacher than the annotations; give a student of this teacher or a fine-tuned one, "
                "or none."
            )

    def copy_to(self, student: Student) -> None:
        """Overwrite the word vectors and the encoder of a student that fits, in place."""
        with torch.no_grad():
            own = student.model.state_dict()
            for name, weight in self.student.model.state_dict().items():
                if name.startswith(_PARTS):
                    own[name].copy_(weight)


def read_initial(source: str | Path) -> InitialStudent:
    """Open the folder of `distilgliner distill`, a hub id, or "general", the bundled student.

    Raises `UserError` when it is no trained student.
    """
    folder = locate_trained_student(source)
    student = read_student(folder)
    fingerprint = compute_fingerprint([(folder / WEIGHTS_FILE).read_bytes()])
    return InitialStudent(str(source), student, fingerprint)
