"""Serve an application at an address until it is stopped."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

import uvicorn

from distilgliner.errors import UserError

if TYPE_CHECKING:
    from distilgliner.serve.limits import LimitedApp

_GRACE_SECONDS = 5
"""For answers under way when the server is told to stop."""
_CONNECTIONS = 1000
"""At once, those that say nothing included; one more is answered 503."""


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


def run_server(app: LimitedApp, bound: socket.socket) -> None:
    """Answer at the socket until Ctrl-C or SIGTERM; answers under way have a few seconds more."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[bound])
