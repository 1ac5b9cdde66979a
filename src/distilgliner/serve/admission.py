"""Requests are let in one by one: not too large, too slow or too many at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from distilgliner.serve.limits import PATIENCE_SECONDS, ServeLimits

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class LimitedApp:
    """An ASGI app whose POST requests are read whole, within the limits, before it sees them.

    What is beyond a limit is answered here: 413 too large, 408 too slow, 503 too many. Where there
    are too many, one that has been arriving for more than a moment makes room. A request whose
    client goes away is given up.
    """

    def __init__(self, app: ASGIApp, limits: ServeLimits) -> None:
        self.app = app
        self.limits = limits
        self.waiting = 0
        self._arriving: dict[_Interrupt, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        if self.waiting >= self.limits.max_waiting and not self._make_room():
            error = f"{self.waiting} requests are under way; try again in a moment."
            await _refuse(503, error, {"Retry-After": "1"})(scope, receive, send)
            return
        self.waiting += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self.waiting -= 1

    def _make_room(self) -> bool:
        """Give up the request that has been arriving longest, unless that is a moment only."""
        latest = asyncio.get_running_loop().time() - PATIENCE_SECONDS
        for arrival, began in self._arriving.items():  # the oldest first
            if began < latest:
                del self._arriving[arrival]
                arrival.set()
                return True
        return False

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self._read_in_time(scope, receive)
        except asyncio.TimeoutError:
            seconds = self.limits.timeout_seconds
            refusal = _refuse(408, f"The request did not arrive within {seconds:g} seconds.")
            await refusal(scope, receive, send)
            return
        except ConnectionError:
            return
        if body is None:
            size = f"{self.limits.max_bytes:,} bytes"
            error = f"The request is larger than {size}; send the texts in several."
            await _refuse(413, error)(scope, receive, send)
            return
        leaving = asyncio.ensure_future(_wait_for_leaving(receive))
        interrupt = _Interrupt()
        leaving.add_done_callback(interrupt.set)
        try:
            await self.app(scope, _replay(body), send)
        except asyncio.CancelledError:
            if not interrupt.take():
                raise
        finally:
            leaving.remove_done_callback(interrupt.set)
            leaving.cancel()

    async def _read_in_time(self, scope: Scope, receive: Receive) -> bytes | None:
        """As `_read`. Raises `TimeoutError` for a request that is too slow or had to make room."""
        loop = asyncio.get_running_loop()
        arrival = _Interrupt()
        self._arriving[arrival] = loop.time()
        timer = loop.call_later(self.limits.timeout_seconds, arrival.set)
        try:
            return await self._read(scope, receive)
        except asyncio.CancelledError:
            if not arrival.take():
                raise
            raise asyncio.TimeoutError from None
        finally:
            timer.cancel()
            self._arriving.pop(arrival, None)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """The body; None for one that is too large, which is not read to its end."""
        told = dict(scope["headers"]).get(b"content-length", b"")
        if told.isdigit() and (len(told) > 18 or int(told) > self.limits.max_bytes):
            return None
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError
            part = message.get("body", b"")
            size += len(part)
            if size > self.limits.max_bytes:
                return None
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)


class _Interrupt:
    """What ends the wait of the task that made it; without a task of its own, unlike `wait_for`."""

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._is_set = False

    def set(self, _: object = None) -> None:
        """Cancel the task, which is to `take` this when it sees that."""
        if self._task is not None and not self._is_set:
            self._is_set = True
            self._task.cancel()

    def take(self) -> bool:
        """Whether it was this that cancelled the task, which then is so no more."""
        uncancel = getattr(self._task, "uncancel", None)  # of Python 3.11
        if self._is_set and uncancel is not None:
            uncancel()
        return self._is_set


def _replay(body: bytes) -> Receive:
    """The body at once, and then nothing: whether the client leaves is watched here."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_next() -> Message:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop()

    return receive_next


async def _wait_for_leaving(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _refuse(status: int, error: str, headers: dict[str, str] | None = None) -> JSONResponse:
    # What is left of the body would be taken for the next request.
    return JSONResponse({"error": error}, status, {"Connection": "close", **(headers or {})})
