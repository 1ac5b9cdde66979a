"""spaCy's CNN `ner` trained on the annotations that a student learns from."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distilgliner.corpus.document import Document
from distilgliner.files import read_json, write_json

RESULT_FILE = "training.json"


def train_spacy(
    folder: Path,
    train: Sequence[Document],
    dev: Sequence[Document],
    *,
    seed: int,
    max_steps: int | None = None,
) -> Path:
    """Train `spacy.blank("en")` with `add_pipe("ner")`; returns the folder of the pipeline.

    Network, optimizer, batches and early stopping are spaCy's defaults: HashEmbedCNN of width 96
    and depth 4, at most 20,000 steps (or `max_steps`), stopped 1,600 steps after the best F1 on
    dev. What was trained completely is not trained again.
    """
    best = folder / "model-best"
    if (folder / RESULT_FILE).is_file():
        return best
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import train as run_training

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = _build_config(folder, seed, max_steps)
    lost = {
        name: _write_docs(documents, folder / f"{name}.spacy")
        for name, documents in (("train", train), ("dev", dev))
    }
    log = io.StringIO()
    pipeline = init_nlp(config)
    run_training(pipeline, folder, stdout=log)
    shutil.rmtree(folder / "model-last")
    (folder / "training.log").write_text(log.getvalue(), encoding="utf-8")
    # The last step: a folder with a result is complete.
    write_json(
        folder / RESULT_FILE,
        {
            "documents": len(train),
            "entities_between_tokens": lost,
            "parameters": count_parameters(pipeline),
        },
    )
    return best


def describe_spacy(folder: Path) -> dict[str, Any]:
    """What `train_spacy` has written into its folder: number of parameters and of documents.

    `entities_between_tokens` are those whose borders are within one of spaCy's tokens, which it
    cannot learn or find.
    """
    found: dict[str, Any] = read_json(folder / RESULT_FILE, f"remove {folder}")
    return found


def count_parameters(pipeline: Any) -> int:
    """All numbers that training may change, the tables of hashed words included."""
    return sum(
        node.get_param(name).size
        for _, component in pipeline.pipeline
        for node in component.model.walk()
        for name in node.param_names
        if node.has_param(name)
    )


def _build_config(folder: Path, seed: int, max_steps: int | None) -> Any:
    import spacy

    pipeline = spacy.blank("en")
    pipeline.add_pipe("ner")
    config = pipeline.config.copy()
    config["paths"]["train"] = str(folder / "train.spacy")
    config["paths"]["dev"] = str(folder / "dev.spacy")
    config["system"]["seed"] = seed
    if max_steps is not None:
        config["training"]["max_steps"] = max_steps
        config["training"]["eval_frequency"] = max(1, max_steps // 2)
    return config


def _write_docs(documents: Sequence[Document], path: Path) -> int:
    """Write a DocBin; returns how many entities do not begin and end with a token."""
    import spacy
    from spacy.tokens import DocBin

    tokenizer = spacy.blank("en").make_doc
    packed, lost = DocBin(), 0
    for document in documents:
        doc = tokenizer(document.text)
        spans = [
            doc.char_span(entity.char_start, entity.char_end, label=entity.label)
            for entity in document.entities or ()
        ]
        lost += spans.count(None)
        doc.ents = [span for span in spans if span is not None]
        packed.add(doc)
    packed.to_disk(path)
    return lost
