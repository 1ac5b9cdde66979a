"""GLiNER's calls on a student: what carries over, what changes nothing, and what is refused.

Names and defaults are those of `gliner` 0.2.29, `model.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from distilgliner.errors import UserError

if TYPE_CHECKING:
    from typing_extensions import Self

_ONLY_OF_TEACHERS: dict[str, tuple[Any, ...]] = {
    "flat_ner": (True,),
    "multi_label": (False,),
    "return_class_probs": (False,),
    "return_vectors": (False,),
    "return_label_vectors": (False,),
    "input_spans": (None,),
    "packing_config": (None,),
    "relations": (None, []),
    "return_relations": (False,),
    "adjacency_threshold": (None,),
    "relation_threshold": (None,),
    "gen_constraints": (None,),
    "num_gen_sequences": (1,),
    "session_id": (None,),
    "recompute": (False,),
}
"""Arguments of GLiNER's predictions and the values that a student takes, the usual one first."""

_HUB_OPTIONS = (
    "revision", "cache_dir", "force_download", "local_files_only", "token", "allow_patterns",
    "ignore_patterns", "local_dir", "max_workers", "etag_timeout", "user_agent", "tqdm_class",
    "headers", "endpoint", "library_name", "library_version",
)  # fmt: skip
"""Options of `huggingface_hub.snapshot_download`, which matter only where something is fetched."""


