"""What the server answers."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake_predictors import FakePredictor, FakeStudent

from distilgliner.serve.answering import Answerer
from distilgliner.serve.app import build_app
from distilgliner.serve.guard import build_hosts

KNOWN = {"Zoë": "person", "Bath": "place"}
ZOE = {"start": 0, "end": 3, "text": "Zoë", "label": "person", "score": 0.75}
BATH = {"start": 7, "end": 11, "text": "Bath", "label": "place", "score": 0.75}


class Client:
    """Asks an application without a network."""

    def __init__(self, answerer: Answerer, timeout_seconds: float = 30.0) -> None:
        limits = replace(answerer.limits, timeout_seconds=timeout_seconds)
        self.transport = httpx.ASGITransport(build_app(answerer, limits))

    def get(self, path: str) -> httpx.Response:
        return self._send("GET", path)

    def post(self, **request: Any) -> httpx.Response:
        return self._send("POST", "/gliner", **request)

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self.transport, base_url="http://localhost"
            ) as client:
                return await client.request(method, path, **request)

        return asyncio.run(send())


def open_client(model: FakePredictor) -> Client:
    return Client(Answerer(model, "m", 0.4))


@pytest.fixture
def model() -> FakeStudent:
    return FakeStudent(KNOWN, ["person", "place"])


@pytest.fixture
def client(model: FakeStudent) -> Client:
    return open_client(model)


def ask(client: Client, **question: Any) -> Any:
    response = client.post(json=question)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_text_has_an_answer_and_texts_a_list(client: Client, model: FakeStudent) -> None:
    assert ask(client, text="Zoë in Bath") == {"entities": [ZOE, BATH]}
    assert ask(client, text=["", "Zoë", " \n"]) == [
        {"entities": []},
        {"entities": [ZOE]},
        {"entities": []},
    ]
    assert ask(client, text=[]) == []
    assert model.calls == [
        (["Zoë in Bath"], ["person", "place"], 0.4),
        (["Zoë"], ["person", "place"], 0.4),
    ]


def test_half_a_character_is_answered_as_it_came() -> None:
    half = FakeStudent({"\ud800": "person"}, ["person"])
    response = open_client(half).post(
        content=b'{"text": "\\ud800"}', headers={"Content-Type": "application/json"}
    )
    assert response.json()["entities"][0]["text"] == "\ud800"


def test_labels_and_threshold_are_those_of_the_question(client: Client, model: FakeStudent) -> None:
    labels = [" place", "place", "person"]
    ask(client, text="Zoë", labels=labels, threshold=0.9, flat_ner=True, multi_label=False)
    ask(client, text="Zoë", labels=["place"], threshold=None)
    # Each once, in the order of the question: a GLiNER checkpoint's scores depend on it.
    assert model.calls == [(["Zoë"], ["place", "person"], 0.9), (["Zoë"], ["place"], 0.4)]


def test_a_checkpoint_finds_what_it_is_asked_for_and_nothing_else() -> None:
    client = open_client(FakePredictor(KNOWN))
    assert ask(client, text="Zoë in Bath", labels=["place"]) == {"entities": [BATH]}
    response = client.post(json={"text": "Zoë"})
    assert (response.status_code, response.json()["error"]) == (
        400,
        'This model has no labels of its own; send some, as "labels": ["person"].',
    )


@pytest.mark.parametrize(
    ("question", "error"),
    [
        ({}, '"text" is missing'),
        ({"text": 3}, '"text" must be a string'),
        ({"text": ["a", None]}, '"text" must be a string'),
        ({"text": "a", "labels": []}, '"labels" must be a list'),
        ({"text": "a", "labels": {"person": "a human"}}, '"labels" must be a list'),
        ({"text": "a", "labels": ["person", " "]}, "A label is empty"),
        ({"text": "a", "labels": ["ship"]}, "does not know the label 'ship'"),
        ({"text": "a", "threshold": 1}, '"threshold" must be a number between'),
        ({"text": "a", "threshold": "0.5"}, '"threshold" must be a number between'),
        ({"text": "a", "flat_ner": False}, "do not overlap"),
        ({"text": "a", "multi_label": True}, "one label"),
        ({"text": "a", "relations": ["works for"]}, 'leave "relations" out'),
        ({"text": "a", "relation_threshold": 2}, 'leave "relation_threshold" out'),
        ({"text": "a", "adapter_id": "mine"}, 'leave "adapter_id" out'),
        ({"text": "a", "x" * 10**5: 1}, 'xxx…" is not known here'),
        ([], "The body must be JSON"),
    ],
)
def test_a_bad_question_has_one_sentence(client: Client, question: Any, error: str) -> None:
    response = client.post(json=question)
    assert response.status_code == 400
    assert list(response.json()) == ["error"]
    assert error in response.json()["error"]
    assert "\n" not in response.json()["error"]


def test_what_is_no_json_is_refused(client: Client) -> None:
    headers = {"Content-Type": "application/json"}
    response = client.post(content="{", headers=headers)
    assert response.status_code == 400
    assert response.json()["error"].startswith("The body is not JSON (")
    # Pages of other sites can send this without being asked whether they may.
    headers = {"Content-Type": "text/plain"}
    assert client.post(content='{"text": "a"}', headers=headers).status_code == 415


def test_the_model_tells_of_itself(client: Client) -> None:
    labels = ["person", "place"]
    about = {"model": "m", "labels": labels, "is_open": False, "threshold": 0.4}
    assert client.get("/model").json() == about
    assert open_client(FakePredictor(KNOWN)).get("/model").json() == {
        **about,
        "labels": [],
        "is_open": True,
    }
    assert client.get("/health").json() == {"status": "ok"}
    question = client.get("/openapi.json").json()["components"]["schemas"]["Question"]
    assert set(question["properties"]) >= {"text", "labels", "threshold"}


def test_the_page_and_its_files_are_there(client: Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for name in ("style.css", "page.js", "view.js", "model.js"):
        assert client.get(f"/{name}").status_code == 200
    assert client.get("/nothing").status_code == 404
    assert client.get("/nothing").json()["error"].startswith("There is nothing at this path")
    assert client.get("/../app.py").status_code == 404


def test_an_answer_that_takes_too_long_is_given_up() -> None:
    release = threading.Event()

    class SlowStudent(FakeStudent):
        def batch_predict_entities(self, *arguments: Any, **options: Any) -> Any:
            release.wait(20)
            return super().batch_predict_entities(*arguments, **options)

    slow = SlowStudent(KNOWN, ["person"])
    answerer = Answerer(slow, "m")
    hasty, patient = Client(answerer, timeout_seconds=0.1), Client(answerer)
    for text in ("begun", "waits"):
        response = hasty.post(json={"text": text})
        assert response.status_code == 504
        assert response.json()["error"].startswith("The answer took too long")
    release.set()
    assert patient.post(json={"text": "Zoë"}).json() == {"entities": [ZOE]}
    assert [texts for texts, _, _ in slow.calls] == [["begun"], ["Zoë"]]


@pytest.mark.parametrize(
    "fault", [MemoryError(), RuntimeError("bad allocation: a text"), OSError()]
)
def test_a_failure_is_one_sentence_and_the_server_lives_on(fault: Exception) -> None:
    class FailingStudent(FakeStudent):
        def batch_predict_entities(self, texts: Any, *arguments: Any, **options: Any) -> Any:
            if texts == ["fail"]:
                raise fault
            return super().batch_predict_entities(texts, *arguments, **options)

    client = open_client(FailingStudent(KNOWN, ["person"]))
    response = client.post(json={"text": "fail"})
    assert response.status_code == 500
    assert response.json() == {
        "error": f"The model failed on this request ({type(fault).__name__}); send less text or "
        "fewer labels at once."
    }
    assert ask(client, text="Zoë") == {"entities": [ZOE]}


def test_what_gliners_client_may_send_is_answered(client: Client, model: FakeStudent) -> None:
    question = {
        "text": "Zoë",
        "labels": ["person"],
        "flat_ner": True,
        "multi_label": False,
        "relations": [],
        "threshold": 0.5,
        "relation_threshold": 0.5,
        "adapter_id": "__base__",
    }
    assert ask(client, **question) == {"entities": [ZOE]}
    nothing = dict.fromkeys(["relations", "threshold", "relation_threshold", "adapter_id"])
    assert ask(client, text="Zoë", labels=None, **nothing) == {"entities": [ZOE]}
    response = client._send("POST", "/gliner/", json=question)
    assert response.json() == {"entities": [ZOE]}
    status = client.get("/gliner/adapter-cache?adapter_id=mine").json()
    assert status == {"enabled": False, "base_adapter_id": "__base__"}


def test_the_model_has_the_name_of_its_folder_not_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "secret" / "small"
    folder.mkdir(parents=True)
    answerer = Answerer(FakePredictor(KNOWN), str(folder))
    assert Client(answerer).get("/model").json()["model"] == "small"
    assert Answerer(FakePredictor(KNOWN), "org/name").about.model == "org/name"


@pytest.mark.parametrize(
    ("host", "bound", "allowed", "answered"),
    [
        ("localhost", "127.0.0.1", [], True),
        ("LOCALHOST.:8000", "127.0.0.1", [], True),
        ("127.0.0.1:8000", "127.0.0.1", [], True),
        ("127.1.2.3", "127.0.0.1", [], True),
        ("[::1]:8000", "::1", [], True),
        ("[::1].example", "::1", [], False),
        ("[::1]:80.example", "::1", [], False),
        ("[::1", "::1", [], False),
        ("10.0.0.5:8000", "10.0.0.5", [], True),
        ("10.0.0.5:8000", "0.0.0.0", [], True),
        ("10.0.0.6", "10.0.0.5", [], False),
        ("rebound.example", "0.0.0.0", [], False),
        ("127.0.0.1.example", "127.0.0.1", [], False),
        ("localhost.example", "127.0.0.1", [], False),
        ("", "127.0.0.1", [], False),
        ("ner.example:443", "0.0.0.0", ["NER.example"], True),
        ("other.example", "0.0.0.0", ["ner.example"], False),
        ("other.example", "127.0.0.1", ["*"], True),
    ],
)
def test_the_names_by_which_it_is_addressed(
    host: str, bound: str, allowed: list[str], answered: bool
) -> None:
    assert build_hosts(bound, allowed).allow(host) is answered


@pytest.mark.parametrize(
    ("origin", "host", "answered"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("https://ner.example", "10.0.0.5:8000", True),  # allowed, behind a proxy
        ("http://localhost:3000", "localhost:8000", False),
        ("http://127.0.0.1:8000", "localhost:8000", False),
        ("https://evil.example", "localhost:8000", False),
        ("null", "localhost:8000", False),
        ("chrome-extension://localhost:8000", "localhost:8000", False),
    ],
)
def test_the_pages_that_may_ask(origin: str, host: str, answered: bool) -> None:
    assert build_hosts("127.0.0.1", ["ner.example", "*"]).allow_origin(origin, host) is answered
