"""A server under load: large requests do not hold up small ones, and stopping loses none."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LIMIT = 60  # seconds, after which something hangs
MEGABYTE = "! " * 120_000
"""A quarter of one; all of its words are punctuation, each a word of its own."""


@contextmanager
def serve(*options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`distilgliner serve` with the bundled student, and its port."""
    command = [sys.executable, "-m", "distilgliner", "serve", "--model", "general", "--port", "0"]
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"open http://127\.0\.0\.1:(\d+) ", process.stdout.readline())
            assert found
            yield process, int(found[1])
        finally:
            process.kill()


def send(port: int, question: Any) -> socket.socket:
    body = json.dumps(question).encode()
    connection = socket.create_connection(("127.0.0.1", port), timeout=_LIMIT)
    connection.sendall(
        b"POST /gliner HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    return connection


def receive(connection: socket.socket) -> tuple[int, Any]:
    with connection, connection.makefile("rb") as file:
        head, _, body = file.read().partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def ask(port: int, question: Any) -> tuple[int, Any]:
    return receive(send(port, question))


def test_small_requests_are_answered_while_a_large_one_is_under_way() -> None:
    small = {"text": "Ada Lovelace met Charles Babbage in London."}
    with serve() as (_, port):
        expected = ask(port, small)
        assert expected[0] == 200
        # Nothing but entities, for decoding too: at this threshold every word is one.
        large = [send(port, {"text": MEGABYTE, "threshold": 1e-9}) for _ in range(2)]
        time.sleep(0.3)
        seconds = []
        for _ in range(10):
            began = time.monotonic()
            assert ask(port, small) == expected
            seconds.append(time.monotonic() - began)
        for connection in large:
            connection.setblocking(False)
            try:
                assert connection.recv(1) == b"", "the large request was over too soon"
                raise AssertionError("the server closed the connection")
            except BlockingIOError:
                pass
            connection.close()
    assert sorted(seconds)[len(seconds) // 2] < 0.5
    assert max(seconds) < 2


def test_what_costs_too_much_is_refused_at_once() -> None:
    with serve("--max-words", "1000", "--max-scores", "15000", "--max-texts", "20") as (_, port):
        for question, option in [
            ({"text": "a " * 1001, "labels": ["person"]}, "--max-words"),
            ({"text": ["a b"] * 501}, "--max-texts"),
            ({"text": ["a b c d e f"] * 17, "labels": None}, None),
            (
                {"text": "a " * 301},
                "--max-scores",
            ),  # times ten labels of five scores, five scores each
        ]:
            status, answer = ask(port, question)
            assert status == (200 if option is None else 413), answer
            assert option is None or option in answer["error"]
        labels = [f"label {number}" for number in range(1001)]
        status, answer = ask(port, {"text": "a", "labels": labels})
        assert (status, "--max-labels" in answer["error"]) == (413, True)


def test_stopping_waits_for_what_was_accepted() -> None:
    """Longer than five seconds, which uvicorn gives: here as long as a request may take."""
    with serve() as (process, port):
        assert ask(port, {"text": "Ada"})[0] == 200
        body = json.dumps({"text": "Ada Lovelace lived in London."}).encode()
        arriving = socket.create_connection(("127.0.0.1", port), timeout=_LIMIT)
        arriving.sendall(
            b"POST /gliner HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body[:-5]
        )
        silent = socket.create_connection(("127.0.0.1", port), timeout=_LIMIT)
        large = send(port, {"text": "Ada Lovelace met Charles Babbage in London. " * 3000})
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        threading.Timer(6, arriving.sendall, [body[-5:]]).start()
        status, answer = receive(large)
        assert (status, len(answer["entities"]) >= 3000) == (200, True)
        assert silent.recv(1) == b""
        status, answer = receive(arriving)
        assert (status, bool(answer["entities"])) == (200, True)
        output, error = process.communicate(timeout=_LIMIT)
    assert (process.returncode, output, error) == (0, "stopped\n", "")
