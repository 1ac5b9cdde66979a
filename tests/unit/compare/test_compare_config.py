"""The configuration of a comparison: a YAML file, overridden by options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from distilgliner.cli import main
from distilgliner.compare.config import CompareConfig, build_compare_config, read_compare_config
from distilgliner.errors import UserError

RAW: dict[str, Any] = {
    "labels": ["person", "city"],
    "gold": "gold.jsonl",
    "transfer": ["a.txt", "b.txt[:10]"],
    "dev": "dev.jsonl",
    "test": "test.jsonl",
}


def test_lone_values_are_lists_of_one() -> None:
    config = build_compare_config(
        {**RAW, "labels": "person", "arms": "soft", "students": "bilstm-tower", "seeds": 7}
    )
    assert config.labels == ("person",)
    assert config.gold == ("gold.jsonl",)
    assert config.transfer == ("a.txt", "b.txt[:10]")
    assert (config.arms, config.students, config.seeds) == (("soft",), ("bilstm-tower",), (7,))


def test_defaults_compare_all_arms() -> None:
    config = build_compare_config(RAW)
    assert config.arms == ("gold", "hard", "soft", "mixed")
    assert len(config.seeds) >= 3
    assert config.teacher == "bundled"


def test_labels_are_cleaned() -> None:
    assert build_compare_config({**RAW, "labels": [" a  b", "c"]}).labels == ("a b", "c")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"surprise": 1}, "the options: unknown key 'surprise'; known keys: name, teacher"),
        (
            {"training": {"epoch": 1}},
            r"'training.epoch'; did you mean training.epochs\?",
        ),
        ({"target": {"floor": 1}}, r"unknown key 'target.floor'; did you mean target.span_floor\?"),
        ({"student_options": {"layer": 1}}, "option layer of student 'bilstm-crf' is wrong"),
        ({"students": ["bilstm-tagger", "gru"]}, "the options: Unknown student 'gru'"),
        ({"labels": []}, "the options: No labels were given"),
        ({"labels": ["a", "a"]}, "the options: The label 'a' is named twice"),
        ({"prompts": 0}, "the options: --labels-per-prompt must be at least 1"),
        ({"prompts": [["stranger"]]}, "the options: The label '.*' is in none of the prompts"),
        ({"prompts": "all"}, "prompts.*: .*correct it"),
        ({"arms": []}, "arms must name one at least"),
        ({"seeds": [1, 1]}, "seeds must name one at least, and each only once"),
        ({"seeds": [-1]}, r"seeds.0: "),
        ({"gold": []}, "the arms gold and mixed need gold; add gold or leave them out"),
        ({"workers": 0}, "workers: Input should be greater than or equal to 1; correct it"),
        ({"gold": "-"}, "the options: gold: '-' can be read only once, .*; save it to a file"),
        ({"test": ["test.jsonl", "-[:5]"]}, r"the options: test: '-\[:5\]' can be read only once"),
        ({"transfer": "/dev/null"}, "the options: transfer: '/dev/null' can be read only once"),
        ({"training": {"learning_rate": float("inf")}}, r"learning_rate: .*finite number; correct"),
        ({3: 1}, "the options: .*use the keys of the documentation"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[Any, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        build_compare_config({**RAW, **changes})
    assert "\n" not in str(caught.value)


def test_label_free_arms_need_no_gold() -> None:
    config = build_compare_config({**RAW, "gold": [], "arms": ["soft", "hard"]})
    assert config.gold == ()


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("gold.jsonl", "a.txt", "b.txt", "dev.jsonl"):
        (folder / name).write_text("")
    (folder / "teacher").mkdir(exist_ok=True)
    path = folder / "config.yaml"
    path.write_text(text)
    return path


YAML = """
labels: [person, city]
teacher: teacher
gold: gold.jsonl
transfer: [a.txt, "b.txt[:10]", "hf:wnut_17:train"]
dev: dev.jsonl
test: elsewhere.jsonl
training: {epochs: 3}
"""


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "configs"
    config = read_compare_config(write(folder, YAML))
    assert config.teacher == str(folder / "teacher")
    assert config.gold == (str(folder / "gold.jsonl"),)
    transfer = (str(folder / "a.txt"), f"{folder / 'b.txt'}[:10]", "hf:wnut_17:train")
    assert config.transfer == transfer
    assert config.test == ("elsewhere.jsonl",)  # there is none: as it stands
    assert config.training.epochs == 3


def test_ids_and_absolute_paths_stay(tmp_path: Path) -> None:
    for teacher in ("bundled", "urchade/gliner_small-v2.1", "/somewhere"):
        text = YAML.replace("teacher: teacher", f"teacher: {teacher}")
        assert read_compare_config(write(tmp_path, text)).teacher == teacher


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("labels: [", "cannot be read as YAML: .*line 1"),
        ("[]", "must be a mapping of keys to values"),
        ("", "must be a mapping of keys to values"),
        (YAML + "surprise: 1", "config.yaml: unknown key 'surprise'"),
        (YAML.replace("city", "person"), "config.yaml: The label 'person' is named twice"),
    ],
)
def test_messages_name_the_file(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UserError, match=message) as caught:
        read_compare_config(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def run_command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> CompareConfig:
    """The configuration that the command compares with."""
    caught: list[CompareConfig] = []

    def take(config: CompareConfig, output: Path) -> None:
        caught.append(config)
        raise UserError(f"stopped before {output}")

    monkeypatch.setattr("distilgliner.compare.run.run_comparison", take)
    with pytest.raises(SystemExit):
        main(["compare", *arguments, "--output", "out"])
    return caught[0]


def test_options_override_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "configs", YAML)
    config = run_command(
        monkeypatch,
        *(str(path), "--labels", "mood", "--arms", "soft, hard", "--seeds", "4,5"),
        *("--dev", "x.jsonl", "--dev", "y.jsonl", "--teacher", "bundled", "--epochs", "9"),
        *("--set", "training.patience=2", "--set", "student_options.hidden_dim=7"),
        *("--set", "cost_rounds=0", "--workers", "2"),
    )
    assert "stopped before out" in capsys.readouterr().err
    assert config.labels == ("mood",)
    assert (config.arms, config.seeds) == (("soft", "hard"), (4, 5))
    assert config.dev == ("x.jsonl", "y.jsonl")
    assert config.gold == (str(Path("configs").absolute() / "gold.jsonl"),)
    assert (config.teacher, config.workers, config.cost_rounds) == ("bundled", 2, 0)
    assert (config.training.epochs, config.training.patience) == (9, 2)
    assert config.student_options == {"hidden_dim": 7}


def test_options_keep_the_rest_of_a_section(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, YAML)
    config = run_command(monkeypatch, str(path), "--set", "training.patience=2")
    assert (config.training.epochs, config.training.patience) == (3, 2)


def test_options_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    config = run_command(
        monkeypatch,
        *("--labels", "person", "--gold", "g", "--transfer", "t", "--dev", "d", "--test", "e"),
        *("--ignore-labels", "mood,age", "--students", "bilstm-tower,bilstm-tagger"),
    )
    assert config.ignore_labels == ("mood", "age")
    assert config.students == ("bilstm-tower", "bilstm-tagger")
    assert (config.gold, config.transfer, config.dev, config.test) == (
        ("g",),
        ("t",),
        ("d",),
        ("e",),
    )


def test_several_teachers_and_files_of_some_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = "more_teachers: [teacher, elsewhere]\nlabels_of: {gold.jsonl: [city]}\n"
    path = write(tmp_path, YAML.replace("teacher: teacher", "teacher: bundled") + more)
    config = read_compare_config(path)
    assert config.more_teachers == (str(tmp_path / "teacher"), "elsewhere")
    assert config.labels_of == {str(tmp_path / "gold.jsonl"): ("city",)}
    config = run_command(
        monkeypatch,
        *(str(path), "--teacher", "a", "--teacher", "b", "--gold", "g", "--gold", "h"),
        *("--labels-of", "h=person", "--labels-of", "g=person, city"),
    )
    assert (config.teacher, config.more_teachers) == ("a", ("b",))
    assert config.labels_of == {"h": ("person",), "g": ("person", "city")}
    config = run_command(monkeypatch, str(path), "--teacher", "a")
    assert (config.teacher, config.more_teachers) == ("a", ())
