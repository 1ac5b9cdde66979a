"""`distilgliner distill --teacher`: what the command line gives, read, run and told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from distilgliner.commands.options import (
    note_borders,
    note_unspaced,
    parse_labels,
    parse_prompts,
)
from distilgliner.corpus.borders import GoldBorders
from distilgliner.corpus.document import Document
from distilgliner.corpus.reading import Reading
from distilgliner.errors import UserError

if TYPE_CHECKING:
    from distilgliner.distill.config import DistillConfig
    from distilgliner.pipeline.run import PipelineResult


@dataclass(frozen=True)
class WholeWay:
    """The options of `distilgliner distill` that count when it has a teacher."""

    teacher: str
    labels: list[str]
    labels_per_prompt: int | None
    input: list[str]
    annotations: list[Path]
    output: Path
    config: DistillConfig
    gold: list[str]
    dev: list[str]
    labels_of: list[str]
    ignore_labels: str | None
    reading: Reading
    initial: str | None
    threads: int | None

    def run(self) -> None:
        """Run the whole way and say where the student is, what it is worth and how to use it."""
        from distilgliner.annotate.checkpoint import check_packages
        from distilgliner.corpus.labelled import read_labelled_documents
        from distilgliner.distill.calibration.run import describe_little_dev
        from distilgliner.pipeline.run import run_pipeline

        self._check()
        names, prompts = parse_prompts(self.labels, self.labels_per_prompt)
        ignored = parse_labels(self.ignore_labels) or ()
        check_packages()
        gold, dev = (
            read_labelled_documents(sources, names, ignored, **self.reading)
            for sources in (self.gold, self.dev)
        )
        result = run_pipeline(
            self._read_texts(),
            teacher=self.teacher,
            labels=names or (),
            output=self.output,
            config=self.config,
            prompts=prompts,
            annotations=self.annotations[0] if self.annotations else None,
            gold=gold,
            dev=dev,
            initial=self.initial,
            threads=self.threads,
        )
        click.echo(describe_pipeline(result))
        said = result.distilled
        if little := describe_little_dev(said):
            click.echo(f"Note: {little}", err=True)
        note_borders(GoldBorders.from_dict(said.get("gold_borders")))
        note_unspaced(said.get("texts_without_spaces", 0), said.get("texts", 0))

    def _check(self) -> None:
        """Raise `UserError` for what is missing, and for what the whole way has no use for."""
        for option, given in (("--labels", self.labels), ("--input", self.input)):
            if not given:
                raise UserError(f"--teacher annotates text for labels; pass {option} too.")
        if len(self.annotations) > 1:
            raise UserError(
                "With --teacher there is one folder of annotations; leave --teacher out to distil "
                "from several."
            )
        if self.labels_of:
            raise UserError(
                "--labels-of does not go with --teacher; run distilgliner annotate, then "
                "distilgliner distill --annotations with it."
            )
        if self.gold and self.config.targets in ("soft", "hard"):
            raise UserError(
                f"--targets {self.config.targets} learns from no human label; leave --gold out, or "
                "--targets."
            )

    def _read_texts(self) -> Iterator[Document]:
        from distilgliner.corpus.read import read_documents

        # --format is that of the labelled text where there is some, as without --teacher.
        reading = self.reading
        if self.gold or self.dev:
            reading = {**reading, "format": None}
        for source in self.input:
            yield from read_documents(source, **reading)


def describe_pipeline(result: PipelineResult) -> str:
    """What came out, in a few lines; the last ones are to be copied."""
    from distilgliner.distill.data import LEARNED

    deployed, lines = result.deployed, []
    if result.teacher_gold_f1 is not None:
        told = f"The teacher has {100 * result.teacher_gold_f1:.1f} F1 on your gold"
        if result.fine_tuned is not None:
            before, after = (100 * result.fine_tuned[key] for key in ("f1_before", "f1"))
            told += f" and was fine-tuned on it: {before:.1f} → {after:.1f} on held-out text"
        lines.append(f"{told}.")
    own = "its teacher's decisions" if result.dev_source == "the teacher" else "human labels"
    quality = f"{100 * deployed.f1:.1f} strict F1 against {own} on {result.dev_documents:,} texts"
    quality += " that it has learned" if result.dev_source == LEARNED else ", held out"
    if result.teacher_f1 is not None:
        quality += f" (its teacher: {100 * result.teacher_f1:.1f})"
    if deployed.quantize == "none":
        quality += f"; not in 8 bits, which cost {100 * _loss(result):.1f}"
    lines += [
        f"Student:  {result.student}",
        f"Quality:  {quality}",
        f"Size:     {deployed.disk_bytes / 1e6:.1f} MB",
        f"Speed:    {deployed.words_per_second:,.0f} words/s on one core",
        "Use it:   from distilgliner import DistilGLiNER",
        f'          DistilGLiNER.from_pretrained("{result.student}").predict_entities(text)',
    ]
    return "\n".join(lines)


def _loss(result: PipelineResult) -> float:
    """What 8 bits would have cost; they were not taken."""
    return result.deployed.f1_unquantized - result.deployed.f1_int8
