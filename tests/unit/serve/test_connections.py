"""Connections that say nothing, too little or too slowly lock nobody out."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fake_predictors import FakeStudent
from running_server import (
    ask,
    build_request,
    connect,
    read_answer,
    send_raw,
    serving,
    wait_until,
)

QUESTION = build_request(b'{"text": "Zo\xc3\xab"}')
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


class WaitingStudent(FakeStudent):
    """Answers the text "wait" when it may."""

    def __init__(self) -> None:
        super().__init__({"Zoë": "person"}, ["person"])
        self.began = threading.Event()
        self.release = threading.Event()

    def batch_predict_entities(self, texts: Any, *arguments: Any, **options: Any) -> Any:
        if texts == ["wait"]:
            self.began.set()
            self.release.wait(20)
        return super().batch_predict_entities(texts, *arguments, **options)


@pytest.fixture
def student() -> Iterator[WaitingStudent]:
    student = WaitingStudent()
    yield student
    student.release.set()


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.05)
    try:
        return connection.recv(65536) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_headers_have_a_time_however_they_trickle(student: WaitingStudent) -> None:
    with serving(student, header_seconds=0.5) as port, connect(port) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
        began = time.monotonic()
        while time.monotonic() - began < 0.4:
            connection.sendall(b"X: y\r\n")
            time.sleep(0.05)
        status, _, body = read_answer(connection)
        assert time.monotonic() - began < 3
    assert status == 408
    assert json.loads(body)["error"] == "The headers did not arrive within 0.5 seconds."


def test_a_connection_that_says_nothing_is_closed(student: WaitingStudent) -> None:
    with serving(student, header_seconds=0.3) as port, connect(port) as connection:
        assert read_answer(connection) == (0, {}, b"")


def test_half_open_connections_lock_nobody_out(student: WaitingStudent) -> None:
    """More than there may be, none of which is finished: the oldest make room."""
    with serving(student, max_connections=20) as port:
        silent = [connect(port) for _ in range(60)]
        for connection in silent[::2]:
            connection.sendall(b"POST /gliner HTTP/1.1\r\nHost: localhost\r\nX: ")
        for _ in range(3):
            assert ask(port, {"text": "Zoë"})[0] == 200
        wait_until(lambda: sum(map(is_closed, silent)) >= 40)
        for connection in silent:
            connection.close()


def test_a_request_under_way_keeps_its_place(student: WaitingStudent) -> None:
    with serving(student, max_connections=4) as port, connect(port) as waiting:
        waiting.sendall(build_request(b'{"text": "wait"}'))
        time.sleep(0.1)
        silent = [connect(port) for _ in range(12)]
        student.release.set()
        assert read_answer(waiting)[0] == 200
        for connection in silent:
            connection.close()


def test_where_all_are_answered_a_new_one_is_told_to_wait(student: WaitingStudent) -> None:
    with serving(student, max_connections=2) as port:
        waiting = [connect(port) for _ in range(2)]
        for connection in waiting:
            connection.sendall(build_request(b'{"text": "wait"}'))
        time.sleep(0.1)
        status, answer = send_raw(port, b"")
        assert status == 503
        assert answer["error"].startswith("Too many connections are open")
        student.release.set()
        for connection in waiting:
            assert read_answer(connection)[0] == 200
            connection.close()


def test_bodies_that_trickle_make_room(student: WaitingStudent) -> None:
    with serving(student, max_waiting=3) as port:
        slow = [connect(port) for _ in range(3)]
        for connection in slow:
            connection.sendall(QUESTION[:-3])
        time.sleep(0.1)
        assert send_raw(port, QUESTION)[0] == 503  # they have had a moment only
        time.sleep(1.1)
        assert send_raw(port, QUESTION)[0] == 200
        assert read_answer(slow[0])[0] == 408
        slow[1].sendall(QUESTION[-3:])
        assert read_answer(slow[1])[0] == 200
        for connection in slow:
            connection.close()


def test_a_client_that_leaves_frees_its_place(student: WaitingStudent) -> None:
    with serving(student, max_waiting=2) as port:
        leaving = [connect(port) for _ in range(2)]
        for connection in leaving:
            connection.sendall(build_request(b'{"text": "wait"}'))
        assert student.began.wait(20)
        time.sleep(0.1)  # for the other to take its place, which a question would take else
        wait_until(lambda: send_raw(port, QUESTION)[0] == 503)
        for connection in leaving:
            connection.close()
        time.sleep(0.2)
        student.release.set()
        assert send_raw(port, QUESTION)[0] == 200
    assert [texts for texts, _, _ in student.calls] == [["wait"], ["Zoë"]]  # one was not begun


def test_several_requests_on_one_connection(student: WaitingStudent) -> None:
    with serving(student) as port, connect(port) as connection:
        for request in (QUESTION, HEALTH, QUESTION):
            connection.sendall(request)
            assert read_answer(connection)[0] == 200


@pytest.mark.parametrize("path", ["/health", "/model", "/", "/page.js", "/openapi.json"])
def test_head_answers_where_get_does(student: WaitingStudent, path: str) -> None:
    with serving(student) as port:
        answers = []
        for method in ("GET", "HEAD"):
            with connect(port) as connection:
                request = f"{method} {path} HTTP/1.0\r\nHost: localhost\r\n\r\n"
                connection.sendall(request.encode())
                data = b"".join(iter(lambda c=connection: c.recv(65536), b""))  # type: ignore[misc]
            answers.append(data.partition(b"\r\n\r\n"))
    (head, _, body), (other_head, _, nothing) = answers
    assert head.split(b"\r\n")[0] == other_head.split(b"\r\n")[0] == b"HTTP/1.1 200 OK"
    assert body
    assert nothing == b""


def test_the_page_comes_with_headers_that_keep_it_safe(student: WaitingStudent) -> None:
    with serving(student) as port:
        for request in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", HEALTH, QUESTION):
            with connect(port) as connection:
                connection.sendall(request)
                _, headers, _ = read_answer(connection)
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