def _is_flag(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _is_cpu(value: Any) -> bool:
    return value is None or str(value) in ("cpu", "cpu:0")


def _is_single(value: Any) -> bool:
    return value is None or str(value).removeprefix("torch.") in ("float32", "float", "fp32")


def _is_off(value: Any) -> bool:
    return value is None or value is False


def _is_length(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0)


def _is_any(value: Any) -> bool:
    return True


_LOADING: dict[str, tuple[Callable[[Any], bool], str]] = {
    "map_location": (_is_cpu, "a student runs on the CPU"),
    "load_tokenizer": (_is_flag, "a student has its tokenizer in its folder"),
    "resize_token_embeddings": (_is_flag, "a student's embeddings fit its tokenizer"),
    "resume_download": (_is_flag, "the hub always resumes"),
    "low_cpu_mem_usage": (_is_flag, "a student has a few megabytes"),
    "strict": (_is_flag, "a student's folder is always read strictly"),
    "load_onnx_model": (_is_flag, "a folder with model.onnx opens with onnxruntime"),
    "onnx_model_file": (
        lambda value: value in (None, "model.onnx"),
        "an exported student is always model.onnx",
    ),
    "max_length": (_is_length, "a student reads texts of any length; give a length or leave it"),
    "_attn_implementation": (_is_any, "a student has no attention"),
    "compile_torch_model": (_is_off, "a student is no torch model; 'distilgliner export' it"),
    "quantize": (_is_off, "use 'distilgliner export --quantize int8'"),
    "dtype": (_is_single, "a student computes in float32; 'distilgliner export --quantize int8'"),
    "variant": (_is_off, "a student's folder has one variant"),
    "session_options": (_is_off, "call set_threads on the student"),
    "max_width": (_is_off, "the width of entities is the student's own"),
    "post_fusion_schema": (_is_off, "a student has no fusion layers"),
    "runtime": (
        lambda value: value in (None, "onnx"),
        "an exported student runs on onnxruntime, another on torch",
    ),
    "runtime_model_file": (_is_off, "an exported student is always model.onnx"),
    "runtime_options": (_is_off, "call set_threads on the student"),
    "proxies": (_is_off, "set HTTPS_PROXY in the environment"),
    "model_dir": (_is_off, "give the folder as the first argument"),
}
"""GLiNER's options of `from_pretrained`: what a student takes without a change, and why no more."""


def check_call_options(options: Mapping[str, Any]) -> None:
    """Refuse what GLiNER's predictions can do and a student's cannot.

    Raises `UserError` for it, and `TypeError` for a name that GLiNER does not know either.
    """
    unknown = options.keys() - _ONLY_OF_TEACHERS.keys()
    if unknown:
        raise TypeError(f"unexpected keyword argument {min(unknown)!r}")
    for name, value in options.items():
        allowed = _ONLY_OF_TEACHERS[name]
        if name == "flat_ner" and type(value) in (int, float):
            raise UserError(
                f"The third argument is flat_ner, as in GLiNER; write threshold={value}."
            )
        if not any(type(value) is type(one) and value == one for one in allowed):
            raise UserError(
                f"A student cannot do {name}={value!r}, only {name}={allowed[0]}; "
                "leave it out, or ask the teacher."
            )


def check_loading_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those options of `from_pretrained` that are for the hub; GLiNER's others change nothing.

    Raises `UserError` for a name that neither GLiNER nor the hub knows, and for a value of GLiNER's
    that a student cannot follow.
    """
    for name, value in options.items():
        check_option(name, "from_pretrained")
        if name in _HUB_OPTIONS:
            continue
        accepts, reason = _LOADING[name]
        if not accepts(value):
            raise UserError(f"A student cannot do {name}={value!r}: {reason}.")
    return {name: value for name, value in options.items() if name in _HUB_OPTIONS}


def check_option(name: str, where: str, others: Sequence[str] = ()) -> None:
    """Raise `UserError` for an unknown option; `others` are known too, for what may be meant."""
    if name not in _HUB_OPTIONS and name not in _LOADING:
        near = get_close_matches(name, [*_HUB_OPTIONS, *_LOADING, *others], 1)
        hint = f"did you mean {near[0]!r}?" if near else "leave it out."
        raise UserError(f"{where} has no option {name!r}; {hint}")


def check_saving_options(options: Mapping[str, Any]) -> None:
    """Refuse what GLiNER's `save_pretrained` can do and a student's cannot. Raises `UserError`."""
    for name, value in options.items():
        if name == "push_to_hub" and not _is_off(value):
            raise UserError("save_pretrained uploads nothing; call push_to_hub(repo_id) after it.")
        if name not in ("safe_serialization", "config", "repo_id", "push_to_hub"):
            raise UserError(f"save_pretrained has no option {name!r}; leave it out.")
        if name == "config" and value is not None:
            raise UserError("A student is saved with its own configuration; leave config out.")


_LABELS = (
    "give the labels themselves, or compile an open student with 'distilgliner export --labels'"
)
_REASONS: dict[str, str] = {
    "evaluate": "use distilgliner.run_evaluation(student, documents)",
    "train_model create_training_args freeze_component unfreeze_component zero_grad requires_grad_ "
    "forward": "use distilgliner.run_distillation, which trains students",
    "export_to_onnx export_to_openvino": "use distilgliner.run_export",
    "quantize half bfloat16 double": "use 'distilgliner export --quantize int8'",
    "float": "it computes in float32 as it is",
    "cuda ipu xpu mtia": "a student runs on the CPU",
    "predict_relations generate_labels set_labels_trie": "it finds entities only; ask a teacher",
    "encode_labels predict_with_embeds batch_predict_with_embeds": _LABELS,
    "compress_prompt_embeddings": _LABELS,
    "adapter_cache_status is_adapter_cached": "a student has no adapters",
    "configure_inference_packing": "a student's batches are packed by length already",
    "create_streaming_batch create_async_streaming_engine clear_session clear_sessions "
    "session_count": "a student reads whole texts and keeps no sessions",
    "from_config load_from_config": "use from_pretrained, or distilgliner.run_distillation",
    "config": "use labels and is_open",
}
_OF_TORCH = (
    "T_destination add_module apply buffers call_super_init children dump_patches extra_repr "
    "get_buffer get_extra_state get_parameter get_submodule load_state_dict modules named_buffers "
    "named_children named_modules named_parameters parameters register_backward_hook "
    "register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook "
    "register_full_backward_pre_hook register_load_state_dict_post_hook "
    "register_load_state_dict_pre_hook register_module register_parameter "
    "register_state_dict_post_hook register_state_dict_pre_hook set_extra_state set_submodule "
    "share_memory smart_apply state_dict to_empty type collate_batch config_class create_collator "
    "data_collator_class data_processor_class decode_batch decoder_class generate_model_card "
    "get_model_type is_runtime_model map_entities_to_text map_relations_to_text model_class "
    "model_map prepare_base_input prepare_batch prepare_inputs prepare_state_dict "
    "resize_embeddings run_batch set_class_indices validate_special_token_config data_processor "
    "model"
)
_EXPLANATIONS = {
    **dict.fromkeys(_OF_TORCH.split(), "it is a part of GLiNER's torch model"),
    **{name: reason for names, reason in _REASONS.items() for name in names.split()},
}


class NotOfStudentsError(UserError, AttributeError):
    """A method of GLiNER's that no student has; for `hasattr` it is not there."""


class TorchLike:
    """What callers of a torch module do with it before they predict."""

    def __getattr__(self, name: str) -> Any:
        """Explains the methods of GLiNER that a student does not have."""
        if name in _EXPLANATIONS:
            raise NotOfStudentsError(f"A student has no {name!r}: {_EXPLANATIONS[name]}.")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def device(self) -> str:
        """Where it runs: always "cpu"."""
        return "cpu"

    def eval(self) -> Self:
        """Nothing, as for every loaded student; returns itself, as torch's modules do."""
        return self

    def train(self, mode: bool = True) -> Self:
        """Nothing for False. Raises `UserError` for True."""
        if mode:
            raise UserError("A loaded student does not learn; use distilgliner.run_distillation.")
        return self

    def to(self, *places: Any, **named: Any) -> Self:
        """Nothing for the CPU, and float32. Raises `UserError` for another device or type."""
        for place in (*places, *named.values()):
            if not (_is_cpu(place) or _is_single(place) or isinstance(place, bool)):
                raise UserError(
                    f"A student runs on the CPU in float32 and cannot be moved to {place}; leave "
                    "it there, or use 'distilgliner export --quantize int8' for 8 bits."
                )
        return self

    def cpu(self) -> Self:
        """Nothing: it is there."""
        return self

    def compile(self, *_: Any, **__: Any) -> None:
        """Nothing: no torch computes."""
