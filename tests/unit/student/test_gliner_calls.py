"""Programs written for GLiNER, with a student in its place."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distilgliner import DistilGLiNER, UserError, load_predictor

TEXTS = ["Ines Prado moved from Faro to Lisbon.", "nothing here", "Aspirin helped Omar Haddad."]


@pytest.fixture(scope="module")
def student() -> DistilGLiNER:
    return DistilGLiNER.from_pretrained("general")


def test_a_column_gives_what_its_list_gives(student: DistilGLiNER) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"body": TEXTS}).iloc[::-1]
    frame = frame[frame["body"].str.len() > 15]  # index 2, 0
    expected = student.batch_predict_entities([TEXTS[2], TEXTS[0]])
    assert student.batch_predict_entities(frame["body"]) == expected
    for text, entities in zip(frame["body"], expected, strict=True):
        assert entities
        for entity in entities:
            assert text[entity["start"] : entity["end"]] == entity["text"]
    for given in (iter(TEXTS), map(str, TEXTS), np.array(TEXTS), dict.fromkeys(TEXTS).keys()):
        assert student.inference(given) == student.inference(TEXTS)
    with pytest.raises(UserError, match=r'frame\["body"\]'):
        student.batch_predict_entities(frame)
    with pytest.raises(UserError, match=r"texts\[1\] \(row 2\) is None"):
        student.batch_predict_entities(["Ines", None])  # type: ignore[list-item]
    with pytest.raises(UserError, match=r"texts\[0\] \(row 1\) is 1"):
        next(student.iterate_scores([1], ["person"]))  # type: ignore[list-item]
    with pytest.raises(UserError, match="give several texts to batch_predict_entities"):
        student.predict_entities(TEXTS)  # type: ignore[arg-type]


def test_labels_of_every_kind(student: DistilGLiNER) -> None:
    expected = student.predict_entities(TEXTS[0], ["person", "location"])
    names = ["location", "person"]
    for labels in (set(names), iter(names), np.array(names), dict.fromkeys(names).keys()):
        assert student.predict_entities(TEXTS[0], labels) == expected
    for bad in (5, {"person": "somebody"}, [["person"]], [1], b"person"):
        with pytest.raises(UserError, match="Students take names of labels"):
            student.predict_entities(TEXTS[0], bad)  # type: ignore[arg-type]


def test_a_threshold_for_each_text(student: DistilGLiNER) -> None:
    thresholds = [0.999, 0.5, 0.3]
    expected = [
        student.predict_entities(text, threshold=threshold)
        for text, threshold in zip(TEXTS, thresholds, strict=True)
    ]
    found = student.batch_predict_entities(TEXTS, threshold=thresholds)
    assert [len(entities) for entities in found] == [len(entities) for entities in expected]
    assert found != student.batch_predict_entities(TEXTS, threshold=0.3)
    with pytest.raises(UserError, match="There are 2 thresholds for 3 texts"):
        student.batch_predict_entities(TEXTS, threshold=[0.3, 0.5])


@pytest.mark.parametrize("batch_size", [0, -1, True, "8", 2.5])
def test_batch_sizes_that_are_none(student: DistilGLiNER, batch_size: Any) -> None:
    with pytest.raises(UserError, match=r"batch_size=.* is not a whole number of at least 1"):
        student.batch_predict_entities(TEXTS, batch_size=batch_size)
    with pytest.raises(UserError, match="threads=-1 is not a whole number of at least 0"):
        student.set_threads(-1)


def test_options_of_other_tasks(student: DistilGLiNER) -> None:
    plain = student.predict_entities(TEXTS[0])
    for option in ({"relations": []}, {"gen_constraints": None}, {"num_gen_sequences": 1}):
        assert student.predict_entities(TEXTS[0], **option) == plain
    with pytest.raises(UserError, match=r"A student cannot do relations=\['works for'\]"):
        student.predict_entities(TEXTS[0], relations=["works for"])


def test_what_is_done_to_a_torch_module(student: DistilGLiNER) -> None:
    torch = pytest.importorskip("torch")
    same = student.eval().to("cpu").to(torch.device("cpu")).to(dtype=torch.float32).train(False)
    assert same.cpu() is student
    assert student.device == "cpu"
    student.compile()
    for device in ("cuda", "cuda:0", "mps", torch.float16):
        with pytest.raises(UserError, match="runs on the CPU in float32 and cannot be moved to"):
            student.to(device)
    with pytest.raises(UserError, match=r"does not learn; use distilgliner\.run_distillation"):
        student.train()


def test_every_method_of_gliner_is_there_or_explained(student: DistilGLiNER) -> None:
    model = pytest.importorskip("gliner").model
    classes = [kind for kind in vars(model).values() if isinstance(kind, type)]
    kinds = [kind for kind in classes if kind.__module__ == "gliner.model"]
    names = {name for kind in kinds for name in dir(kind) if not name.startswith("_")}
    assert len(names) > 100
    for name in names | {"adapter_cache_status", "config"}:
        if hasattr(student, name):
            continue
        with pytest.raises(UserError, match=f"A student has no '{name}': .+") as caught:
            getattr(student, name)
        assert isinstance(caught.value, AttributeError)
    with pytest.raises(AttributeError, match="'DistilGLiNER' object has no attribute 'surprise'"):
        _ = student.surprise
    assert not hasattr(copy.copy(student), "encode_labels")


LOADING: list[dict[str, Any]] = [
    {"map_location": "cpu"},
    {"load_tokenizer": True},
    {"local_files_only": True, "cache_dir": "cache", "token": None},
    {"load_onnx_model": True, "onnx_model_file": "model.onnx"},
    {"max_length": 768},
    {"revision": "main"},
    {"quantize": None, "dtype": "float32", "resume_download": False},
]


def test_options_of_loading_that_change_nothing(student: DistilGLiNER, tmp_path: Path) -> None:
    expected = student.predict_entities(TEXTS[0])
    student.save_pretrained(tmp_path / "mine", safe_serialization=True)
    for number, options in enumerate(LOADING):
        name = str(tmp_path / "mine") if number % 2 else "general"
        again = DistilGLiNER.from_pretrained(name, **options)
        assert again.predict_entities(TEXTS[0]) == expected


@pytest.mark.parametrize("name", ["general", "nobody/here", "folder"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nonsense": 1}, "from_pretrained has no option 'nonsense'; leave it out"),
        ({"map_locaton": "cpu"}, "no option 'map_locaton'; did you mean 'map_location'"),
        ({"local_file_only": True}, "did you mean 'local_files_only'"),
        ({"map_location": "cuda"}, "cannot do map_location='cuda': a student runs on the CPU"),
        ({"quantize": "int8"}, "use 'distilgliner export --quantize int8'"),
        ({"onnx_model_file": "other.onnx"}, "is always model.onnx"),
        ({"max_length": "long"}, "reads texts of any length"),
    ],
)
def test_options_of_loading_that_are_refused(
    name: str, options: dict[str, Any], message: str, tmp_path: Path, student: DistilGLiNER
) -> None:
    if name == "folder":
        student.save_pretrained(tmp_path)
        name = str(tmp_path)
    with pytest.raises(UserError, match=message):
        DistilGLiNER.from_pretrained(name, **options)


def test_names_that_are_no_students() -> None:
    with pytest.raises(UserError, match="'bundled' is the bundled teacher, not a student"):
        DistilGLiNER.from_pretrained("bundled")
    with pytest.raises(UserError, match=r"Open a student with .*from_pretrained\('general'\)"):
        DistilGLiNER("general")  # type: ignore[arg-type]
    for name in (None, 5, DistilGLiNER):
        with pytest.raises(UserError, match="names no student; give a folder or a hub id"):
            DistilGLiNER.from_pretrained(name)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="is a folder and has no revision 'v2'"):
        DistilGLiNER.from_pretrained("general", revision="v2")
    with pytest.raises(UserError, match=r"call push_to_hub\(repo_id\)"):
        DistilGLiNER.from_pretrained("general").save_pretrained("x", push_to_hub=True)
    assert not Path("x").exists()


def test_it_says_what_it_is(student: DistilGLiNER) -> None:
    assert repr(student) == (
        "<DistilGLiNER 'general': closed bilstm-crf, hidden_dim=128, 10 labels: chemical, "
        "creative work, date, disease, event, …>"
    )


def test_a_teacher_takes_the_same_texts() -> None:
    pytest.importorskip("gliner", reason="needs the extra 'annotate'")
    teacher = load_predictor("bundled")
    expected = teacher.batch_predict_entities(TEXTS, ["person"])
    assert any(expected)
    assert teacher.batch_predict_entities(iter(TEXTS), ["person"]) == expected  # type: ignore[arg-type]
    assert teacher.batch_predict_entities(TEXTS[0], ["person"]) == expected[:1]
    with pytest.raises(UserError, match=r"texts\[1\] \(row 2\) is nan"):
        teacher.batch_predict_entities([TEXTS[0], float("nan")], ["person"])  # type: ignore[list-item]
