import socket
import statistics
import time

import httpx2
import pytest

from slack_sandbox.serving import RunningSandbox, listen
from tests.integration.slack_sandbox.apps import APP


def test_a_port_in_use_is_refused() -> None:
    listener, origin = listen(0)
    with listener, pytest.raises(OSError, match="in use"):
        listen(int(origin.rpartition(":")[2]))


def test_small_answers_do_not_wait_for_a_delayed_acknowledgement(slack: RunningSandbox) -> None:
    """Linux delays a TCP acknowledgement by 40 ms, which every answer would wait for without TCP_NODELAY."""
    headers = {"Authorization": f"Bearer {APP.bot_token}"}
    with httpx2.Client(headers=headers, trust_env=False) as client:
        taken = []
        for _ in range(15):
            begun = time.monotonic()
            client.post(f"{slack.api_url}auth.test", json={})
            taken.append(time.monotonic() - begun)
    assert statistics.median(taken) < 0.030


def test_a_socket_that_listens_names_its_protocol() -> None:
    listener, _ = listen(0)
    with listener:
        assert listener.proto == socket.IPPROTO_TCP
