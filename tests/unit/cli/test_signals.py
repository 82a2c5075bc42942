"""SIGTERM while a process starts: it may come within anybody's code."""

import os
import signal
import weakref
from collections.abc import Iterator
from contextlib import suppress

import pytest

from cli.processes import leaving_on_signal, stopping

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Those of the tests are in force again afterwards."""
    before = [signal.getsignal(number) for number in SIGNALS]
    yield
    for number, handler in zip(SIGNALS, before, strict=True):
        signal.signal(number, handler)


def a_library_that_wraps() -> None:
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except SystemExit as left:
        raise ValueError("Error building a validator: SystemExit: 0") from left


@pytest.mark.parametrize("number", SIGNALS)
def test_it_ends_the_process_with_status_0(number: signal.Signals) -> None:
    with pytest.raises(SystemExit) as ended, leaving_on_signal():
        os.kill(os.getpid(), number)
    assert ended.value.code == 0


def test_a_library_that_makes_an_error_of_the_exit_changes_nothing() -> None:
    with pytest.raises(SystemExit) as ended, leaving_on_signal():
        a_library_that_wraps()
    assert ended.value.code == 0


def test_a_library_that_drops_the_exit_leaves_a_trace() -> None:
    with leaving_on_signal() as leaving:
        with suppress(SystemExit):
            os.kill(os.getpid(), signal.SIGTERM)
        assert leaving.is_set()


def test_an_error_without_a_signal_stays_an_error() -> None:
    with pytest.raises(ValueError, match="a mistake"), leaving_on_signal():
        raise ValueError("a mistake")


def test_an_exit_that_a_library_drops_is_made_up_for_when_the_process_begins_its_work() -> None:
    """Python drops an exception in a callback of C code ("Exception ignored in …"): `web` then served for ever."""

    def a_process() -> None:
        with leaving_on_signal():
            with suppress(SystemExit):
                os.kill(os.getpid(), signal.SIGTERM)
            stopping()

    with pytest.raises(SystemExit) as ended:
        a_process()
    assert ended.value.code == 0


def test_without_a_signal_the_work_begins() -> None:
    with leaving_on_signal():
        stop = stopping()
    assert not stop.is_set()


def test_an_exit_that_python_drops_is_not_told_as_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    """It would be a traceback in the log of a process that ended in order."""

    class Watched:
        """Its end is called back by Python itself, which drops what the callback raises."""

    def a_process() -> None:
        with leaving_on_signal():
            watched = Watched()
            kept = weakref.ref(watched, lambda _: os.kill(os.getpid(), signal.SIGTERM))
            del watched
            assert kept() is None
            stopping()

    with pytest.raises(SystemExit):
        a_process()
    assert capsys.readouterr().err == ""
