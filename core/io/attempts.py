"""One attempt at an outside call: its cancel token, its deadline, and how it is aborted.

An aborted attempt knows whether its request had left, and so whether it may have happened.
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

    `held_until`, of core.clock.elapsed: until then, the lease guarantees that no other worker runs this step. It is
    extended when the lease is renewed.
    """

    held_until = math.inf


def held_until(stop: threading.Event) -> float:
    """Return until when the lease is held; infinity without a lease."""
    return stop.held_until if isinstance(stop, CancelToken) else math.inf


def why_to_end(stop: threading.Event, deadline: float) -> str | None:
    """Return why a call should end now: `stopped`, `timeout` or `lease lost`; None if it may continue.

    `deadline`: of core.clock.elapsed.
    """
    now = elapsed()
    if stop.is_set():
        return "stopped"
    if now >= deadline:
        return "timeout"
    return "lease lost" if now >= held_until(stop) else None


CONNECTS, CONNECTED = "connection.connect_tcp.started", "connection.connect_tcp.complete"
LEAVES = "http11.send_request_headers.started"
TOO_LATE = "The request was not sent: its worker was paused for so long that another worker may have the run."


class BrokenOff(Exception):
    """The call was aborted before its request left."""


@dataclass(frozen=True)
class Deadline:
    """A moment of the monotonic clock: the limit for several calls together."""

    at: float

    @classmethod
    def after(cls, limit: timedelta) -> "Deadline":
        return cls(time.monotonic() + limit.total_seconds())

    def left(self) -> timedelta:
        """Return the time until then; zero when it is over."""
        return timedelta(seconds=max(0.0, self.at - time.monotonic()))


class Attempt:
    """An HTTP call that can be aborted from another thread.

    `trace` is called by httpcore (https://www.encode.io/httpcore/extensions/#trace) on the thread of the call. A
    request that is aborted before it left does not leave. One that has left loses its connection, even in the middle of
    a handshake, headers or a body, which no limit on single reads would end. No request leaves after `held_until` (of
    core.clock.elapsed): a worker that was suspended beyond its lease sends nothing when it resumes.
    """

    def __init__(self, held_until: Callable[[], float] = lambda: math.inf) -> None:
        self._held_until = held_until
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_broken_off = False
        self.has_left = False

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Follow the progress of the call. Raises BrokenOff before a request that must not leave."""
        with self._lock:
            if event == CONNECTED:
                # a duplicate, because TLS takes the descriptor out of this socket
                self._socket = info["return_value"].get_extra_info("socket").dup()
                self._close_if_broken_off()
            if event in (CONNECTS, LEAVES) and self._is_broken_off:
                raise BrokenOff
            if event in (CONNECTS, LEAVES) and elapsed() >= self._held_until():
                raise BrokenOff(TOO_LATE)
            self.has_left = self.has_left or event == LEAVES

    def break_off(self) -> bool:
        """Abort the call. Returns whether the request had left."""
        with self._lock:
            self._is_broken_off = True
            self._close_if_broken_off()
            return self.has_left

    def _close_if_broken_off(self) -> None:
        """Shut the socket down in both directions, which wakes the thread that is reading or writing."""
        if self._is_broken_off and self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Release the socket after the call has ended."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None
