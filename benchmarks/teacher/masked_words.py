"""Train an encoder to guess masked words of unlabelled text: whole words, all pieces of each."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from distilgliner.annotate.teacher import Teacher

MASKED, KEPT, RANDOM = 0.15, 0.1, 0.1
"""Of the words; and of the masked ones those that stay, and those that become another piece."""
SENTENCES, WORDS = 16, 40
RATE, HEAD_RATE = 5e-5, 1e-3
IGNORED = -100


def train_masked_words(
    teacher: Teacher, texts: Sequence[str], updates: int, *, seed: int = 0
) -> list[float]:
    """Train the encoder in place, its subword vectors frozen and used to guess; the losses.

    Devlin et al. 2019, "BERT", with whole words masked.
    """
    torch.manual_seed(seed)
    generator = random.Random(seed)
    encoder = teacher.model.model.token_rep_layer.bert_layer.model
    vectors = encoder.get_input_embeddings().weight
    size = vectors.shape[1]
    head = nn.Sequential(nn.Linear(size, size), nn.GELU(), nn.LayerNorm(size))
    bias = nn.Parameter(torch.zeros(len(vectors)))
    own = [p for p in encoder.parameters() if p is not vectors]
    optimizer = torch.optim.AdamW(
        [{"params": own, "lr": RATE}, {"params": [*head.parameters(), bias], "lr": HEAD_RATE}]
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / updates)
    encoder.train()
    losses = []
    for inputs, targets in draw_batches(teacher, texts, updates, generator):
        with torch.autocast("cpu", torch.bfloat16):
            states = encoder(**inputs).last_hidden_state[targets != IGNORED]
            logits = nn.functional.linear(head(states), vectors.detach(), bias)
        loss = nn.functional.cross_entropy(logits.float(), targets[targets != IGNORED])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*own, *head.parameters(), bias], 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def draw_batches(
    teacher: Teacher, texts: Sequence[str], updates: int, generator: random.Random
) -> Iterator[tuple[dict[str, torch.Tensor], torch.Tensor]]:
    """What the encoder takes, and the masked pieces as they were (elsewhere `IGNORED`)."""
    tokenizer: Any = teacher.model.data_processor.transformer_tokenizer
    usable = [text for text in texts if len(text.split()) > 3]
    for _ in range(updates):
        chosen = generator.sample(usable, SENTENCES)
        words = [teacher.split(text).pieces[:WORDS] for text in chosen]
        batch = tokenizer(
            words, is_split_into_words=True, padding=True, truncation=True, return_tensors="pt"
        )
        targets = torch.full_like(batch["input_ids"], IGNORED)
        for row in range(SENTENCES):
            pieces: dict[int, list[int]] = {}
            for position, word in enumerate(batch.word_ids(row)):
                if word is not None:
                    pieces.setdefault(word, []).append(position)
            for word in generator.sample(sorted(pieces), max(1, round(MASKED * len(pieces)))):
                fate = generator.random()
                for position in pieces[word]:
                    targets[row, position] = batch["input_ids"][row, position]
                    if fate >= KEPT:
                        other = tokenizer.mask_token_id
                        if fate < KEPT + RANDOM:
                            other = generator.randrange(1000, len(tokenizer))
                        batch["input_ids"][row, position] = other
        kept = {key: batch[key] for key in ("input_ids", "attention_mask")}
        yield kept, targets
