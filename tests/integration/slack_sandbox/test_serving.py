import socket

import pytest

from slack_sandbox.serving import listen


def test_a_port_in_use_is_refused() -> None:
    listener, origin = listen(0)
    with listener, pytest.raises(OSError, match="in use"):
        listen(int(origin.rpartition(":")[2]))


def test_answers_are_sent_without_nagles_delay() -> None:
    """asyncio sets TCP_NODELAY only on a socket that names its protocol; without it an answer takes 40 ms."""
    listener, _ = listen(0)
    with listener:
        assert listener.proto == socket.IPPROTO_TCP
