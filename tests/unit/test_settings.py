"""Settings: what was meant by an unknown one, and the page that lists them all."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from distilgliner.augment.config import AugmentConfig, build_augment_config
from distilgliner.cli import main
from distilgliner.compare.config import CompareConfig
from distilgliner.distill.config import build_distill_config
from distilgliner.errors import UserError
from distilgliner.finetune.config import FinetuneConfig, build_finetune_config
from distilgliner.settings import list_setting_keys, suggest_key
from distilgliner.tune.keys import list_keys
from distilgliner.tune.space import Choice, check_from_random

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("training.lr", "training.learning_rate"),
        ("training.epoch", "training.epochs"),
        ("training.batch_size", "training.batch_documents"),
        ("trainig.epochs", "training.epochs"),
        ("trainig", "training"),
        ("learning_rate", "training.learning_rate"),
        ("lr", "training.learning_rate"),
        ("training.terms.sotf.weight", "training.terms.soft.weight"),
        ("target.floor", "target.span_floor"),
        ("student_options.hidden", "student_options.hidden_dim"),
    ],
)
def test_what_was_meant(key: str, meant: str) -> None:
    assert suggest_key(key, list_keys()) == f"did you mean {meant}?"


def test_where_nothing_is_alike_the_section_is_listed() -> None:
    listed = suggest_key("training.zzz", list_keys())
    assert listed.startswith("known keys: training.epochs, ")
    assert "target." not in listed
    assert suggest_key("surprise", list_keys()).startswith("known keys: targets, student, ")


@pytest.mark.parametrize(
    "command",
    [
        "distill --annotations a --output o --set training.lr=1",
        "tune --annotations a --dev d --output o --set training.lr=1",
        "compare --labels a --transfer t --test t --output o --set training.lr=1",
        "finetune --teacher t --gold g --output o --set lr=1",
        "augment --input i --output o --set slots.fractoin=1",
    ],
)
def test_every_command_says_it(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(command.split())
    assert caught.value.code == 2
    told = capsys.readouterr().err
    meant = re.search(r"did you mean ([a-z_.]+)\?", told)
    assert meant, told
    keys = {**list_keys(), **list_setting_keys(CompareConfig)}
    keys |= {**list_setting_keys(FinetuneConfig), **list_setting_keys(AugmentConfig)}
    assert meant[1] in keys


def test_wrong_values_are_told_as_before() -> None:
    for build, raw in (
        (build_distill_config, {"targets": "soft", "training": {"epochs": 0}}),
        (build_finetune_config, {"epochs": 0}),
        (build_augment_config, {"factor": 0}),
    ):
        with pytest.raises(UserError, match=r"The setting [a-z.]+ is wrong: .*; correct it\.$"):
            build(raw)


def test_a_search_leaves_out_what_ends_with_nothing() -> None:
    base = build_distill_config({"targets": "soft", "student": "bilstm-tagger"})
    check_from_random({"training.terms.soft.loss": Choice(("kl", "mse"))}, base)
    with pytest.raises(UserError, match="--initial"):
        check_from_random({"training.terms.soft.loss": Choice(("kl", "reverse_kl"))}, base)


def test_the_page_of_settings_is_up_to_date_and_whole() -> None:
    page = _load_builder().build_page()
    assert (REFERENCE / "settings.md").read_text(encoding="utf-8") == page, (
        "run: python docs/building/settings.py"
    )
    for line in page.splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            assert len(cells) == 4, line
            assert all(cells), f"no meaning, or no default: {line}"
    told = set(re.findall(r"^\| `([a-z_.]+)`", page, flags=re.MULTILINE))
    for key in {**list_keys(), **list_setting_keys(FinetuneConfig)}:
        assert key.removeprefix("student_options.") in told, key


def _load_builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "settings_page", REFERENCE.parent / "building" / "settings.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
