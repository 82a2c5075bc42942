"""Calls to other machines through libraries that block: each on a thread of its own, which can be ended at any time.

Name resolution, handshakes and reads of such a library have no common deadline, and no way to cancel them. So the
thread that waits keeps the deadline; it ends a call by closing what the call has opened.
"""

import math
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

import structlog

from core.clock import elapsed
from core.errors import RunbookError
from core.io.attempts import TOO_LATE, held_until, why_to_end
from core.io.http import NoAnswer, NotSent

log = structlog.get_logger()

CONNECT_SECONDS = 10.0
WATCH_SECONDS = 0.05
GRACE_SECONDS = 6.0  # for ending what runs on the other machine, after the deadline or a cancel
CLOSE_SECONDS = 1.0  # for the call to notice that it was closed
Result = TypeVar("Result")


class Refused(NotSent):
    """Nothing happened, and another attempt would not help: the other side refused us, or we refused it."""


class OutsideCall:
    """One call. `has_left`: whether it may have had an effect. `why`: why it should end: `stopped`, `timeout` or `lease
    lost`; None while it may continue.
    """

    def __init__(self, held: Callable[[], float] = lambda: math.inf) -> None:
        self._held, self._lock = held, threading.Lock()
        self._closers: list[Callable[[], None]] = []
        self._ender: Callable[[], None] | None = None
        self.why: str | None = None
        self.has_left = False

    def opened(self, close: Callable[[], None]) -> None:
        """Register how to close what was opened. Raises NotSent if the call was ended meanwhile."""
        with self._lock:
            self._closers.append(close)
        self._refuse_if_ended()

    def ends_by(self, ender: Callable[[], None]) -> None:
        """Register what asks the other machine to end what has left. It is called on a thread of its own."""
        self._ender = ender

    def why_to_end(self) -> str | None:
        """Return `why`, or that the lease is over, which a worker that was suspended learns nowhere else."""
        return self.why or (None if elapsed() < self._held() else "lease lost")

    def leave(self) -> None:
        """Mark that it may have an effect from now on. Raises NotSent if it must not."""
        with self._lock:
            if self.why is None and elapsed() < self._held():
                self.has_left = True
        if not self.has_left:
            self._refuse_if_ended()
            raise NotSent(TOO_LATE)

    def end(self, why: str) -> bool:
        """Ask the call to end. One that has not left is closed at once. Returns whether it has left."""
        with self._lock:
            self.why = why
        if not self.has_left:
            self.close()
        elif self._ender is not None:
            threading.Thread(target=self._end_there, name="ender", daemon=True).start()
        return self.has_left

    def _end_there(self) -> None:
        assert self._ender is not None
        with suppress(Exception):  # the connection is closed next
            self._ender()

    def close(self) -> None:
        """Close everything that was opened, the latest first."""
        with self._lock:
            closers, self._closers = self._closers, []
        for close in reversed(closers):
            with suppress(Exception):
                close()

    def _refuse_if_ended(self) -> None:
        if self.why is not None:
            self.close()
            raise NotSent(f"Nothing was sent: {self.why}.")


def call_outside(
    work: Callable[[OutsideCall], Result], limit: timedelta, stop: threading.Event, name: str
) -> Result:
    """Return the result of `work`, within `limit` plus a grace period for ending what has left.

    `work` looks at `why` of its call and ends itself in time. `name`: of the thread. Raises what `work` raises; NotSent
    if it was ended before it left, and NoAnswer if it did not end within the grace period.
    """
    call, result, done = OutsideCall(lambda: held_until(stop)), Future[Result](), threading.Event()
    result.add_done_callback(lambda _: done.set())
    threading.Thread(target=_make, args=(work, call, result), name=name, daemon=True).start()
    deadline = elapsed() + limit.total_seconds()
    while not done.wait(WATCH_SECONDS):
        why = why_to_end(stop, deadline)
        if why is None:
            continue
        if not call.end(why):
            raise NotSent(f"Nothing was sent: {why}.")
        if not done.wait(GRACE_SECONDS):
            call.close()
        if not done.wait(CLOSE_SECONDS):
            raise NoAnswer(f"It was stopped ({why}), and the other side has not confirmed it.")
    return result.result()


def _make(work: Callable[[OutsideCall], Result], call: OutsideCall, result: "Future[Result]") -> None:
    """Do the work. Any exception is passed to the waiting caller, who would otherwise wait for nothing."""
    try:
        result.set_result(work(call))
    except BaseException as error:  # noqa: BLE001 as above
        result.set_exception(_known(error, call))
    finally:
        call.close()


def _known(error: BaseException, call: OutsideCall) -> BaseException:
    """Return the error for the caller. An unexpected one is only logged, since it may contain what was sent."""
    if isinstance(error, NotSent | NoAnswer | RunbookError):
        return error
    error_id = f"err_{secrets.token_hex(4)}"
    log.error("call failed unexpectedly", error_id=error_id, exc_info=error)
    reason = f"something went wrong on our side. An operator can find it in the log under {error_id}."
    return NoAnswer(f"No result: {reason}") if call.has_left else NotSent(f"Nothing was sent: {reason}")
