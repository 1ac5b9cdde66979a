"""A server of a fake model on a port of this machine, and requests as bytes."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from distilgliner.serve.answering import Answerer
from distilgliner.serve.app import build_app
from distilgliner.serve.guard import build_hosts
from distilgliner.serve.limits import ServeLimits
from distilgliner.serve.run import build_server, open_socket

_LIMIT = 20  # seconds, after which something hangs


@contextmanager
def serving(predictor: Any, **limits: Any) -> Iterator[int]:
    """The port of a server that ends with the context."""
    chosen = ServeLimits(**limits)
    answerer = Answerer(predictor, "m", 0.5, chosen)
    with open_socket("127.0.0.1", 0) as bound:
        port = int(bound.getsockname()[1])
        server = build_server(build_app(answerer, chosen, build_hosts("127.0.0.1", ())), chosen)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield port
        finally:
            server.should_exit = True
            thread.join(_LIMIT)
            answerer.close()
            assert not thread.is_alive()


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=_LIMIT)


def build_request(body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    sent = {
        "Host": "localhost",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    return f"POST /gliner HTTP/1.1\r\n{head}\r\n".encode() + body


def read_answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the next answer; (0, {}, b"") where the server closed."""
    with connection.makefile("rb") as file:
        line = file.readline()
        if not line:
            return 0, {}, b""
        headers = {}
        while (header := file.readline().decode().strip()) != "":
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        return int(line.split()[1]), headers, file.read(int(headers.get("content-length", 0)))


def send_raw(port: int, data: bytes) -> tuple[int, Any]:
    """Status and JSON of what is answered to bytes."""
    with connect(port) as connection:
        connection.sendall(data)
        status, headers, body = read_answer(connection)
    assert headers["content-type"] == "application/json", (headers, body)
    return status, json.loads(body)


def ask(port: int, question: Any) -> tuple[int, Any]:
    return send_raw(port, build_request(json.dumps(question).encode()))


def wait_until(check: Any, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.01)
