"""Bad input to any command: exit code 2, and one line that names the file and the remedy."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from distilgliner.annotate.manifest import read_manifest, write_manifest
from distilgliner.cli import COMMANDS, main
from distilgliner.corpus.document import Document, Entity
from distilgliner.student.folder import write_student
from tiny_store import (
    SETTINGS,
    build_documents,
    build_tiny_student,
    write_jsonl,
    write_store,
)

STUDENT = "--model student"
TEACHER = "annotate --teacher bundled --labels person,city --output out"
FINETUNE = "finetune --teacher bundled --gold gold.jsonl --output out"
DISTILL = "distill --annotations store --output out"
COMPARE = "compare --output out"
EXPORT = "export --output out"
YAML = """
labels: [person, city]
gold: gold.jsonl
transfer: gold.jsonl[:10]
dev: dev.jsonl
test: test.jsonl
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good and bad input of every kind, in one folder."""
    folder = tmp_path_factory.mktemp("prepared")
    documents = build_documents(30)
    write_store(folder / "store", documents[:20])
    write_student(build_tiny_student(folder / "vocabulary"), folder / "student")
    write_jsonl(folder / "gold.jsonl", documents[:24])
    write_jsonl(folder / "dev.jsonl", documents[24:27])
    write_jsonl(folder / "test.jsonl", documents[27:])
    write_jsonl(folder / "moody.jsonl", [documents[0], Document("Ada", (Entity(0, 3, "mood"),))])
    (folder / "texts.txt").write_text("Ada met Bob .\n")
    (folder / "empty.jsonl").write_text("")
    (folder / "broken.jsonl").write_text('{"text": "Ada", "entities": []}\n{"text": \n')
    overlap = [{"start": 0, "end": 3, "label": "city"}, {"start": 2, "end": 5, "label": "city"}]
    (folder / "overlap.jsonl").write_text(json.dumps({"text": "Ada met", "entities": overlap}))
    outside = [{"start": 0, "end": 30, "label": "city"}]
    (folder / "outside.jsonl").write_text(json.dumps({"text": "Ada met", "entities": outside}))
    (folder / "surrogate.jsonl").write_text('{"text": "Ada \\ud83d met"}')
    (folder / "score.jsonl").write_text(
        '{"text": "Ada", "entities": [{"start": 0, "end": 3, "label": "city", "score": "high"}]}\n'
    )
    (folder / "tags.conll").write_text("Ada B-person\nlaughs VERB\n")
    (folder / "lone.conll").write_text("Ada\n")
    (folder / "jump.iob2").write_text("in O\nBath I-city\n")
    (folder / "count.conll").write_text("1 in O\n2 Bath B-city\n\n1 Ada B-person\n3 . O\n")
    (folder / "open.inline").write_text("# names\n[Ada|person met Bob\n")
    (folder / "bare.inline").write_text("[Ada] met Bob\n")
    (folder / "rubbish.spacy").write_bytes(b"rubbish")
    (folder / "labels").write_text("person, city\n")
    (folder / "latin.txt").write_bytes("Zoë".encode("latin-1"))
    (folder / "empty").mkdir()
    (folder / "taken").mkdir()
    (folder / "taken" / "thesis.txt").write_text("mine")
    (folder / "teacher").mkdir()
    (folder / "teacher" / "gliner_config.json").write_text("{")
    damaged = folder / "damaged"
    write_student(build_tiny_student(folder / "vocabulary"), damaged)
    (damaged / "model.safetensors").write_bytes(b"rubbish")
    shutil.copytree(folder / "student", folder / "exported")
    (folder / "exported" / "model.safetensors").unlink()
    half = folder / "half"
    write_store(half, documents[:4])
    manifest = read_manifest(half)
    assert manifest is not None
    write_manifest(half, manifest.model_copy(update={"complete": False}))
    (folder / "good.yaml").write_text(YAML)
    (folder / "double.yaml").write_text(YAML.replace("city", "person"))
    (folder / "surprise.yaml").write_text(YAML + "surprise: 1\n")
    (folder / "nested.yaml").write_text(YAML + "training: {epoch: 3}\n")
    (folder / "option.yaml").write_text(YAML + "student_options: {hiden_dim: 3}\n")
    (folder / "broken.yaml").write_text("labels: [person\n")
    (folder / "list.yaml").write_text("- a\n")
    (folder / "short.yaml").write_text("labels: [person]\n")
    (folder / "moody.yaml").write_text(YAML.replace("dev: dev", "dev: moody"))
    (folder / "plain.yaml").write_text(YAML.replace("dev: dev.jsonl", "dev: texts.txt"))
    (folder / "lost.yaml").write_text(YAML.replace("dev: dev.jsonl", "dev: lost.jsonl"))
    (folder / "leak.yaml").write_text(YAML.replace("gold: gold", "gold: dev"))
    return folder


@pytest.fixture(autouse=True)
def place(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder that has all of the files, and nothing else."""
    for path in prepared.iterdir():
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, tmp_path / path.name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(command.split())
    return int(caught.value.code or 0)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        # annotate
        (f"{TEACHER} --input lost.txt", "lost.txt does not exist; check the path"),
        (f"{TEACHER} --input empty.jsonl", "empty.jsonl holds no document; give it"),
        (f"{TEACHER} --input broken.jsonl", "broken.jsonl, line 2: broken JSON"),
        (f"{TEACHER} --input latin.txt", "latin.txt, line 1: byte 3 is not UTF-8; convert"),
        (f"{TEACHER} --input gold.jsonl[99:]", "gold.jsonl selects no document; widen it"),
        (f"{TEACHER} --input gold.jsonl --format xml", "format 'xml' is unknown; use one of"),
        (f"{TEACHER} --input gold.jsonl --floor 2", "floor 2.0 is not a probability .* try"),
        (f"{TEACHER} --input gold.jsonl --output taken", "taken is not empty .* another --output"),
        (f"{TEACHER} --input gold.jsonl --output texts.txt", "texts.txt is a file; give a folder"),
        (f"{TEACHER} --input gold.jsonl --output store", "store was annotated with other settings"),
        (f"{TEACHER} --input gold.jsonl --teacher lost/", "'lost/' .*give the folder"),
        (f"{TEACHER} --input gold.jsonl --teacher ./lost", "'./lost' is not a folder; give the"),
        (f"{TEACHER} --input gold.jsonl --teacher empty", "gliner_config.json is missing; give"),
        (f"{TEACHER} --input gold.jsonl --teacher teacher", "gliner_config.json is not readable"),
        (f"{TEACHER} --input gold.jsonl --teacher me/none", "'me/none' .* give the folder of a"),
        (f"{TEACHER} --input gold.jsonl --labels a,b,a", "label 'a' is named twice; name every"),
        (f"{TEACHER} --input gold.jsonl --labels a,,b", "A label is empty in .*; remove the stray"),
        (f'{TEACHER} --input gold.jsonl --labels "a', 'labels "a cannot .* a quote .*; write'),
        (
            f"{TEACHER} --input gold.jsonl --labels @labels",
            "labels has one line, .*; write each on",
        ),
        (f"{TEACHER} --input jump.iob2", "jump.iob2, line 2: I-city after O .*; correct the tag"),
        (f"{TEACHER} --input open.inline", 'open.inline, line 2: "\\[" is never closed; write'),
        (f"{TEACHER} --input gold.jsonl --labels @lost", "lost cannot be read as a list of labels"),
        # finetune
        (f"{FINETUNE} --gold lost.jsonl", "lost.jsonl does not exist; check the path"),
        (f"{FINETUNE} --gold empty.jsonl", "empty.jsonl holds no document; give"),
        (f"{FINETUNE} --gold broken.jsonl", "broken.jsonl, line 2: broken JSON"),
        (f"{FINETUNE} --gold overlap.jsonl", "overlap.jsonl, line 1: .*overlap; keep one"),
        (f"{FINETUNE} --gold outside.jsonl", "outside.jsonl, line 1: .*7 characters; correct"),
        (f"{FINETUNE} --gold texts.txt", "texts.txt, line 1, has no human labels; give"),
        (f"{FINETUNE} --dev moody.jsonl", "moody.jsonl, line 2: unknown label 'mood' .*pass"),
        (f"{FINETUNE} --gold moody.jsonl --labels person,city", "unknown label 'mood' .*pass"),
        (f"{FINETUNE} --labels a,b,a", "label 'a' is named twice; name every"),
        (f"{FINETUNE} --ignore-labels person,city", "holds no entity to learn from; give text"),
        (f"{FINETUNE} --teacher ./lost", "'./lost' is not a folder; give the folder"),
        (f"{FINETUNE} --teacher empty", "gliner_config.json is missing; give"),
        (f"{FINETUNE} --teacher me/none", "'me/none' .* give the folder of a"),
        (f"{FINETUNE} --output taken", "taken is not empty .*; give another --output"),
        (f"{FINETUNE} --output texts.txt", "texts.txt is a file; give a folder"),
        (f"{FINETUNE} --epochs 0", "setting epochs is wrong: .*; correct it"),
        (f"{FINETUNE} --seed -1", "setting seed is wrong: .*; correct it"),
        (f"{FINETUNE} --threads 0", "--threads must be at least 1, not 0"),
        (f"{FINETUNE} --threads 999999999", "--threads=999999999 is more than 1,024; take"),
        (f"{FINETUNE} --freeze decoder", "setting freeze.0 is wrong: .*'subwords'.*; correct it"),
        (f"{FINETUNE} --freeze labels-encoder", "no encoder for labels; take labels-encoder out"),
        (
            f"{FINETUNE} --set prompts.labels=3",
            "labels is unknown; did you mean prompts.max_labels",
        ),
        (f"{FINETUNE} --set epochs", "'epochs' must be key=value, as"),
        # distill
        (f"{DISTILL} --annotations lost", "lost is not a folder; give the output folder of"),
        (f"{DISTILL} --annotations empty", r"empty has no annotations .*give the output folder"),
        (f"{DISTILL} --annotations half", "half is not complete; run the same"),
        (f"{DISTILL} --targets gold", "'gold' need gold documents; pass --gold FILE"),
        (f"{DISTILL} --targets mixed", "'mixed' need gold documents; pass --gold FILE"),
        (f"{DISTILL} --targets silver", "setting targets is wrong: .*'mixed'; correct it"),
        (f"{DISTILL} --student gru", "Unknown student 'gru'; its name is ENCODER-HEAD"),
        (f"{DISTILL} --gold lost.jsonl", "lost.jsonl does not exist; check the path"),
        (f"{DISTILL} --gold empty.jsonl", "empty.jsonl holds no document; give"),
        (f"{DISTILL} --gold broken.jsonl", "broken.jsonl, line 2: broken JSON"),
        (f"{DISTILL} --gold overlap.jsonl", "overlap.jsonl, line 1: .*overlap; keep one"),
        (f"{DISTILL} --gold outside.jsonl", "outside.jsonl, line 1: .*7 characters; correct"),
        (f"{DISTILL} --gold moody.jsonl", "moody.jsonl, line 2: unknown label 'mood' .*pass"),
        (f"{DISTILL} --dev moody.jsonl", "moody.jsonl, line 2: unknown label 'mood' .*pass"),
        (f"{DISTILL} --gold texts.txt", "texts.txt, line 1, has no human labels; give"),
        (f"{DISTILL} --gold tags.conll", "tags.conll, line 2: 'VERB' is no tag; write O"),
        (f"{DISTILL} --gold jump.iob2", "jump.iob2, line 2: I-city after O .*; correct the tag"),
        (f"{DISTILL} --gold bare.inline", 'bare.inline, line 1: "]" without the .*; write'),
        (f"{DISTILL} --gold rubbish.spacy", "rubbish.spacy is no spaCy DocBin; write it with"),
        (f"{DISTILL} --ignore-labels a,a", "label 'a' is named twice; name every"),
        (f"{DISTILL} --output taken", "taken is not empty and holds no run; give another"),
        (f"{DISTILL} --output texts.txt", "texts.txt is a file; give a folder"),
        (f"{DISTILL} --epochs 0", "training.epochs is wrong: .*; correct it"),
        (f"{DISTILL} --seed -1", "training.seed is wrong: .*; correct it"),
        (f"{DISTILL} --threads 0", "training.threads is wrong: .*; correct it"),
        (f"{DISTILL} --threads 999999999", "training.threads is wrong: .*1024; correct it"),
        (f"{DISTILL} --set epochs", "'epochs' must be key=value, as"),
        (f"{DISTILL} --set training=3", "The setting training is wrong: .*; correct it"),
        (f"{DISTILL} --set training=3 --set training.epochs=3", "must be key=value, as"),
        (f"{DISTILL} --set .epochs=3", "must be key=value, as"),
        (f"{DISTILL} --set training.=3", "must be key=value, as"),
        (
            f"{DISTILL} --set training.epoch=3",
            "training.epoch is unknown; did you mean training.epochs",
        ),
        (f"{DISTILL} --set training.epochs=few", "training.epochs is wrong: .*; correct it"),
        (f"{DISTILL} --set targets.x=3", "setting targets is wrong: .*; correct it"),
        (f"{DISTILL} --set student_options.hiden_dim=3", "hiden_dim .*is wrong: .*hidden_dim"),
        # evaluate
        ("evaluate --model ./lost --input gold.jsonl", "no folder ./lost; give a model's folder"),
        ("evaluate --model empty --input gold.jsonl", "empty is no model: .*give a folder"),
        ("evaluate --model texts.txt --input gold.jsonl", "texts.txt is a file; give the model's"),
        ("evaluate --model me/none --input gold.jsonl", "'me/none' is no folder .* give the"),
        ("evaluate --model damaged --input gold.jsonl", "damaged is damaged .*; distil"),
        (f"evaluate {STUDENT} --input lost.jsonl", "lost.jsonl does not exist; check the path"),
        (f"evaluate {STUDENT} --input empty.jsonl", "empty.jsonl holds no document; give"),
        (f"evaluate {STUDENT} --input broken.jsonl", "broken.jsonl, line 2: broken JSON"),
        (f"evaluate {STUDENT} --input score.jsonl", "score.jsonl, line 1: .* a number; correct"),
        (f"evaluate {STUDENT} --input count.conll", "count.conll, line 5: .*'3'; number all"),
        (f"evaluate {STUDENT} --input gold.jsonl --format spacy", "gold.jsonl is no spaCy DocBin"),
        (f"evaluate {STUDENT} --input texts.txt", "texts.txt, line 1 .*has no human labels"),
        (f"evaluate {STUDENT} --input moody.jsonl", "moody.jsonl, line 2: unknown .*'mood'"),
        (f"evaluate {STUDENT} --input gold.jsonl --labels mood", "not know the label 'mood'; it"),
        (f"evaluate {STUDENT} --input gold.jsonl --labels city,city", "'city' is named twice"),
        (f"evaluate {STUDENT} --input gold.jsonl --annotations empty", "empty has no annotations"),
        (f"evaluate {STUDENT} --input gold.jsonl --threshold 2", "--threshold 2 is not between"),
        # compare
        (f"{COMPARE} none.yaml", "no file none.yaml; give a comparison's YAML file"),
        (f"{COMPARE} empty", "empty cannot be read as YAML"),
        (f"{COMPARE} latin.txt", "latin.txt cannot be read as YAML"),
        (f"{COMPARE} broken.yaml", "broken.yaml cannot be read as YAML: .*line 2"),
        (f"{COMPARE} list.yaml", "list.yaml must be a mapping of keys to values"),
        (f"{COMPARE} empty.jsonl", "empty.jsonl must be a mapping of keys to values"),
        (f"{COMPARE} short.yaml", "short.yaml: transfer: Field required; correct it"),
        (f"{COMPARE} surprise.yaml", "surprise.yaml: unknown key 'surprise'; known keys: name"),
        (
            f"{COMPARE} nested.yaml",
            "nested.yaml: unknown key 'training.epoch'; did you mean training.epochs",
        ),
        (f"{COMPARE} double.yaml", "double.yaml: The label 'person' is named twice; name"),
        (f"{COMPARE} option.yaml", "option.yaml: The option hiden_dim .*hidden_dim"),
        (f"{COMPARE} lost.yaml", "lost.jsonl does not exist; check the path"),
        (f"{COMPARE} moody.yaml", "moody.jsonl, line 2: unknown label 'mood' .*pass"),
        (f"{COMPARE} plain.yaml", "texts.txt, line 1, has no human labels; give"),
        (f"{COMPARE} none.yaml --labels a", "no file none.yaml; give"),
        (f"{COMPARE} leak.yaml", "No document is left in gold; give other files"),
        (f"{COMPARE} good.yaml --dev lost.jsonl", "lost.jsonl does not exist; check the path"),
        (f"{COMPARE} good.yaml --gold broken.jsonl", "broken.jsonl, line 2: broken JSON"),
        (f"{COMPARE} good.yaml --test empty.jsonl", "empty.jsonl holds no document; give"),
        (f"{COMPARE} good.yaml --teacher ./lost", "'./lost' is not a folder; give the folder"),
        (f"{COMPARE} good.yaml --teacher me/none", "'me/none' .* give the folder of a"),
        (f"{COMPARE} good.yaml --arms silver", "options: arms.0: .*'mixed'; correct it"),
        (f"{COMPARE} good.yaml --arms soft,soft", "arms must name one .*, and each only once"),
        (f"{COMPARE} good.yaml --seeds=", "seeds must name one at least, and each only once"),
        (f"{COMPARE} good.yaml --arms=", "arms must name one at least, and each only once"),
        (f"{COMPARE} good.yaml --students=", "students must name one at least, and each only"),
        (f"{COMPARE} good.yaml --seeds 0,0", "seeds must name one at least, and each only once"),
        (f"{COMPARE} good.yaml --seeds one", "options: seeds.0: .*; correct it"),
        (f"{COMPARE} good.yaml --seeds -1", "options: seeds.0: .*; correct it"),
        (f"{COMPARE} good.yaml --students gru", "Unknown student 'gru'; its name is ENCODER-HEAD"),
        (f"{COMPARE} good.yaml --labels a,a", "label 'a' is named twice; name every"),
        (f"{COMPARE} good.yaml --epochs 0", "training.epochs: .*; correct it"),
        (f"{COMPARE} good.yaml --workers 0", "workers: .*; correct it"),
        (f"{COMPARE} good.yaml --set name.x=1", "name: .*; correct it"),
        (f"{COMPARE} good.yaml --set labels.x=1", "labels.*; correct it"),
        (f"{COMPARE} good.yaml --set seeds=-1", "options: seeds.0: .*; correct it"),
        (f"{COMPARE} good.yaml --set training=1", "options: training: .*; correct it"),
        (f"{COMPARE} good.yaml --set training=1 --epochs 2", "options: training: .*; correct it"),
        (f"{COMPARE} good.yaml --set surprise=1", "unknown key 'surprise'; known keys: name"),
        (f"{COMPARE} good.yaml --output taken", "taken is not empty .*; give another"),
        (f"{COMPARE} good.yaml --output texts.txt", "texts.txt is a file; give a folder"),
        (f"{COMPARE} --labels a --gold gold.jsonl", "the options: transfer: Field required"),
        # export
        (f"{EXPORT} --model lost", "lost' is no folder here"),
        (f"{EXPORT} --model texts.txt", "texts.txt is a file; give the student's folder"),
        (f"{EXPORT} --model empty", "empty is no student: .*; give a student's folder"),
        (f"{EXPORT} --model teacher", "teacher is no student: .*; give a student's folder"),
        (f"{EXPORT} --model damaged", "damaged is damaged .*; distil the student again"),
        (f"{EXPORT} --model exported", "exported has no model.safetensors; give a folder that"),
        (f"{EXPORT} {STUDENT} --output taken", "taken is not empty; give another --output folder"),
        (f"{EXPORT} {STUDENT} --output texts.txt", "texts.txt is a file; give a folder"),
        # predict
        ("predict --model ./lost --input texts.txt", "no folder ./lost; give a model's folder"),
        ("predict --model empty --input texts.txt", "empty is no model: .*give a folder"),
        ("predict --model me/none --input texts.txt", "'me/none' is no folder .* give the"),
        ("predict --model none --input texts.txt", "'none' is no folder .* give the"),
        ("predict --model damaged --input texts.txt", "damaged is damaged .*; distil"),
        (f"predict {STUDENT} --input lost.txt", "lost.txt does not exist; check the path"),
        (f"predict {STUDENT} --input empty.jsonl", "empty.jsonl holds no document; give"),
        (f"predict {STUDENT} --input broken.jsonl", "broken.jsonl, line 2: broken JSON"),
        (f"predict {STUDENT} --input lone.conll", "lone.conll, line 1: a word and its tag .*pass"),
        (f"predict {STUDENT} --input tags.conll", "tags.conll, line 2: 'VERB' is no tag; write"),
        (f"predict {STUDENT} --input open.inline", 'open.inline, line 2: "\\[" is never closed'),
        (f"predict {STUDENT} --input rubbish.spacy", "rubbish.spacy is no spaCy DocBin; write"),
        (f"predict {STUDENT} --input surrogate.jsonl", "surrogate.jsonl, line 1: .*; write the"),
        (f"predict {STUDENT} --input latin.txt", "latin.txt, line 1: byte 3 is not UTF-8; conv"),
        (f"predict {STUDENT} --input texts.txt --labels mood", "not know the label 'mood'; it"),
        (f"predict {STUDENT} --input texts.txt --labels a,a", "label 'a' is named twice; name"),
        (f"predict {STUDENT} --input texts.txt --output taken", "taken is a folder; give a file"),
        ("predict --model bundled --input texts.txt", "no labels of its own; pass --labels"),
        # quickstart
        ("quickstart --output taken", "taken is not empty .*; give another --output folder"),
        ("quickstart --output texts.txt", "texts.txt is a file; give a folder"),
    ],
)
def test_one_line_and_exit_code_2(
    command: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if command == "predict --model bundled --input texts.txt":
        pytest.importorskip("gliner", reason="needs the extra 'annotate'")
    if "spacy" in command:
        pytest.importorskip("spacy", reason="needs the extra 'spacy'")
    before = {path.name for path in Path().iterdir()}
    assert run(command) == 2
    shown = capsys.readouterr()
    lines = [line for line in shown.err.splitlines() if line]
    assert len(lines) == 1, shown.err
    assert lines[0].startswith("distilgliner: ")
    assert re.search(message, lines[0]), lines[0]
    # Only what stands before a broken line is answered.
    answered = int(command.startswith("predict") and command.endswith("broken.jsonl"))
    assert shown.out.count("{") == 2 * answered
    left = {path.name for path in Path().iterdir()} - before
    # What was wrong must not stand in the way of the corrected command.
    assert left <= ({"out"} if command.startswith("annotate") else set())


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"{command} --help") == 0
    shown = capsys.readouterr().out
    assert f" {command} " in shown
    assert any(option in shown for option in ("--output", "--input", "--port"))


