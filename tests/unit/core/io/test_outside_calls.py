"""Calls through libraries that block: what is known of one that was ended."""

import threading
import time
from datetime import timedelta

import pytest

from core.io.attempts import CancelToken
from core.io.http import NoAnswer, NotSent
from core.io.outside_calls import OutsideCall, call_outside

LONG = timedelta(seconds=20)


def test_the_result_is_that_of_the_work() -> None:
    assert call_outside(lambda _: 7, LONG, threading.Event(), "x") == 7


def test_a_call_that_has_not_left_is_closed_and_has_certainly_not_happened() -> None:
    closed, stop = threading.Event(), threading.Event()

    def work(call: OutsideCall) -> None:
        call.opened(closed.set)
        stop.set()
        closed.wait(20)
        call.leave()

    with pytest.raises(NotSent, match="Nothing was sent: stopped"):
        call_outside(work, LONG, stop, "x")
    assert closed.is_set()


def test_what_is_opened_too_late_is_closed_at_once() -> None:
    call, closed = OutsideCall(), list[str]()
    call.end("timeout")
    with pytest.raises(NotSent, match="timeout"):
        call.opened(lambda: closed.append("closed"))
    assert closed == ["closed"]


def test_a_call_that_has_left_is_asked_to_end_and_says_what_became_of_it() -> None:
    ended = threading.Event()

    def work(call: OutsideCall) -> str:
        call.ends_by(ended.set)
        call.leave()
        ended.wait(20)
        return str(call.why)

    assert call_outside(work, timedelta(milliseconds=10), threading.Event(), "x") == "timeout"


def test_a_call_that_does_not_end_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.io.outside_calls.GRACE_SECONDS", 0.01)
    monkeypatch.setattr("core.io.outside_calls.CLOSE_SECONDS", 0.01)
    over = threading.Event()

    def work(call: OutsideCall) -> None:
        call.leave()
        over.wait(20)

    with pytest.raises(NoAnswer, match="has not confirmed it"):
        call_outside(work, timedelta(milliseconds=10), threading.Event(), "x")
    over.set()


def test_an_error_that_nobody_foresaw_is_told_without_its_text() -> None:
    def work(call: OutsideCall, *, leaves: bool) -> None:
        if leaves:
            call.leave()
        raise KeyError("hush")

    with pytest.raises(NotSent) as before:
        call_outside(lambda call: work(call, leaves=False), LONG, threading.Event(), "x")
    with pytest.raises(NoAnswer) as after:
        call_outside(lambda call: work(call, leaves=True), LONG, threading.Event(), "x")
    assert "hush" not in f"{before.value} {after.value}"


def test_a_call_does_not_leave_after_its_lease() -> None:
    """Its worker was suspended, and woke up before the thread that watches it."""
    held = [1e12]
    call = OutsideCall(lambda: held[0])
    held[0] = 0.0
    with pytest.raises(NotSent, match="another worker may have the run"):
        call.leave()
    assert call.why_to_end() == "lease lost"


def test_a_lease_that_ends_ends_the_call() -> None:
    token = CancelToken()
    token.held_until = time.clock_gettime(time.CLOCK_BOOTTIME) + 0.05

    def work(call: OutsideCall) -> str:
        call.leave()
        while call.why is None:
            time.sleep(0.01)
        return call.why

    assert call_outside(work, LONG, token, "x") == "lease lost"
