"""Serve an application at an address until it is stopped."""

from __future__ import annotations

import math
import resource
import socket
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

import uvicorn

from distilgliner.errors import UserError
from distilgliner.serve.connections import Connections, GuardedProtocol
from distilgliner.serve.limits import KEEP_ALIVE_SECONDS, SPARE_FILES, ServeLimits

if TYPE_CHECKING:
    from distilgliner.serve.guard import GuardedApp


def open_socket(host: str, port: int) -> socket.socket:
    """A socket at which connections wait for a server; with port 0 the system chooses one.

    Raises `UserError` where that is not possible.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UserError(
            f"--host {host} is no address of this machine ({error.strerror})."
        ) from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen()
    except OSError as error:
        bound.close()
        raise UserError(
            f"{host}:{port} cannot be used ({error.strerror}); give another --port, or 0 for any."
        ) from None
    return bound


def format_address(bound: socket.socket) -> str:
    """The address to type into a browser."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(bound: socket.socket) -> bool:
    """Whether only this machine reaches it."""
    return ip_address(bound.getsockname()[0]).is_loopback


def run_server(app: GuardedApp, bound: socket.socket, limits: ServeLimits) -> None:
    """Answer at the socket until Ctrl-C or SIGTERM.

    Then requests under way have the time that each of them has anyway, to arrive and be answered.
    """
    build_server(app, limits).run(sockets=[bound])


def build_server(app: GuardedApp, limits: ServeLimits) -> uvicorn.Server:
    """A server of the application, which ends when its `should_exit` is set."""
    peers = Connections(_fit_open_files(limits))
    config = uvicorn.Config(
        app,
        http=partial(GuardedProtocol, peers=peers),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=math.ceil(2 * limits.timeout_seconds + limits.header_seconds),
    )
    return uvicorn.Server(config)


def _fit_open_files(limits: ServeLimits) -> ServeLimits:
    """The limits with no more connections than the process may have open files."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return limits
    room = max(1, most - SPARE_FILES)
    return replace(limits, max_connections=min(limits.max_connections, room))
