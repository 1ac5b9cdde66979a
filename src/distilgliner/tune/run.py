"""The stage `tune`: annotations, dev and a space of settings → the best settings and a student."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import optuna

from distilgliner.annotate.store import AnnotationStore
from distilgliner.corpus.choosing import check_can_choose
from distilgliner.corpus.document import Document
from distilgliner.distill.config import DistillConfig
from distilgliner.distill.objective.stages import build_schedule
from distilgliner.distill.run import RESULT_FILE as STUDENT_RESULT
from distilgliner.distill.run import Annotations, open_stores, run_distillation
from distilgliner.distill.training.initial import read_initial
from distilgliner.errors import UserError
from distilgliner.finish import write_finish
from distilgliner.folders import compute_fingerprint, lock_folder, record_run
from distilgliner.progress import build_progress
from distilgliner.student.folder_files import CARD_FILE, WEIGHTS_FILE
from distilgliner.tune.budget import Timer, TuneBudget
from distilgliner.tune.keys import apply_settings, find_value, list_keys
from distilgliner.tune.repeat import (
    Repeat,
    choose_best,
    choose_candidates,
    plan_repeats,
    repeat_folder,
    run_repeats,
)
from distilgliner.tune.result import (
    BEST_FILE,
    RESULT_FILE,
    Best,
    build_result,
    read_finished,
    write_best,
)
from distilgliner.tune.search import TRIALS_FOLDER, RefusedError, Search, run_trials
from distilgliner.tune.space import (
    Space,
    build_default_space,
    check_from_random,
    describe_space,
)
from distilgliner.tune.study import Record, list_records, open_study
from distilgliner.tune.trial import OnEpoch
from distilgliner.version import __version__

EPOCHS = "training.epochs"
SEARCH_FILE = "search.json"
STUDY_FILE = "study.db"
REPEATS_FOLDER = "repeats"
BEST_FOLDER = "best"
_HALF_COPIED = "best.partial"


def run_tuning(
    annotations: Annotations | Sequence[Annotations],
    base: DistillConfig,
    output: str | Path,
    *,
    dev: Sequence[Document],
    gold: Sequence[Document] = (),
    initial: str | Path | None = None,
    space: Space | None = None,
    budget: TuneBudget | None = None,
    now: Callable[[], float] = time.monotonic,
    quiet: bool = False,
) -> dict[str, Any]:
    """Search for good settings of a distillation on dev; returns the content of `tune.json`.

    annotations, gold, initial: see `run_distillation`. base: what is the same for all trials, its
    seed included; the seed also draws the trials. dev: labelled documents that choose epochs and
    settings. space: see `build_space`; None is the default one. The folder gets `best` (a student),
    `best.yaml`, `tune.json` and what it takes to go on. A search that was killed continues, also
    with another budget; one that has finished with the same budget returns at once.
    Raises `UserError` for what `run_distillation` refuses, for a space with nothing in it, when no
    trial could be trained, or when the folder cannot be made, is in use or holds another search.
    """
    stores = open_stores(annotations)
    defaults = _find_defaults(base, stores)
    if space is None:
        space = build_default_space(base, defaults[EPOCHS], any_size=initial is None)
    budget = budget or TuneBudget()
    if not space:
        raise UserError("Every setting is fixed and none is left to search; give a --space.")
    if initial is None:
        check_from_random(space, base)
    if not dev:
        raise UserError("A search needs dev documents that tell settings apart; pass --dev FILE.")
    check_can_choose(dev, "dev")
    described = _describe_search(stores, base, space, gold, dev)
    if initial is not None:
        described["initial"] = read_initial(initial).fingerprint
    folder, was_there = Path(output), Path(output).exists()
    with lock_folder(folder):
        record_run(folder, SEARCH_FILE, described, "search")
        finished = read_finished(folder, budget)
        if finished is not None and (folder / BEST_FOLDER / WEIGHTS_FILE).is_file():
            return finished
        (folder / RESULT_FILE).unlink(missing_ok=True)

        def train(config: DistillConfig, folder: Path, on_epoch: OnEpoch) -> dict[str, Any]:
            data: dict[str, Any] = {"gold": gold, "dev": dev, "initial": initial}
            return run_distillation(stores, config, folder, on_epoch=on_epoch, quiet=True, **data)

        try:
            with build_progress(quiet=quiet) as bar, open_study(folder / STUDY_FILE) as study:
                spent = sum(record.outcome.seconds for record in list_records(study, space))
                timer = Timer(60 * budget.minutes, spent, now)
                task = bar.add_task("tune", total=budget.trials, note="")

                def show(done: int, note: str) -> None:
                    bar.update(task, completed=done, note=note)

                return _run(
                    study, Search(base, space, defaults, budget, folder, train, timer, show)
                )
        except RefusedError as error:
            _abandon(folder, was_there=was_there)
            raise error.reason from None


def _find_defaults(base: DistillConfig, stores: Sequence[AnnotationStore]) -> dict[str, Any]:
    """What `base` has for every key; the epochs may depend on how much text there is."""
    defaults = {key: find_value(base, key) for key in list_keys()}
    texts = {document.id for store in stores for document in store}
    schedule = build_schedule(base.training, len(texts))
    return {**defaults, EPOCHS: defaults[EPOCHS] or schedule.epochs}


def _run(study: optuna.Study, search: Search) -> dict[str, Any]:
    """Trials, repeats, and what they leave; `tune.json` is last and says that all is there."""
    ended_by = run_trials(study, search)
    records = list_records(study, search.space)
    candidates = choose_candidates(records, search.kept)
    if not candidates:
        raise UserError(
            f"None of the {len(records)} trials could be trained; the last one said: "
            f"{records[-1].outcome.note}"
        )
    chosen, rounds = plan_repeats(candidates, search.timer.left)
    repeats = run_repeats(
        chosen,
        rounds,
        search.base,
        search.folder / REPEATS_FOLDER,
        search.train,
        lambda: search.timer.left <= 0,
        lambda note: search.show(len(records), f"other seeds, {note}"),
    )
    best = _keep_best(search, choose_best(candidates, repeats), repeats)
    result = build_result(
        search.budget, search.space, records, repeats, best, ended_by, search.timer.spent
    )
    best_folder = search.folder / BEST_FOLDER
    free = {CARD_FILE, STUDENT_RESULT}  # anyone's to write on, and with the times that it took
    kept = sorted({path.name for path in best_folder.iterdir() if path.is_file()} - free)
    files = [BEST_FILE, *(f"{BEST_FOLDER}/{name}" for name in kept)]
    return write_finish(search.folder / RESULT_FILE, result, files)


def _keep_best(search: Search, record: Record, repeats: Sequence[Repeat]) -> Best:
    """Copy the best student of the best settings, and write those down.

    A student that is no longer there is trained again, into the same one.
    """
    own = Repeat(record.trial, search.seed, record.outcome.dev_f1 or 0.0)
    runs = [own, *(repeat for repeat in repeats if repeat.trial == record.trial)]
    chosen = max(runs, key=lambda run: run.dev_f1)
    source = search.find_folder(record.trial)
    if chosen is not own:
        source = repeat_folder(search.folder / REPEATS_FOLDER, chosen.trial, chosen.seed)
    settings = {**record.settings, "training.seed": chosen.seed}
    search.train(apply_settings(search.base, settings), source, lambda progress, schedule: None)
    half = search.folder / _HALF_COPIED
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(source, half)
    shutil.rmtree(search.folder / BEST_FOLDER, ignore_errors=True)
    half.rename(search.folder / BEST_FOLDER)
    title = f"Trial {record.trial} of a search with seed {search.seed}, chosen on dev."
    write_best(search.folder / BEST_FILE, apply_settings(search.base, record.settings), title)
    return Best(record, chosen.seed, chosen.dev_f1)


def _describe_search(
    stores: Sequence[AnnotationStore],
    base: DistillConfig,
    space: Space,
    gold: Sequence[Document],
    dev: Sequence[Document],
) -> dict[str, Any]:
    """What decides the trials; the budget only decides how many of them there are."""
    return {
        "distilgliner": __version__,
        "config": base.model_dump(mode="json"),
        "space": describe_space(space),
        "annotations": [_describe_store(store) for store in stores],
        "gold": compute_fingerprint(sorted(map(repr, gold))),
        "dev": compute_fingerprint(sorted(map(repr, dev))),
    }


def _describe_store(store: AnnotationStore) -> dict[str, Any]:
    manifest = store.manifest
    return {
        "teacher_hash": manifest.teacher_hash,
        "labels": list(manifest.labels),
        "floor": manifest.floor,
        "text": manifest.corpus.fingerprint if manifest.corpus else None,
    }


def _abandon(folder: Path, *, was_there: bool) -> None:
    """Take back what a search has put into its folder, so that a corrected one can have it."""
    for name in (SEARCH_FILE, STUDY_FILE):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / TRIALS_FOLDER, ignore_errors=True)
    if not was_there:
        folder.rmdir()
