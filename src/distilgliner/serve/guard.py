"""What is checked before a request is read: whom it is addressed to, who sends it, what it is."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import Response

from distilgliner.serve.refusal import Refusal, build_error

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("uvicorn.error")
_SECURITY_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


@dataclass(frozen=True)
class Hosts:
    """The names by which the server may be addressed (the header `Host`).

    A page of another site can have its own name point to this machine (DNS rebinding); the browser
    then sends that name, which is none of these.
    """

    bound: str = "127.0.0.1"
    """The address that the server listens on; of one that is all addresses, any number is right."""
    allowed: frozenset[str] = frozenset()
    """More names, in lower case; "*" allows any."""

    def allow(self, host: str) -> bool:
        """Whether a request may be addressed to `host`, which may have a port."""
        name = _drop_port(host)
        if "*" in self.allowed or name in self.allowed or name == "localhost":
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        bound = ip_address(self.bound)
        return address.is_loopback or address == bound or bound.is_unspecified

    def allow_origin(self, origin: str, host: str) -> bool:
        """Whether a page of `origin` may send a request to `host`: only one that came from here."""
        scheme, _, place = origin.lower().partition("://")
        if scheme not in ("http", "https"):
            return False
        return place == host.lower() or _drop_port(place) in self.allowed - {"*"}


def build_hosts(bound: str, names: Iterable[str]) -> Hosts:
    """The hosts of a server that listens on `bound`, with the names that the user allows."""
    return Hosts(bound, frozenset(_drop_port(name) for name in names))


def _drop_port(host: str) -> str:
    """The name in a `Host` header, in lower case, without brackets and the dot of a full name."""
    host = host.strip().lower()
    if host.startswith("["):
        name, _, rest = host[1:].partition("]")
        return name if re.fullmatch(r"(:\d*)?", rest) and host != f"[{name}" else host
    name, colon, port = host.rpartition(":")
    if colon and ":" not in name and port.isdigit():
        host = name
    return host.rstrip(".")


class GuardedApp:
    """An ASGI app that sees only requests that are meant for it; all answers have safe headers.

    methods: the methods of each path that there is. A path may end with a slash.
    """

    def __init__(self, app: ASGIApp, methods: Mapping[str, tuple[str, ...]], hosts: Hosts) -> None:
        self.app = app
        self.methods = methods
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a fault of the app is an error like any other."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_started = False

        async def send_safely(message: Message) -> None:
            nonlocal is_started
            if message["type"] == "http.response.start":
                is_started = True
                message = {**message, "headers": [*message["headers"], *_SECURITY_HEADERS]}
            await send(message)

        path = scope["path"]
        if path not in self.methods and path.rstrip("/") in self.methods:
            scope = {**scope, "path": path.rstrip("/"), "raw_path": path.rstrip("/").encode()}
        try:
            self._check(scope)
            await self.app(scope, receive, send_safely)
        except Refusal as refusal:
            # What is left of the body would be taken for the next request.
            headers = {"Connection": "close", **(refusal.headers or {})}
            response = Response(refusal.body, refusal.status_code, headers, "application/json")
            await response(scope, receive, send_safely)
        except Exception as error:
            logger.error("A request failed (%s).", type(error).__name__)
            if not is_started:
                body = build_error("The server failed on this request; its log says more.")
                await Response(body, 500, media_type="application/json")(
                    scope, receive, send_safely
                )

    def _check(self, scope: Scope) -> None:
        """Raise `Refusal` for a request that is not answered, whatever its body."""
        headers, method = Headers(scope=scope), scope["method"]
        host = headers.get("host")
        # A browser always sends one; what speaks HTTP/1.0 may not.
        if host is not None and not self.hosts.allow(host):
            raise Refusal(
                403,
                "This server does not answer to the name in the header Host; start it with "
                "--allow-host and that name, if it is one of its own.",
            )
        known = self.methods.get(scope["path"])
        if known is None:
            raise Refusal(404, "There is nothing at this path; questions go to /gliner.")
        if method not in known:
            allowed = ", ".join(known)
            error = f"This path takes {' and '.join(known)} only."
            raise Refusal(405, error, {"Allow": allowed})
        if method == "POST":
            self._check_post(headers, host or "")

    def _check_post(self, headers: Headers, host: str) -> None:
        origin = headers.get("origin")
        if origin is not None and not self.hosts.allow_origin(origin, host):
            raise Refusal(403, "A page of another site may not ask here (the header Origin).")
        kind, _, options = headers.get("content-type", "").lower().partition(";")
        charset = options.partition("charset=")[2].strip(' "') or "utf-8"
        if kind.strip() != "application/json" or charset not in ("utf-8", "utf8"):
            raise Refusal(415, "Send JSON in UTF-8, with Content-Type: application/json.")
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", ""):
            raise Refusal(415, "A compressed body is not read here; send it as it is.")