@pytest.mark.parametrize(
    "arguments", ["finetune", "annotate", "distill", "evaluate", "compare", "export", "predict"]
)
def test_missing_options_are_named(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Missing option '--" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", ["surprise", "distill --surprise 1", "quickstart --epochs 0"])
def test_what_no_command_knows(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert arguments.split()[-2 if "--" in arguments else 0] in error


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    from distilgliner import __version__

    assert run("--version") == 0
    assert capsys.readouterr().out.strip() == f"distilgliner {__version__}"


def test_a_folder_of_another_run(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = " ".join(f"--set {setting}" for setting in SETTINGS)
    assert run(f"{DISTILL} --epochs 1 {small}") == 0
    assert "out: " in capsys.readouterr().out
    assert run(f"{DISTILL} --epochs 1 {small} --seed 4") == 2
    error = capsys.readouterr().err
    assert re.fullmatch(r"distilgliner: out holds a run with other settings .*\n", error)
    assert run(f"{DISTILL} --epochs 1 {small}") == 0


def test_settings_win_over_defaults_of_options(place: Path) -> None:
    small = " ".join(f"--set {setting}" for setting in SETTINGS)
    options = "--set training.seed=4 --set training.epochs=1 --set training.learning_rate=1e-3"
    assert run(f"{DISTILL} --gold gold.jsonl --targets mixed {small} {options}") == 0
    training = json.loads((place / "out" / "run.json").read_text())["config"]["training"]
    assert (training["seed"], training["epochs"], training["learning_rate"]) == (4, 1, 0.001)
