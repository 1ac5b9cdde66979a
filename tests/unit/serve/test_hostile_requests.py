"""Whatever is sent, the answer is one sentence as JSON, and the server lives on."""

from __future__ import annotations

import gzip
import json
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_predictors import FakeStudent
from running_server import ask, build_request, connect, read_answer, send_raw, serving

KNOWN = {"Zoë": "person"}
ENTITY = {"start": 0, "end": 3, "text": "Zoë", "label": "person", "score": 0.75}
DEEP = b"[" * 100_000


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(FakeStudent(KNOWN, ["person"]), header_seconds=1.0, timeout_seconds=2.0) as port:
        yield port


BODIES = {
    "nested": (DEEP, 400),
    "nested in a field": (b'{"text": ' + DEEP, 400),
    "nested objects": (b'{"a":' * 50_000, 400),
    "infinite threshold": (b'{"text": "a", "threshold": 1e400}', 400),
    "digits": (b'{"text": "a", "threshold": 0.' + b"5" * 5000 + b"e9}", 400),
    "integer": (b'{"text": "a", "threshold": ' + b"9" * 5000 + b"}", 400),
    "NaN": (b'{"text": "a", "threshold": NaN}', 400),
    "infinity": (b'{"text": "a", "threshold": -Infinity}', 400),
    "threshold 0": (b'{"text": "a", "threshold": 0}', 400),
    "threshold 1": (b'{"text": "a", "threshold": 1.0}', 400),
    "threshold true": (b'{"text": "a", "threshold": true}', 400),
    "double key": (b'{"text": "a", "text": "b"}', 400),
    "double key within": (b'{"text": "a", "labels": [{"a": 1, "a": 2}]}', 400),
    "no UTF-8": (b'{"text": "\xff\xfe"}', 400),
    "UTF-16": ('{"text": "a"}'.encode("utf-16"), 400),
    "nothing": (b"", 400),
    "null": (b"null", 400),
    "a number": (b"3", 400),
    "a string": (b'"text"', 400),
    "numbers for texts": (b'{"text": [' + b"1," * 200_000 + b"1]}", 400),
    "numbers for labels": (b'{"text": "a", "labels": [' + b"1," * 200_000 + b"1]}", 400),
    "many keys": (b"{" + b",".join(b'"%d": 1' % n for n in range(50_000)) + b"}", 400),
    "long key": (b'{"' + b"k" * 500_000 + b'": 1}', 400),
    "long label": (b'{"text": "a", "labels": ["' + b"!" * 900_000 + b'"]}', 413),
    "empty label": (b'{"text": "a", "labels": [""]}', 400),
    "blank label": (b'{"text": "a", "labels": ["person", " \\n"]}', 400),
    "same label": (b'{"text": "a", "labels": [' + b'"person",' * 99_999 + b'"person"]}', 413),
    "labels per text": (b'{"text": ["a"], "labels": [["person"]]}', 400),
    "label surrogate": (b'{"text": "a", "labels": ["\\ud800"]}', 400),
    "many texts": (b'{"text": [' + b'"a",' * 200_000 + b'"a"]}', 413),
    "control character": (b'{"text": "\x01"}', 400),
    "trailing": (b'{"text": "a"} {}', 400),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_is_refused_in_a_sentence(port: int, name: str) -> None:
    body, status = BODIES[name]
    answered, answer = send_raw(port, build_request(body))
    assert answered == status, answer
    assert list(answer) == ["error"]
    assert answer["error"].endswith(".")
    assert "\n" not in answer["error"]
    assert len(answer["error"]) < 400


def _with(**headers: str) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return build_request(b'{"text": "Zo\xc3\xab"}', named)


REQUESTS = {
    "gzip": (build_request(gzip.compress(b'{"text": "a"}'), {"Content-Encoding": "gzip"}), 415),
    "form": (_with(Content_Type="application/x-www-form-urlencoded"), 415),
    "other charset": (_with(Content_Type="application/json; charset=latin-1"), 415),
    "no type": (b"POST /gliner HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}", 415),
    "another host": (_with(Host="rebound.example"), 403),
    "a host that begins right": (_with(Host="localhost.evil.example:8000"), 403),
    "another address": (_with(Host="192.0.2.1:8000"), 403),
    "another site": (_with(Origin="https://evil.example"), 403),
    "a page of another port": (_with(Origin="http://localhost:3000"), 403),
    "a page without a site": (_with(Origin="null"), 403),
    "two hosts": (b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400),
    "no host": (b"GET /health HTTP/1.1\r\n\r\n", 400),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "huge header": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000, 431),
    "two lengths": (_with(content_length="3"), 400),
    "negative length": (b"POST /gliner HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
    "huge length": (_with(Content_Length="9" * 19), 413),
    "bad chunk": (
        b"POST /gliner HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        400,
    ),
    "nowhere": (b"POST /other HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 404),
    "above": (b"GET /../app.py HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "above, in hexadecimal": (b"GET /%2e%2e%2fapp.py HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "another server": (b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "method": (b"GET /gliner HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    "method of a file": (b"POST /page.js HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    "preflight": (b"OPTIONS /gliner HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    "invented method": (b"BREW /health HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_hostile_request_is_refused_in_a_sentence(port: int, name: str) -> None:
    request, status = REQUESTS[name]
    answered, answer = send_raw(port, request)
    assert answered == status, answer
    assert list(answer) == ["error"]
    assert answer["error"].endswith(".")
    assert "\n" not in answer["error"]


def test_405_says_what_is_allowed(port: int) -> None:
    for request, allowed in [
        (b"GET /gliner HTTP/1.1\r\nHost: localhost\r\n\r\n", "POST"),
        (b"POST /model HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET, HEAD"),
        (b"DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET, HEAD"),
    ]:
        with connect(port) as connection:
            connection.sendall(request)
            status, headers, _ = read_answer(connection)
        assert (status, headers["allow"]) == (405, allowed)


def test_a_refusal_arrives_though_the_client_still_sends(port: int) -> None:
    body = b'{"text": "' + b"a" * 8_000_000 + b'"}'
    with connect(port) as connection:
        connection.sendall(build_request(body))
        status, _, answer = read_answer(connection)
    assert status == 413
    assert "larger than 1,000,000 bytes" in json.loads(answer)["error"]


def test_a_client_that_asks_first_is_told_before_it_sends(port: int) -> None:
    with connect(port) as connection:
        head = build_request(b"", {"Content-Length": "5000000", "Expect": "100-continue"})
        connection.sendall(head)
        assert read_answer(connection)[0] == 413
    with connect(port) as connection:
        body = b'{"text": "Zo\xc3\xab"}'
        head = {"Content-Length": str(len(body)), "Expect": "100-continue"}
        connection.sendall(build_request(b"", head))
        assert read_answer(connection)[0] == 100
        connection.sendall(body)
        assert json.loads(read_answer(connection)[2]) == {"entities": [ENTITY]}


def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    requests = [
        build_request(b'{"text": "Zo\xc3\xab"}'),
        build_request(b'{"text": 3}'),
        build_request(b'{"text": ["", "Zo\xc3\xab"]}'),
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"".join(requests))
        received = b""
        while received.count(b"HTTP/1.1 ") < 3 or b"}]}]" not in received:
            part = connection.recv(65536)
            assert part, received
            received += part
    statuses = [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"400", b"200"]


def test_a_chunked_trickle_is_given_up(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(
            b"POST /gliner HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
        )
        status, _, body = read_answer(connection)
    assert (status, json.loads(body)["error"]) == (
        408,
        "The request did not arrive within 2 seconds.",
    )


def test_memory_stays_after_hundreds_of_hostile_requests(port: int) -> None:
    requests = [build_request(body) for body, _ in BODIES.values()]
    for request in requests:
        send_raw(port, request)
    before = _count_bytes()
    for _ in range(6):
        for request in requests:
            send_raw(port, request)
    assert _count_bytes() - before < 30e6
    assert ask(port, {"text": "Zoë"}) == (200, {"entities": [ENTITY]})


def _count_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
