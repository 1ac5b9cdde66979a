"""`DistilGLiNER`: the interface of GLiNER on a student."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distilgliner.corpus.labels import check_labels
from distilgliner.corpus.words import split_words
from distilgliner.errors import UserError
from distilgliner.student.decoding import scoring
from distilgliner.student.folder import write_student
from distilgliner.student.predictor import DistilGLiNER
from tiny_store import LABELS, build_documents, build_tiny_student

TEXTS = [document.text for document in build_documents(15)]


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vocabulary")


@pytest.fixture(scope="module")
def tagger(vocabulary: Path) -> DistilGLiNER:
    return DistilGLiNER(build_tiny_student(vocabulary))


@pytest.fixture(scope="module")
def tower(vocabulary: Path) -> DistilGLiNER:
    return DistilGLiNER(build_tiny_student(vocabulary, "tower"))


def places(entities: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(item["start"], item["end"], item["label"]) for item in entities]


@pytest.mark.parametrize("kind", ["tagger", "tower"])
def test_entities_are_those_of_gliner(kind: str, request: pytest.FixtureRequest) -> None:
    model: DistilGLiNER = request.getfixturevalue(kind)
    some = 0
    for text in TEXTS:
        entities = model.predict_entities(text, list(LABELS), threshold=0.5)
        some += len(entities)
        borders = {start for start, _ in split_words(text)}, {end for _, end in split_words(text)}
        position = 0
        for entity in entities:
            assert list(entity) == ["start", "end", "text", "label", "score"]
            assert text[entity["start"] : entity["end"]] == entity["text"]
            assert entity["label"] in LABELS
            assert 0.5 < entity["score"] <= 1
            assert type(entity["score"]) is float
            assert position <= entity["start"] < entity["end"]
            assert entity["start"] in borders[0]
            assert entity["end"] in borders[1]
            position = entity["end"]
    assert some > 10


def test_order_and_empty_texts(tagger: DistilGLiNER) -> None:
    texts = ["", TEXTS[0], "  \n", TEXTS[1] * 4, TEXTS[0], "\t"]
    found = tagger.batch_predict_entities(texts)
    assert [bool(entities) for entities in found] == [False, True, False, True, True, False]
    assert found[1] == found[4]
    assert places(found[1]) == places(tagger.predict_entities(TEXTS[0]))
    assert tagger.predict_entities("") == []
    assert tagger.batch_predict_entities([]) == []


@given(seed=st.integers(0, 10**6), batch_size=st.integers(1, 30))
@settings(max_examples=25, deadline=None)
def test_neither_order_nor_batch_size_matter(
    tagger: DistilGLiNER, tower: DistilGLiNER, seed: int, batch_size: int
) -> None:
    rng = random.Random(seed)
    texts = [rng.choice([*TEXTS, "", "Ada"]) for _ in range(rng.randrange(12))]
    for model in (tagger, tower):
        found = model.batch_predict_entities(texts, batch_size=batch_size)
        for text, entities in zip(texts, found, strict=True):
            alone = model.predict_entities(text)
            assert places(entities) == places(alone)
            assert [e["score"] for e in entities] == pytest.approx(
                [e["score"] for e in alone], abs=1e-5
            )


def test_very_many_labels_are_scored_for_fewer_words_at_once(
    tower: DistilGLiNER, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert scoring.plan_batches([5, 3, 4, 9], 64, 8) == [[1, 2], [0], [3]]
    wanted = tower.batch_predict_entities(TEXTS)
    sizes = []
    compute = tower.compute_scores
    monkeypatch.setattr(
        tower, "compute_scores", lambda words, **o: sizes.append(len(words)) or compute(words, **o)
    )
    monkeypatch.setattr(scoring, "MOST_SCORES", 12 * len(tower.labels))
    assert [places(e) for e in tower.batch_predict_entities(TEXTS)] == list(map(places, wanted))
    assert max(sizes) < 5


def test_texts_are_done_in_steps(tower: DistilGLiNER) -> None:
    """A step scores a batch, and one in the middle of a long text finishes none."""
    texts = ["Ada", " ".join(TEXTS) * 9, ""]
    steps = list(tower.iterate_entities(texts, batch_size=2))
    assert len(steps) >= 3
    assert [] in steps
    found = {row: entities for step in steps for row, entities in step}
    assert list(map(places, tower.batch_predict_entities(texts))) == [
        places(found.get(row, [])) for row in range(3)
    ]


def test_some_of_its_labels(tagger: DistilGLiNER, tower: DistilGLiNER) -> None:
    for model in (tagger, tower):
        found = model.batch_predict_entities(TEXTS, ["city"])
        assert {item["label"] for items in found for item in items} == {"city"}
        both = model.batch_predict_entities(TEXTS, ["city", "person"])
        assert both == model.batch_predict_entities(TEXTS, ["person", "city"])
        assert list(map(places, both)) == list(map(places, model.batch_predict_entities(TEXTS)))


def test_labels_it_does_not_know(tagger: DistilGLiNER, tower: DistilGLiNER) -> None:
    assert (tagger.is_open, tower.is_open) == (False, True)
    assert tagger.labels == tower.labels == list(LABELS)
    with pytest.raises(UserError, match="does not know the label 'mood'; it knows: person, city"):
        tagger.predict_entities(TEXTS[0], ["person", "mood"])
    labels = ["big town", "mood"]
    found = tower.batch_predict_entities(TEXTS, labels, threshold=0.05)
    assert any(found)
    assert {item["label"] for items in found for item in items} <= set(labels)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "No labels were given"),
        ("", "A label is empty"),
        ([" "], "A label is empty"),
        ({"city": "a town"}, "descriptions and labels per text are for the teacher"),
        ([["city"], ["person"]], "descriptions and labels per text are for the teacher"),
    ],
)
def test_labels_that_are_none(tagger: DistilGLiNER, labels: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        tagger.predict_entities("Ada", labels)


def test_labels_and_texts_as_gliner_takes_them(tagger: DistilGLiNER, tower: DistilGLiNER) -> None:
    for model in (tagger, tower):
        one = model.batch_predict_entities(TEXTS, ["city"])
        assert any(one)
        for labels in ("city", ("city",), ["city", "city"], ["city", " city "]):
            assert model.batch_predict_entities(TEXTS, labels) == one
            assert [model.predict_entities(text, labels) for text in TEXTS[:3]] == [
                model.predict_entities(text, ["city"]) for text in TEXTS[:3]
            ]
        # A string is one text, not its characters.
        assert model.batch_predict_entities(TEXTS[0]) == [model.predict_entities(TEXTS[0])]


def test_a_set_of_labels_is_never_the_letters_of_a_word() -> None:
    with pytest.raises(UserError, match=r"must be a list of names, as \['person'\], not a string"):
        check_labels("person")


@pytest.mark.parametrize("threshold", [0, 1, -1, 1.5, float("nan"), True])
def test_threshold_out_of_range(tagger: DistilGLiNER, threshold: float) -> None:
    with pytest.raises(UserError, match="is not between 0 and 1"):
        tagger.predict_entities("Ada", threshold=threshold)


def test_threshold(tagger: DistilGLiNER) -> None:
    covered = []
    for threshold in (0.05, 0.5, 0.95):
        found = tagger.batch_predict_entities(TEXTS, threshold=threshold)
        assert all(item["score"] > threshold for items in found for item in items)
        covered.append(sum(item["end"] - item["start"] for items in found for item in items))
    assert covered[0] > covered[1] > covered[2]


def test_only_flat_ner(tagger: DistilGLiNER) -> None:
    for options in ({"flat_ner": False}, {"multi_label": True}):
        with pytest.raises(UserError, match=r"A student cannot do .*; leave it out"):
            tagger.predict_entities("Ada", **options)


def test_other_arguments_of_gliner(tagger: DistilGLiNER) -> None:
    """In GLiNER's order; what changes nothing is taken, the rest is refused."""
    text = " ".join(TEXTS)
    expected = tagger.predict_entities(text, threshold=0.3)
    assert len(expected) > len(tagger.predict_entities(text, threshold=0.7))
    labels = list(LABELS)
    off = {"return_class_probs": False, "return_vectors": False, "return_label_vectors": False}
    none = {"input_spans": None, "packing_config": None}
    assert tagger.predict_entities(text, labels, True, 0.3, False, **off, **none) == expected
    for method in (tagger.batch_predict_entities, tagger.inference):
        assert method([text], labels, True, 0.3, False, 8, **off, **none) == [expected]
    refused = {"return_class_probs": True, "return_vectors": True, "input_spans": [[]]}
    for name, value in refused.items():
        with pytest.raises(UserError, match=f"A student cannot do {name}="):
            tagger.batch_predict_entities([text], labels, **{name: value})
    with pytest.raises(UserError, match=r"third argument is flat_ner.* write threshold=0\.3"):
        tagger.predict_entities(text, labels, 0.3)
    with pytest.raises(TypeError, match="treshold"):
        tagger.predict_entities(text, labels, treshold=0.3)


