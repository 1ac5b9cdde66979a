"""The model card of a fine-tuned teacher, written from its run."""

from __future__ import annotations

from typing import Any

from distilgliner.corpus.borders import GoldBorders
from distilgliner.corpus.unspaced import describe_unspaced
from distilgliner.finetune.config import FinetuneConfig


def write_card(teacher: str, config: FinetuneConfig, result: dict[str, Any]) -> str:
    """The text of README.md in the folder, with the hub's metadata on top."""
    labels = ", ".join(f"`{label}`" for label in result["labels"])
    frozen = f"; frozen: {', '.join(config.freeze)}" if config.freeze else ""
    lost = (
        f"\n- {result['unlearnable']} entities were left out: wider than the model scores, "
        "or two in one word"
        if result["unlearnable"]
        else ""
    )
    share = result["share"]
    part = f", {share:.0%} of what it had learned, the rest unchanged" if 0 < share < 1 else ""
    borders = _describe_line(GoldBorders.from_dict(result.get("gold_borders")).describe())
    unspaced = _describe_line(
        describe_unspaced(result.get("texts_without_spaces", 0), result["gold"] + result["dev"])
    )
    kept = _describe_kept(result.get("kept"))
    return f"""---
library_name: gliner
pipeline_tag: token-classification
tags: [ner, gliner]
---
# {teacher}, fine-tuned

An ordinary GLiNER checkpoint, fine-tuned with DistilGLiNER through the training code of `gliner`.

- Labels of the gold: {labels}
- {result["gold"]:,} labelled documents, {result["updates"]:,} updates of \
{config.batch_documents} ({result["seconds"]:.0f} s), seed {config.seed}{frozen}
- Strict span F1 at threshold 0.5 on {result["dev"]:,} development documents: \
{100 * result["f1_before"]:.1f} before, {100 * result["f1"]:.1f} after (update \
{result["best_update"]:,}{part}). These chose the checkpoint: measure on other text before you \
rely on it.{lost}{borders}{unspaced}{kept}

```python
from gliner import GLiNER

model = GLiNER.from_pretrained("this/folder", local_files_only=True)
```

Other labels than those above may have become worse than they were. The settings of the run are in
`finetune_run.json`, its course in `finetune.json`. The licence is that of {teacher}.
"""


def _describe_line(sentence: str) -> str:
    return f"\n- {sentence}" if sentence else ""


def _describe_kept(kept: dict[str, Any] | None) -> str:
    """A line about the text in which the teacher was to go on finding what it found."""
    if kept is None:
        return ""
    labels = ", ".join(f"`{label}`" for label in kept["labels"])
    agreement = (
        ""
        if kept["f1"] is None
        else f"; with what it said before of {kept['held_out']:,} others it agrees by "
        f"{100 * kept['f1']:.1f} F1"
    )
    return (
        f"\n- Trained in addition to the gold: {kept['documents']:,} documents with the "
        f"{labels} that it found in them before{agreement}"
    )
