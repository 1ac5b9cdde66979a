"""The trainer of `gliner`, with strict F1 on dev instead of a loss, and our order of batches.

`GLiNER.train_model` builds this same trainer, but lets nobody give it callbacks, a measure or a
checkpoint to go on from; so it is built here, with the package's collator, losses and arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from gliner.training.trainer import Trainer
from torch.utils.data import SequentialSampler
from transformers import PrinterCallback, TrainerCallback

from distilgliner.finetune.checkpoints import seal_checkpoint
from distilgliner.finetune.config import FinetuneConfig
from distilgliner.finetune.plan import TrainingPlan

_METRIC = "eval_f1"


class StrictF1Trainer(Trainer):
    """`gliner`'s trainer; `measure` gives the strict F1 on dev."""

    measure: Callable[[], float]

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._losses: list[torch.Tensor] = []

    def training_step(self, *arguments: Any, **named: Any) -> torch.Tensor:
        """As the package's, and keep the loss."""
        loss: torch.Tensor = super().training_step(*arguments, **named)
        self._losses.append(loss)
        return loss

    def take_mean_loss(self) -> float | None:
        """The mean training loss since this was last asked for; None when there was no update.

        Its own count, because the trainer's log is wrong behind a resumed checkpoint.
        """
        losses, self._losses = self._losses, []
        return float(torch.stack(losses).mean()) if losses else None

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Measure F1, log it, and tell the callbacks, as `transformers.Trainer.evaluate` does."""
        metrics = {_METRIC: self.measure()}
        self.log(metrics)
        self.control: Any = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def load_weights(self, checkpoint: Path) -> None:
        """Put the weights of a checkpoint into the model."""
        self._load_from_checkpoint(str(checkpoint))

    def _save_checkpoint(self, *arguments: Any, **named: Any) -> None:
        super()._save_checkpoint(*arguments, **named)
        seal_checkpoint(Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}")

    def _get_train_sampler(self, *_: Any, **__: Any) -> SequentialSampler:
        return SequentialSampler(self.train_dataset)


class StopWithoutGain(TrainerCallback):
    """Ends the training as soon as `has_stopped` says so.

    The package's own callback counts from 0 again behind a resumed checkpoint, or, with its state
    restored, trains on where a run was killed behind its stop.
    """

    def __init__(self, has_stopped: Callable[[], bool]) -> None:
        self._has_stopped = has_stopped

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Ask, behind every measurement."""
        if self._has_stopped():
            control.should_training_stop = True


def build_trainer(
    model: Any,
    plan: TrainingPlan,
    config: FinetuneConfig,
    folder: Path,
    measure: Callable[[], float],
    *,
    has_stopped: Callable[[], bool] | None,
    callbacks: list[TrainerCallback],
    save_updates: int | None = None,
) -> StrictF1Trainer:
    """The trainer of a run; its checkpoints go to `folder`, one behind every measurement.

    `has_stopped` is asked behind every measurement, and the best weights are kept; None trains to
    the end and keeps the last ones. `save_updates` saves and measures after so many updates instead
    of by the epoch.
    """
    apply_freeze(model, config)
    apply_dropout(model, config.dropout)
    use_cpu = not torch.cuda.is_available()
    every = save_updates or max(1, plan.updates // (config.epochs * config.measurements_per_epoch))
    arguments = model.create_training_args(
        output_dir=folder,
        learning_rate=config.learning_rate,
        others_lr=config.head_learning_rate,
        weight_decay=config.weight_decay,
        others_weight_decay=config.weight_decay,
        focal_loss_alpha=config.focal_alpha,
        focal_loss_gamma=config.focal_gamma,
        warmup_ratio=config.warmup_fraction,
        per_device_train_batch_size=config.batch_documents,
        max_grad_norm=config.max_gradient_norm,
        max_steps=plan.updates,
        save_steps=every,
        save_total_limit=2,
        logging_steps=min(10, every),
        use_cpu=use_cpu,
        bf16=uses_bf16(config),
        dataloader_num_workers=0,
        dataloader_pin_memory=not use_cpu,
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        load_best_model_at_end=has_stopped is not None,
        metric_for_best_model=_METRIC,
        greater_is_better=True,
        optim="adamw_torch_fused",
        disable_tqdm=True,
        seed=config.seed,
        data_seed=config.seed,
        remove_unused_columns=False,
    )
    arguments.save_safetensors = True  # read by gliner's trainer; transformers has no such field
    if use_cpu and uses_bf16(config):
        _use_eager_attention(model)
    trainer = StrictF1Trainer(
        model=model,
        args=arguments,
        train_dataset=plan,
        eval_dataset=plan,  # never read: see `evaluate`
        data_collator=model._create_data_collator(),
        processing_class=model.data_processor.transformer_tokenizer,
        callbacks=[StopWithoutGain(has_stopped), *callbacks] if has_stopped else callbacks,
    )
    trainer.measure = measure
    trainer.remove_callback(PrinterCallback)
    return trainer


def uses_bf16(config: FinetuneConfig) -> bool:
    """Whether to train in bfloat16: on request, or where the hardware multiplies it natively."""
    if config.precision != "auto":
        return config.precision == "bf16"
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    return bool(getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)())


def apply_freeze(model: Any, config: FinetuneConfig) -> None:
    """Freeze the parts of `config.freeze`; `gliner` knows the encoders as components."""
    encoder = model.model.token_rep_layer.bert_layer.model
    if "subwords" in config.freeze:
        encoder.get_input_embeddings().requires_grad_(False)
    if "encoder" in config.freeze:
        model.freeze_component("text_encoder")
    if "labels-encoder" in config.freeze:
        model.freeze_component("labels_encoder")


def apply_dropout(model: Any, probability: float | None) -> None:
    """Set every dropout layer's probability; None leaves all as they are."""
    if probability is None:
        return
    for module in model.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = probability


def _use_eager_attention(model: Any) -> None:
    """On a CPU in bf16, torch's fused attention is several times slower backwards."""
    encoder = model.model.token_rep_layer.bert_layer.model
    if getattr(encoder.config, "_attn_implementation", "eager") == "sdpa":
        encoder.set_attn_implementation("eager")