def test_nothing_of_a_long_text_is_lost(tagger: DistilGLiNER) -> None:
    text = " ".join(["Ada met Bob in Rome ."] * 900)
    assert len(split_words(text)) > 5000
    entities = tagger.predict_entities(text, threshold=0.3)
    assert max(item["end"] for item in entities) > len(text) - 100
    tagger.batch_predict_entities([text, "Ada"])
    # In the middle every sentence looks the same to it.
    inner = [place for place in places(entities) if 2000 <= place[0] < len(text) - 2000]
    offsets = {(start % 22, end % 22, label) for start, end, label in inner}
    assert len(offsets) < 10


def test_big_batches_are_cut(tagger: DistilGLiNER, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = list(map(places, tagger.batch_predict_entities(TEXTS)))
    sizes = []
    original = DistilGLiNER.compute_scores

    def watch(self: DistilGLiNER, documents: Any, labels: Any = None) -> Any:
        sizes.append(len(documents) * max(map(len, documents)))
        return original(self, documents, labels)

    monkeypatch.setattr(scoring, "BATCH_WORDS", 30)
    monkeypatch.setattr(scoring, "FEW_TEXTS", 1)
    monkeypatch.setattr(DistilGLiNER, "compute_scores", watch)
    assert list(map(places, tagger.batch_predict_entities(TEXTS))) == expected
    assert len(sizes) > 3
    assert max(sizes) <= 30


def test_odd_characters(tagger: DistilGLiNER) -> None:
    for text in ("Zoë 🙂 \u2028 東京", "Ada \ud83d met", "a\0b", "\ufeffAda"):
        for item in tagger.predict_entities(text, threshold=0.01):
            assert text[item["start"] : item["end"]] == item["text"]


@pytest.mark.parametrize("kind", ["tagger", "tower"])
def test_save_and_load(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    model: DistilGLiNER = request.getfixturevalue(kind)
    model.save_pretrained(tmp_path / "student")
    for name in (tmp_path / "student", str(tmp_path / "student")):
        again = DistilGLiNER.from_pretrained(name)
        assert again.batch_predict_entities(TEXTS) == model.batch_predict_entities(TEXTS)
        assert (again.labels, again.is_open) == (model.labels, model.is_open)


def test_home_is_a_folder(
    tagger: DistilGLiNER, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    tagger.save_pretrained(tmp_path / "student")
    assert DistilGLiNER.from_pretrained("~/student").labels == list(LABELS)


def test_a_place_where_nothing_can_be_saved(tagger: DistilGLiNER, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder, reason in (("file", "it is a file"), ("file/student", "Not a directory")):
        with pytest.raises(
            UserError, match=rf"cannot be written \({reason}\); give another folder"
        ):
            tagger.save_pretrained(tmp_path / folder)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", ["/missing/student", "a/b/c", Path("./missing")])
def test_no_folder(name: str | Path) -> None:
    with pytest.raises(UserError, match=r"There is no folder .*; give a student's folder"):
        DistilGLiNER.from_pretrained(name)


def test_the_hub_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'user/none' is no folder .* give the folder"):
        DistilGLiNER.from_pretrained("user/none", cache_dir=tmp_path)

    class NoNetworkError(Exception):
        """As those of httpx, which are no OSError."""

    def fail(*_: Any, **__: Any) -> Any:
        raise NoNetworkError("no\nnetwork")

    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    with pytest.raises(UserError, match="NoNetworkError"):
        DistilGLiNER.from_pretrained("user/none")


def test_from_the_hub(
    tagger: DistilGLiNER, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_student(tagger.student, tmp_path)
    asked = []

    def download(name: str, **options: Any) -> str:
        asked.append((name, options.pop("allow_patterns"), options))
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert DistilGLiNER.from_pretrained("user/student", revision="v1").labels == list(LABELS)
    name, patterns, options = asked[0]
    assert (name, options) == ("user/student", {"revision": "v1"})
    tagger.save_pretrained(tmp_path / "again")
    assert {path.name for path in (tmp_path / "again").iterdir()} <= set(patterns)
    assert {"model.onnx", "manifest.json"} <= set(patterns)  # of an exported one


def test_to_the_hub(tagger: DistilGLiNER, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[str, Any]] = []

    class FakeApi:
        def __init__(self, token: str | None = None) -> None:
            done.append(("token", token))

        def create_repo(self, repo_id: str, **options: Any) -> None:
            done.append(("create", (repo_id, options)))

        def upload_folder(self, *, repo_id: str, folder_path: str) -> str:
            again = DistilGLiNER.from_pretrained(folder_path)
            assert again.predict_entities(TEXTS[0]) == tagger.predict_entities(TEXTS[0])
            done.append(("upload", repo_id))
            return "https://hub/commit"

    monkeypatch.setattr("huggingface_hub.HfApi", FakeApi)
    assert tagger.push_to_hub("me/student", private=True, token="t") == "https://hub/commit"
    assert done == [
        ("token", "t"),
        ("create", ("me/student", {"private": True, "exist_ok": True})),
        ("upload", "me/student"),
    ]


def test_the_hub_cannot_be_reached_for_an_upload(
    tagger: DistilGLiNER, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise ConnectionError("no\nnetwork")

    monkeypatch.setattr("huggingface_hub.HfApi.create_repo", fail)
    with pytest.raises(
        UserError, match=r"'me/student' could not be uploaded .*\(ConnectionError: no\); check"
    ) as caught:
        tagger.push_to_hub("me/student", token="t")
    assert "\n" not in str(caught.value)
