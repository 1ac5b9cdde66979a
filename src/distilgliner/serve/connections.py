"""Connections: those that say nothing, too little or too much are closed, and others go on."""

from __future__ import annotations

import asyncio
import sys
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from distilgliner.serve.limits import (
    KEEP_ALIVE_SECONDS,
    LINGER_BYTES,
    LINGER_SECONDS,
    ServeLimits,
)
from distilgliner.serve.refusal import build_error


class Connections:
    """All connections of a server.

    Where there are as many as there may be, a new one takes the place of one that has no whole
    request: the oldest of the client that has most of them.
    """

    def __init__(self, limits: ServeLimits) -> None:
        self.limits = limits
        self._count = 0
        self._idle: dict[str, dict[GuardedProtocol, None]] = {}

    def open(self, connection: GuardedProtocol) -> bool:
        """Whether there is room for one more, which may be made."""
        self._count += 1
        if self._count <= self.limits.max_connections:
            return True
        most = max(self._idle.values(), key=len, default=None)
        if not most:
            return False
        next(iter(most)).drop()
        return True

    def close(self, connection: GuardedProtocol) -> None:
        """It is gone."""
        self._count -= 1
        self.leave_idle(connection)

    def enter_idle(self, connection: GuardedProtocol) -> None:
        """It waits for a request, or for the rest of one."""
        self._idle.setdefault(connection.address, {})[connection] = None

    def leave_idle(self, connection: GuardedProtocol) -> None:
        """Its request is being answered."""
        of_client = self._idle.get(connection.address, {})
        of_client.pop(connection, None)
        if not of_client:
            self._idle.pop(connection.address, None)


class GuardedProtocol(H11Protocol):
    """uvicorn's protocol with a time for headers and answers, and errors as JSON.

    A client that is refused while it still sends is heard for a moment longer: were the connection
    closed at once, its system would throw the answer away.
    """

    def __init__(self, *arguments: Any, peers: Connections, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.address = ""
        self._peers = peers
        self._timer: asyncio.TimerHandle | None = None
        self._lingering: int | None = None
        """Bytes thrown away so far; None before the end."""

    def connection_made(self, transport: Any) -> None:
        """A connection has come, with nothing on it yet."""
        super().connection_made(_Transport(transport, self))  # type: ignore[arg-type]
        self.address = self.client[0] if self.client else ""
        if not self._peers.open(self):
            self._refuse(503, "Too many connections are open; try again in a moment.")
            return
        self._peers.enter_idle(self)
        self._wait(self._peers.limits.header_seconds, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._lingering = 0
        self._peers.close(self)
        self._wait(None)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server stops: what has no request is closed."""
        if self._lingering is None:
            super().shutdown()

    def data_received(self, data: bytes) -> None:
        """More of a request, unless this one is refused already."""
        if self._lingering is not None:
            self._lingering += len(data)
            if self._lingering > LINGER_BYTES:
                self.drop()
            return
        super().data_received(data)
        if self._is_busy() and self._lingering is None:
            self._peers.leave_idle(self)
            self._wait(None)

    def on_response_complete(self) -> None:
        """An answer is sent; on this connection another may follow."""
        super().on_response_complete()
        self._rest()

    def pause_writing(self) -> None:
        """The client does not take its answer; it has a while to begin."""
        super().pause_writing()
        self._wait(self._peers.limits.header_seconds, self.drop)

    def resume_writing(self) -> None:
        """It takes it."""
        super().resume_writing()
        if self._is_busy():
            self._wait(None)
        else:
            self._rest()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is answered in a sentence; h11's error is the one being handled."""
        error = sys.exc_info()[1]
        status = getattr(error, "error_status_hint", 400)
        if status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
            self._refuse(status, "The headers are too large; send fewer or shorter ones.")
        else:
            self._refuse(status, f"This is not HTTP as it is understood here ({error}).")

    def linger(self, transport: asyncio.Transport) -> None:
        """Close the connection, at once where the client has nothing more to say."""
        if self._lingering is not None:
            return
        self._lingering = 0
        self._peers.enter_idle(self)
        self._wait(LINGER_SECONDS, self.drop)
        if self.conn.their_state in (h11.DONE, h11.MUST_CLOSE, h11.CLOSED, h11.IDLE):
            transport.close()
            return
        if transport.can_write_eof():
            transport.write_eof()
        transport.resume_reading()

    def drop(self) -> None:
        """Close the connection without another word."""
        self._peers.leave_idle(self)
        self._wait(None)
        self.transport.abort()

    def is_lingering(self) -> bool:
        """Whether all has been said on this connection."""
        return self._lingering is not None

    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _rest(self) -> None:
        """Wait for another request, unless one has come already or there will be none."""
        if not (self._is_busy() or self.transport.is_closing()):
            self._peers.enter_idle(self)
            self._wait(KEEP_ALIVE_SECONDS + self._peers.limits.header_seconds, self._give_up)

    def _wait(self, seconds: float | None, then: Any = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, then)

    def _give_up(self) -> None:
        """The headers do not come to their end; nothing is said where they did not begin."""
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            seconds = self._peers.limits.header_seconds
            self._refuse(408, f"The headers did not arrive within {seconds:g} seconds.")
        else:
            self.drop()

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer in place of the application, and close."""
        if self._is_busy():
            self.cycle.disconnected = True  # what it says now comes too late
            self.cycle.message_event.set()
        if not (self._is_busy() and self.cycle.response_started):
            body = build_error(sentence)
            head = (
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
                f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
                "x-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode("ascii") + body)
        self.transport.close()


class _Transport:
    """A transport that lingers when it is closed."""

    def __init__(self, transport: asyncio.Transport, protocol: GuardedProtocol) -> None:
        self._transport = transport
        self._protocol = protocol

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        self._protocol.linger(self._transport)

    def is_closing(self) -> bool:
        return self._protocol.is_lingering() or self._transport.is_closing()
