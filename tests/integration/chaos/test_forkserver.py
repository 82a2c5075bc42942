"""Processes that are forked, and how their ends are told."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from chaos.forkserver_client import Child, Forkserver
from chaos.strikes import clock_jump
from cli.embedded import Services

SECONDS = 30.0


@pytest.fixture(scope="module")
def forkserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forkserver]:
    running = Forkserver(tmp_path_factory.mktemp("forkserver") / "log", {})
    yield running
    running.close()


def environment(database_url: str, redis_url: str) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "REDIS_URL": redis_url}


def test_a_process_has_its_own_environment_session_and_log(
    forkserver: Forkserver, tmp_path: Path, database_url: str, services: Services
) -> None:
    child = forkserver.begin(["clock"], environment(database_url, services.redis_url), tmp_path / "clock.log")
    deadline = time.monotonic() + SECONDS
    while os.getsid(child.pid) != child.pid:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not child.wait(0.5)
    child.send(signal.SIGKILL)
    assert child.wait(SECONDS)
    assert child.status == -signal.SIGKILL


def test_one_that_cannot_start_says_why_in_its_log(forkserver: Forkserver, tmp_path: Path) -> None:
    child = forkserver.begin(
        ["poster"], {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}, tmp_path / "poster.log"
    )
    child.wait(SECONDS)
    assert child.status == 1
    assert "SLACK_BOT_TOKEN" in (tmp_path / "poster.log").read_text()


def test_processes_die_with_their_forkserver(tmp_path: Path, database_url: str, services: Services) -> None:
    forkserver = Forkserver(tmp_path / "forkserver.log", {})
    child = forkserver.begin(["clock"], environment(database_url, services.redis_url), tmp_path / "clock.log")
    assert not child.wait(0.5)
    forkserver.close()
    assert child.wait(SECONDS)
    deadline = time.monotonic() + SECONDS
    while Path(f"/proc/{child.pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.skipif(clock_jump.missing() is not None, reason="libfaketime is not installed")
def test_the_wall_clock_of_a_process_jumps_when_the_file_says_so(tmp_path: Path) -> None:
    file = tmp_path / "faketime"
    file.write_text("-600")
    faked = clock_jump.environment(file)
    forkserver = Forkserver(tmp_path / "forkserver.log", faked)
    begun = time.time()
    log = tmp_path / "clock.log"
    child = forkserver.begin(
        ["clock"],
        faked | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x", "REDIS_URL": "redis://x"},
        log,
    )
    while "waiting for the database" not in (log.read_text() if log.exists() else ""):
        assert time.time() < begun + SECONDS
        time.sleep(0.1)
    child.send(signal.SIGKILL)
    forkserver.close()
    said = log.read_text().split()[0]
    assert abs(datetime.fromisoformat(said).timestamp() - (begun - 600)) < SECONDS


def test_a_signal_to_one_whose_end_was_not_heard_of_yet_does_nothing() -> None:
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    Child(ended.pid).send(signal.SIGKILL)
