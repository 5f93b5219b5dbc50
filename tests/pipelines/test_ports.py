"""Ports: whether one is free, and who listens on it."""

import os
import socket
from pathlib import Path

import pytest

from pipelines.servers.ports import Holder, holder, refusal


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_one_that_is_listened_on_is_refused_and_its_holder_named(family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family) as server:
        try:
            server.bind((host, 0))
        except OSError:
            pytest.skip(f"this machine has no {host}")
        server.listen()
        port = server.getsockname()[1]
        assert refusal(host, port) == "Address already in use"
        found = holder(port)
        assert found == Holder(os.getpid(), found.name if found else "", Path.cwd())
    assert refusal(host, port) is None
    assert holder(port) is None


def test_a_host_that_is_not_this_machine_is_refused() -> None:
    assert refusal("192.0.2.1", 4200) == "Cannot assign requested address"
