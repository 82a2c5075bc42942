"""What the bench does to a process that runs its program, and to those that this one starts."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos import armed
from chaos.armed import KILL_AT, KILL_ONCE, WITHOUT, PlannedFaults
from cli import supervisor
from core import fault_injection
from core.fault_injection import fail_point, is_disabled


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The signals that this process would have sent to itself."""
    sent: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append(number) if pid == os.getpid() else None)
    return sent


@pytest.fixture(autouse=True)
def disarmed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(supervisor, "PROGRAM", supervisor.PROGRAM)
    yield
    fault_injection.branch(None)


def test_nothing_happens_in_a_process_that_nobody_armed(
    monkeypatch: pytest.MonkeyPatch, killed: list[int]
) -> None:
    monkeypatch.setenv(KILL_AT, "a.point")
    monkeypatch.setenv(WITHOUT, "fencing")
    fail_point("a.point")
    assert not killed
    assert not is_disabled("fencing")


def test_it_dies_the_nth_time_at_the_point_and_only_then(killed: list[int]) -> None:
    fault_injection.branch(PlannedFaults.read({KILL_AT: "a.point:2"}))
    for point in ("a.point", "another.point"):
        fail_point(point)
    assert not killed
    for _ in range(2):
        fail_point("a.point")
    assert killed == [signal.SIGKILL]


def test_of_several_processes_only_one_dies(killed: list[int], tmp_path: Path) -> None:
    for _ in range(2):
        fault_injection.branch(PlannedFaults.read({KILL_AT: "a.point", KILL_ONCE: str(tmp_path / "once")}))
        fail_point("a.point")
    assert killed == [signal.SIGKILL]


def test_guards_are_switched_off_by_name() -> None:
    fault_injection.branch(PlannedFaults.read({WITHOUT: "fencing,sweep"}))
    assert is_disabled("fencing")
    assert is_disabled("sweep")
    assert not is_disabled("heartbeat")


def test_the_processes_that_it_starts_run_the_same_program(monkeypatch: pytest.MonkeyPatch) -> None:
    assert supervisor.command("worker-1", ["worker"], {}).module == "cli"
    monkeypatch.setenv(WITHOUT, "fencing")
    monkeypatch.setattr(armed, "runbook", lambda: None)
    armed.main()
    assert is_disabled("fencing")
    assert supervisor.command("worker-1", ["worker"], {}).module == "chaos.armed"
