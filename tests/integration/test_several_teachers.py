"""Students of several stores: teachers of one text, and corpora with other labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from distilgliner.annotate.store import AnnotationStore
from distilgliner.cli import main
from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.config import DistillConfig, build_distill_config
from distilgliner.distill.run import run_distillation
from distilgliner.distill.sources.partial import mark_partial
from distilgliner.errors import UserError
from distilgliner.files import read_json
from distilgliner.student.predictor import DistilGLiNER
from several_stores import write_teacher_store
from tiny_store import SETTINGS, SIZES, build_documents, write_jsonl

DOCUMENTS = build_documents(90)
TRANSFER, DEV = DOCUMENTS[:60], DOCUMENTS[70:]
QUICK = {
    "epochs": 3,
    "batch_documents": 8,
    "learning_rate": 0.02,
    "table_learning_rate": 0.02,
    "patience": 99,
}


def build_config(targets: str, target: dict[str, Any] | None = None, **training: Any) -> Any:
    return build_distill_config(
        {
            "targets": targets,
            "student_options": SIZES,
            "target": target or {},
            "training": {**QUICK, **training},
        }
    )


def distil(
    stores: list[AnnotationStore], folder: Path, config: DistillConfig, **data: Any
) -> dict[str, Any]:
    return run_distillation(stores, config, folder, quiet=True, **{"dev": DEV, **data})


def keep(documents: list[Document], label: str) -> list[Document]:
    """The documents with the entities of one label only."""
    return [
        Document(d.text, tuple(e for e in d.entities or () if e.label == label)) for d in documents
    ]


@pytest.fixture(scope="module")
def teachers(tmp_path_factory: pytest.TempPathFactory) -> list[AnnotationStore]:
    """Three teachers of overlapping texts; the third has seen the labels the other way round."""
    folder = tmp_path_factory.mktemp("teachers")
    return [
        write_teacher_store(folder / "a", TRANSFER[:50], teacher="a", weight_hash="aa"),
        write_teacher_store(
            folder / "b", TRANSFER[10:], teacher="b", weight_hash="bb", logit=1.0, doubt=-2.0
        ),
        write_teacher_store(
            folder / "c", TRANSFER, ("city", "person"), teacher="c", weight_hash="cc", logit=2.0
        ),
    ]


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> list[AnnotationStore]:
    """Two corpora, each annotated for another label, the one four times as large."""
    folder = tmp_path_factory.mktemp("halves")
    return [
        write_teacher_store(folder / "people", TRANSFER[:48], ("person",), teacher="people"),
        write_teacher_store(folder / "cities", TRANSFER[48:], ("city",), teacher="cities"),
    ]


@pytest.mark.parametrize(
    ("targets", "combination"),
    [("soft", "average"), ("soft", "sample"), ("hard", "average"), ("mixed", "sample")],
)
def test_the_order_of_stores_decides_nothing(
    targets: str, combination: str, teachers: list[AnnotationStore], tmp_path: Path
) -> None:
    config = build_config(targets, {"teachers": combination})
    data: dict[str, Any] = {"gold": TRANSFER[:20]} if targets == "mixed" else {}
    one = distil(teachers, tmp_path / "one", config, **data)
    other = distil(teachers[::-1], tmp_path / "other", config, **data)
    for name in ("model.safetensors", "run.json"):
        contents = [(tmp_path / folder / name).read_bytes() for folder in ("one", "other")]
        assert contents[0] == contents[1], name
    assert one["curve"] == other["curve"]
    assert one["documents"] == 60
    run = read_json(tmp_path / "one" / "run.json", "")
    assert run["teacher"] == "c, a and b"  # c has most text
    assert [teacher["teacher_hash"] for teacher in run["teachers"]] == ["cc", "aa", "bb"]
    assert "A bilstm-crf student of c, a and b" in (tmp_path / "one" / "README.md").read_text()


def test_another_store_or_weight_is_another_run(
    teachers: list[AnnotationStore], tmp_path: Path
) -> None:
    distil(teachers, tmp_path, build_config("soft"))
    with pytest.raises(UserError, match="other settings or data"):
        distil(teachers[:2], tmp_path, build_config("soft"))
    with pytest.raises(UserError, match="other settings or data"):
        distil(teachers, tmp_path, build_config("soft", {"teacher_weights": [1, 1, 2]}))


def test_each_teacher_is_fitted_to_the_gold_of_its_texts(tmp_path: Path) -> None:
    stores = [
        write_teacher_store(tmp_path / "sure", TRANSFER, teacher="sure", weight_hash="aa"),
        # It finds nothing at 0.5, and has annotated only half of the gold.
        write_teacher_store(
            tmp_path / "shy", TRANSFER[10:], teacher="shy", weight_hash="bb", logit=-1.0, doubt=-4.0
        ),
    ]
    result = distil(stores, tmp_path / "student", build_config("mixed"), gold=TRANSFER[:20])
    fitted = {row["teacher"]: row["target"]["teacher_bias"] for row in result["teachers"]}
    assert fitted["shy"] < -1 < fitted["sure"]
    assert result["target"] == result["teachers"][0]["target"]


def test_a_killed_run_draws_the_same_teachers(
    teachers: list[AnnotationStore], tmp_path: Path
) -> None:
    config = build_config("soft", {"teachers": "sample"}, epochs=4)
    distil(teachers, tmp_path / "whole", config)

    def stop(progress: Any, schedule: Any) -> None:
        if progress.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        distil(teachers, tmp_path / "killed", config, on_epoch=stop)
    distil(teachers, tmp_path / "killed", config)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed")]
    assert weights[0] == weights[1]
    distil(teachers, tmp_path / "mean", build_config("soft", epochs=4))
    assert (tmp_path / "mean" / "model.safetensors").read_bytes() != weights[0]


@pytest.mark.parametrize("targets", ["soft", "hard"])
def test_each_corpus_teaches_its_own_label(
    targets: str, halves: list[AnnotationStore], tmp_path: Path
) -> None:
    config = build_config(targets, epochs=20, seed=1)
    result = distil(halves, tmp_path, config)
    assert read_json(tmp_path / "run.json", "")["labels"] == ["city", "person"]
    # Four of five cities would be taught as none.
    assert result["dev_f1"] > 0.9


def test_gold_of_two_corpora_and_dev_of_one_label(
    halves: list[AnnotationStore], tmp_path: Path
) -> None:
    gold = [
        *mark_partial(keep(TRANSFER[:30], "person"), ["person"]),
        *mark_partial(keep(TRANSFER[30:], "city"), ["city"]),
    ]
    config = build_config("gold", epochs=15, seed=1)
    people = keep(DEV, "person")
    data: dict[str, Any] = {"gold": gold, "dev": mark_partial(people, ["person"])}
    known = distil(halves, tmp_path / "known", config, **data)
    assert known["dev_f1"] > 0.9
    wrong = distil(halves, tmp_path / "wrong", config, gold=gold, dev=people)
    # every city that is found would count as an error
    assert wrong["dev_f1"] < known["dev_f1"] - 0.1


def test_the_command_line(
    halves: list[AnnotationStore], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    animals = [Document("The cat sleeps .", (Entity(4, 7, "animal"),))]
    gold = write_jsonl(tmp_path / "gold.jsonl", keep(TRANSFER[:20], "person"))
    pets = write_jsonl(tmp_path / "pets=.jsonl", animals)
    arguments = [
        "distill", "--output", tmp_path / "student", "--targets", "mixed", "--epochs", "1",
        "--annotations", halves[0].folder, "--annotations", halves[1].folder,
        "--gold", gold, "--labels-of", f"{gold}=person",
        "--gold", pets, "--labels-of", f"{pets}=animal, dog",
    ]  # fmt: skip
    for setting in SETTINGS:
        arguments += ["--set", setting]
    with pytest.raises(SystemExit) as caught:
        main(list(map(str, arguments)))
    assert not caught.value.code
    assert "(labelled by humans, and learned from as well)" in capsys.readouterr().out
    student = DistilGLiNER.from_pretrained(tmp_path / "student")
    assert list(student.labels) == ["animal", "city", "dog", "person"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--labels-of", "lost.jsonl=person"], "must be FILE=a,b, with FILE as it stands in --g"),
        (["--labels-of", "{gold}"], "must be FILE=a,b"),
        (["--labels-of", "{gold}=city"], "unknown label 'person'"),
        (["--labels-of", "{gold}=person", "--labels-of", "{gold}=city"], "twice; give all of its"),
        (["--set", "target.teacher_weights=[1]"], "has 1 weights for 2 stores"),
        (["--set", "target.teacher_weights=[0,1]"], "target.teacher_weights.0 is wrong"),
        (["--set", "target.teachers=best"], "target.teachers is wrong"),
    ],
)
def test_wrong_options(
    options: list[str],
    message: str,
    halves: list[AnnotationStore],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gold = str(write_jsonl(tmp_path / "gold.jsonl", keep(TRANSFER[:20], "person")))
    arguments = ["distill", "--output", str(tmp_path / "student"), "--targets", "mixed"]
    for store in halves:
        arguments += ["--annotations", str(store.folder)]
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--gold", gold, *(option.format(gold=gold) for option in options)])
    assert caught.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "student").exists()
