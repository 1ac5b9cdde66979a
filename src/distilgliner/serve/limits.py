"""What a request may cost: its size, the time it may take to arrive, and how many at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True)
class ServeLimits:
    """What one request, and all together, may take; the command has the usual values."""

    max_bytes: int
    """Of the body of a request."""
    max_waiting: int
    """Requests that are read, wait or are answered at once."""
    timeout_seconds: float
    """For a request to arrive whole, and again for its answer, its wait included."""


class LimitedApp:
    """An ASGI app whose POST requests are read whole, within the limits, before it sees them.

    What is beyond a limit is answered here: 413 too large, 408 too slow, 503 too many.
    """

    def __init__(self, app: ASGIApp, limits: ServeLimits) -> None:
        self.app = app
        self.limits = limits
        self.waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        if self.waiting >= self.limits.max_waiting:
            error = f"{self.waiting} requests are under way; try again in a moment."
            await _refuse(503, error, {"Retry-After": "1"})(scope, receive, send)
            return
        self.waiting += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self.waiting -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        seconds = self.limits.timeout_seconds
        try:
            body = await asyncio.wait_for(self._read(scope, receive), seconds)
        except asyncio.TimeoutError:
            refusal = _refuse(408, f"The request did not arrive within {seconds:g} seconds.")
            await refusal(scope, receive, send)
            return
        if body is None:
            size = f"{self.limits.max_bytes:,} bytes"
            error = f"The request is larger than {size}; send the texts in several."
            await _refuse(413, error)(scope, receive, send)
            return
        await self.app(scope, _replay(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """The body; None for one that is too large, which is not read to its end."""
        told = dict(scope["headers"]).get(b"content-length", b"")
        if told.isdigit() and int(told) > self.limits.max_bytes:
            return None
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            if size > self.limits.max_bytes:
                return None
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body at once, and then whatever comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_next() -> Message:
        return messages.pop() if messages else await receive()

    return receive_next


def _refuse(status: int, error: str, headers: dict[str, str] | None = None) -> JSONResponse:
    # What is left of the body would be taken for the next request.
    return JSONResponse({"error": error}, status, {"Connection": "close", **(headers or {})})
