"""One attempt at something outside: its deadline, how it is stopped, and what may have happened.

What a step outside is held by: it is told to stop, and it knows how long its worker surely has the lease.

One HTTP call under way: whether its request has left, and how it is broken off wherever it is.
"""

import math
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.clock import elapsed


class CancelToken(threading.Event):
    """Set when the step should stop.

    `held_until`, of core.clock.elapsed: until then nobody else runs this step, unless somebody says more by then.
    """

    held_until = math.inf


def held_until(stop: threading.Event) -> float:
    """For ever, where nobody holds it."""
    return stop.held_until if isinstance(stop, CancelToken) else math.inf


CONNECTS, CONNECTED = "connection.connect_tcp.started", "connection.connect_tcp.complete"
LEAVES = "http11.send_request_headers.started"
TOO_LATE = "It was not sent: its worker was away for so long that another one may have the run."


class BrokenOff(Exception):
    """Nobody waits for the call any more, and it is not to leave."""


@dataclass(frozen=True)
class Deadline:
    """A moment of the monotonic clock, for what several calls may take together."""

    at: float

    @classmethod
    def after(cls, limit: timedelta) -> "Deadline":
        return cls(time.monotonic() + limit.total_seconds())

    def left(self) -> timedelta:
        """How long it is until then; zero when it is over."""
        return timedelta(seconds=max(0.0, self.at - time.monotonic()))


class Attempt:
    """`trace` is what httpcore calls (https://www.encode.io/httpcore/extensions/#trace) from the thread of the call.

    A request that was broken off before it left does not leave. One that has left loses its connection, also in the
    middle of a handshake, of headers or of a body: no limit for each read would end those. None leaves after
    `held_until`, of core.clock.elapsed: whoever slept through their lease calls nobody as they wake up.
    """

    def __init__(self, held_until: Callable[[], float] = lambda: math.inf) -> None:
        self._held_until = held_until
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_broken_off = False
        self.has_left = False

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Raises BrokenOff."""
        with self._lock:
            if event == CONNECTED:
                # a duplicate, for TLS takes the descriptor out of the socket that we are shown
                self._socket = info["return_value"].get_extra_info("socket").dup()
                self._close_if_broken_off()
            if event in (CONNECTS, LEAVES) and self._is_broken_off:
                raise BrokenOff
            if event in (CONNECTS, LEAVES) and elapsed() >= self._held_until():
                raise BrokenOff(TOO_LATE)
            self.has_left = self.has_left or event == LEAVES

    def break_off(self) -> bool:
        """Let it go no further. Answers whether the request had left."""
        with self._lock:
            self._is_broken_off = True
            self._close_if_broken_off()
            return self.has_left

    def _close_if_broken_off(self) -> None:
        """For both ends: our thread that reads or writes is woken by it."""
        if self._is_broken_off and self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """The call is over."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None
