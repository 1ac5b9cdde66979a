"""Other people's models behind this project's interface, one function a kind.

`python -m distilgliner.evaluate.cost` calls them in a process of its own; nothing is imported
before it is needed, so that load time and memory are the model's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

GRAPH_FILE = "model.onnx"
PACKED_SUBWORDS = 256
"""Of one stream when GLiNER packs texts: about as long as its batches, which are of 8 texts."""


class GlinerModel:
    """The `gliner` package's own inference with its own defaults (batches of 8 texts)."""

    def __init__(self, model: Any, **options: Any) -> None:
        self.model = model
        self.options = options

    def batch_predict_entities(
        self, texts: Sequence[str], labels: Sequence[str], *, threshold: float = 0.5
    ) -> list[list[dict[str, Any]]]:
        """See `distilgliner.models.Predictor`."""
        found: list[list[dict[str, Any]]] = self.model.inference(
            list(texts), list(labels), threshold=threshold, **self.options
        )
        return found


class OnnxGlinerModel(GlinerModel):
    """The same with its network in onnxruntime."""

    def __init__(self, model: Any, graph: Path) -> None:
        super().__init__(model)
        self._graph = graph

    def set_threads(self, count: int) -> None:
        """Sessions cannot change their number of threads: open another one."""
        self.model.model.session = _open_session(self._graph, count)


class SpacyModel:
    """A spaCy pipeline; its scores are 1, because its parser gives none."""

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline

    def set_threads(self, count: int) -> None:
        """Nothing: spaCy's numpy backend computes on one thread."""

    def batch_predict_entities(
        self, texts: Sequence[str], labels: Sequence[str], *, threshold: float = 0.5
    ) -> list[list[dict[str, Any]]]:
        """See `distilgliner.models.Predictor`; labels are those of the training, as in any NER."""
        # Its documentation's ways: call it for one text, pipe for many.
        docs = [self.pipeline(texts[0])] if len(texts) == 1 else self.pipeline.pipe(texts)
        return [
            [
                {
                    "start": span.start_char,
                    "end": span.end_char,
                    "text": span.text,
                    "label": span.label_,
                    "score": 1.0,
                }
                for span in doc.ents
            ]
            for doc in docs
        ]


def load_gliner(folder: str) -> GlinerModel:
    """A GLiNER checkpoint in torch."""
    return GlinerModel(_read_gliner(folder))


def load_gliner_int8(folder: str) -> GlinerModel:
    """The same with torch's dynamic int8 for all linear layers."""
    return GlinerModel(_read_gliner(folder, quantize="int8"))


def load_gliner_packed(folder: str) -> GlinerModel:
    """The same with several texts in one row, so that padding costs less."""
    from gliner import InferencePackingConfig

    packing = InferencePackingConfig(max_length=PACKED_SUBWORDS)
    return GlinerModel(_read_gliner(folder), packing_config=packing)


def load_gliner_compressed(folder: str) -> GlinerModel:
    """The same with the labels' vectors stored, so that no prompt stands before the text."""
    from safetensors.torch import load_file

    model = _read_gliner(folder)
    # The package saves these vectors and does not read them: it would score random ones.
    vectors = load_file(Path(folder) / "model.safetensors")["precomputed_prompts"]
    classes = {int(number): name for number, name in model.config.id_to_classes.items()}
    names = [classes[number] for number in sorted(classes)]
    model.config.id_to_classes = classes
    model.model.set_precomputed_prompts(names, vectors)
    return GlinerModel(model)


def load_gliner_onnx(folder: str) -> GlinerModel:
    """A GLiNER export, fp32 or int8, as the package runs it."""
    graph = Path(folder) / GRAPH_FILE
    options = {"session": _open_session(graph, 1)}
    model = _read_gliner(folder, runtime="onnxruntime", runtime_options=options)
    return OnnxGlinerModel(model, graph)


def load_spacy(folder: str) -> SpacyModel:
    """A trained spaCy pipeline."""
    import spacy

    return SpacyModel(spacy.load(folder))


def _read_gliner(folder: str, **options: Any) -> Any:
    import logging
    import warnings

    logging.getLogger("gliner").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as of a vocabulary larger than the tokenizer's
        from gliner import GLiNER

        return GLiNER.from_pretrained(folder, local_files_only=True, **options)


def _open_session(graph: Path, threads: int) -> Any:
    from distilgliner.privacy import disable_telemetry

    disable_telemetry()  # before the next import
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # the export's shapes are too strict, which it says at each call
    return ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
