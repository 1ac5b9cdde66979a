"""Addresses to serve at."""

from __future__ import annotations

import pytest

from distilgliner.errors import UserError
from distilgliner.serve.run import format_address, is_loopback, open_socket


def test_a_free_port_of_this_machine() -> None:
    with open_socket("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        assert format_address(bound) == f"http://127.0.0.1:{port}"
        assert is_loopback(bound)
        with pytest.raises(UserError, match=rf"127\.0\.0\.1:{port} cannot be used .*--port"):
            open_socket("127.0.0.1", port)


def test_all_addresses_are_no_loopback() -> None:
    with open_socket("0.0.0.0", 0) as bound:
        assert not is_loopback(bound)


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(UserError, match="--host no address is no address of this machine"):
        open_socket("no address", 0)
