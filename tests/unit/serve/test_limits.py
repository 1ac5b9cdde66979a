"""What a request may cost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from distilgliner.serve.admission import LimitedApp
from distilgliner.serve.limits import ServeLimits

LIMITS = ServeLimits(max_bytes=1000, max_waiting=64, timeout_seconds=30.0)


class Client:
    """One request to an ASGI app, sent in parts; what comes back."""

    def __init__(self, parts: Sequence[bytes], **headers: str) -> None:
        self.parts = list(parts)
        self.headers = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.status = 0
        self.body = b""
        self.reads = 0

    async def ask(self, app: Any, method: str = "POST") -> Client:
        scope = {"type": "http", "method": method, "path": "/", "headers": self.headers}
        await app(scope, self._receive, self._send)
        return self

    @property
    def error(self) -> str:
        return str(json.loads(self.body)["error"])

    async def _receive(self) -> dict[str, Any]:
        self.reads += 1
        if not self.parts:
            await asyncio.Event().wait()  # a client that says nothing more
        body = self.parts.pop(0)
        return {"type": "http.request", "body": body, "more_body": body != b""}

    async def _send(self, message: dict[str, Any]) -> None:
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the body, which it wants in one message."""
    message = await receive()
    assert not message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"]})


def ask(client: Client, **limits: Any) -> Client:
    return asyncio.run(client.ask(LimitedApp(echo, replace(LIMITS, **limits))))


def test_a_body_within_the_limit_arrives_whole() -> None:
    client = ask(Client([b"ab", b"cd", b""]), max_bytes=4)
    assert (client.status, client.body) == (200, b"abcd")


@pytest.mark.parametrize("headers", [{}, {"content-length": "nonsense"}, {"content-length": "3"}])
def test_a_body_beyond_the_limit_is_not_read_to_its_end(headers: dict[str, str]) -> None:
    client = ask(Client([b"ab", b"cd", b"ef", b""], **headers), max_bytes=3)
    assert client.status == 413
    assert client.error == "The request is larger than 3 bytes; send the texts in several."
    assert client.reads == 2


def test_a_body_that_says_to_be_too_large_is_not_read() -> None:
    client = ask(Client([b"abcd", b""], **{"content-length": "4"}), max_bytes=3)
    assert (client.status, client.reads) == (413, 0)


def test_a_body_that_does_not_come_is_given_up() -> None:
    client = ask(Client([b"ab"]), timeout_seconds=0.05)
    assert client.status == 408
    assert client.error == "The request did not arrive within 0.05 seconds."


def test_more_requests_than_may_wait_are_refused_and_later_ones_are_not() -> None:
    async def run() -> list[int]:
        app = LimitedApp(echo, replace(LIMITS, max_waiting=2, timeout_seconds=0.2))
        slow = [asyncio.create_task(Client([b"a"]).ask(app)) for _ in range(2)]
        await asyncio.sleep(0.02)
        refused = await Client([b"a", b""]).ask(app)
        assert "2 requests are under way" in refused.error
        # Only questions are counted: whether the server is up can always be asked.
        up = await Client([b""]).ask(app, "GET")
        statuses = [refused.status, up.status, *[(await task).status for task in slow]]
        return [*statuses, (await Client([b"a", b""]).ask(app)).status]

    assert asyncio.run(run()) == [503, 200, 408, 408, 200]
