"""The model card of a student, written from its run."""

from __future__ import annotations

import json
from typing import Any

from distilgliner.corpus.borders import GoldBorders
from distilgliner.corpus.unspaced import describe_unspaced
from distilgliner.distill.calibration.run import describe_little_dev
from distilgliner.distill.config import DistillConfig
from distilgliner.student.folder import Student
from distilgliner.student.model import count_parameters

_LEARNED_FROM = {
    "gold": "human labels only",
    "hard": "the teacher's decisions on unlabelled text",
    "soft": "the teacher's distribution on unlabelled text",
    "mixed": "the teacher's distribution on unlabelled text, and human labels",
}


def write_card(
    student: Student, config: DistillConfig, teacher: str, dev_source: str, result: dict[str, Any]
) -> str:
    """The text of README.md in a student's folder, with the hub's metadata on top."""
    parameters = count_parameters(student.model)
    borders = _describe_line(GoldBorders.from_dict(result.get("gold_borders")).describe())
    unspaced = _describe_line(
        describe_unspaced(result.get("texts_without_spaces", 0), result.get("texts", 0))
    )
    few = describe_little_dev(result)
    little = _describe_line(f"{few[:1].upper()}{few[1:]}.") if few else ""
    labels = ", ".join(f"`{label}`" for label in student.labels)
    kind = (
        "open: labels are an input"
        if student.config.is_open
        else "closed: these labels are built in"
    )
    example = ", ".join(json.dumps(label, ensure_ascii=False) for label in student.labels[:3])
    return f"""---
library_name: distilgliner
pipeline_tag: token-classification
tags: [ner, gliner, knowledge-distillation, lstm]
---
# A {config.student} student of {teacher}

Learned from {_LEARNED_FROM[config.targets]} (`targets: {config.targets}`) with DistilGLiNER.

- Labels ({kind}): {labels}
- Parameters: {parameters["total"]:,} ({parameters["embedding"]:,} in embedding tables, \
{parameters["other"]:,} elsewhere)
- Trained on {result["documents"]:,} documents for {result["updates"]:,} updates \
({result["train_seconds"]:.0f} s), seed {config.training.seed}; the weights are those of epoch \
{result["best_epoch"]}
- Strict span F1 on the development documents, labelled by {dev_source}: \
{100 * result["dev_f1"]:.1f}. These chose the epoch: measure on other text before you rely on it.\
{little}{borders}{unspaced}

```python
from distilgliner import DistilGLiNER

model = DistilGLiNER.from_pretrained("this/folder")
model.predict_entities("…", labels=[{example}], threshold=0.5)
```

Limits: flat entities only, and it cannot know more than its teacher and its text taught it. The
run's settings are in `run.json`.
"""


def _describe_line(sentence: str) -> str:
    return f"\n- {sentence}" if sentence else ""
