"""Who starts a server, who reuses it, and when neither is right."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cli.embedded import EmbeddedServiceError, sharing
from cli.embedded.files import Files, State, locked, read_state, try_lock, write_state
from cli.embedded.launcher import Address
from cli.embedded.privileges import our_identity
from cli.embedded.process import LAUNCHER, Child, Command
from cli.embedded.sharing import Started, running
from tests.integration.cli.processes import eventually

SLEEP = shutil.which("sleep") or "sleep"
ADDRESS = "sleep://here"


class Sleep:
    """A server that answers at once, and lives until it is stopped."""

    title = "Sleep"
    setting = "SLEEP_URL"

    def __init__(self) -> None:
        self.starts = 0

    def start(self, files: Files, lock: int) -> Started:
        self.starts += 1
        command = Command([SLEEP, "60"], our_identity(), files.home, files.log, signal.SIGTERM, lock)
        return Started(Child(command), Address(None), ADDRESS)

    def refusal(self, url: str) -> str | None:
        return None if url == ADDRESS else "wrong address"

    def prepare(self, files: Files, url: str) -> None:
        pass

    def stop(self, child: Child) -> None:
        child.stop([signal.SIGTERM], patience=10)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path, "sleep")


@pytest.fixture
def gone() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([SLEEP, "0"]) as process:
        pass
    return process.pid


def test_the_first_starts_the_server_and_the_second_reuses_it(files: Files) -> None:
    server = Sleep()
    with running(server, files), running(server, files) as second:
        assert (second, server.starts) == (ADDRESS, 1)


def test_many_at_once_start_one_server(files: Files) -> None:
    server, everybody = Sleep(), threading.Barrier(5)

    def use() -> None:
        with running(server, files):
            everybody.wait(timeout=30)  # nobody leaves before all have come

    threads = [threading.Thread(target=use) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.starts == 1
    assert not everybody.broken


def test_after_the_owner_has_left_the_next_one_starts_it_again(files: Files) -> None:
    server = Sleep()
    for _ in range(2):
        with running(server, files):
            pass
    assert server.starts == 2


def test_a_server_whose_owner_is_gone_is_not_reused_though_it_still_answers(
    files: Files, gone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "LEAVE_SECONDS", 0.2)
    lock = try_lock(files.server_lock)
    assert lock is not None
    write_state(files.state, State(pid=os.getpid(), owner=gone, url=ADDRESS))
    with (
        pytest.raises(EmbeddedServiceError, match="that does not answer is still running"),
        running(Sleep(), files),
    ):
        pass
    os.close(lock)
    with running(Sleep(), files) as url:
        assert url == ADDRESS


def test_a_server_that_does_not_answer_is_not_reused(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "LEAVE_SECONDS", 0.2)
    with running(Sleep(), files):
        write_state(files.state, State(pid=os.getpid(), owner=os.getpid(), url="sleep://elsewhere"))
        with pytest.raises(EmbeddedServiceError, match="does not answer"), running(Sleep(), files):
            pass


def test_a_server_that_cannot_be_prepared_is_stopped(files: Files) -> None:
    class Unprepared(Sleep):
        def prepare(self, files: Files, url: str) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), running(Unprepared(), files):
        pass
    lock = try_lock(files.server_lock)
    assert lock is not None
    os.close(lock)
    assert read_state(files.state) is None


def test_a_start_that_takes_too_long_elsewhere_is_a_sentence(files: Files) -> None:
    with (
        locked(files.start_lock, patience=1),
        pytest.raises(EmbeddedServiceError, match="Another process has held"),
        locked(files.start_lock, patience=0.1),
    ):
        pass


def test_a_child_that_does_not_heed_its_signal_is_killed(files: Files) -> None:
    stubborn = [
        sys.executable,
        "-c",
        "import signal; signal.signal(15, signal.SIG_IGN); print(1, flush=True); signal.pause()",
    ]
    child = Child(Command(stubborn, our_identity(), files.home, files.log, signal.SIGTERM))
    assert eventually(lambda: files.log.read_text() == "1\n")
    child.stop([signal.SIGTERM], patience=0.2)
    assert child.exit_status() == -signal.SIGKILL


def test_a_child_whose_parent_died_before_it_was_ready_does_not_start(files: Files, gone: int) -> None:
    plan = {"parent": gone, "way": "keep", "uid": 0, "gid": 0, "folder": str(files.home), "death_signal": 15}
    command = [sys.executable, "-I", "-S", str(LAUNCHER), json.dumps(plan), shutil.which("touch"), "started"]
    result = subprocess.run([part for part in command if part], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "the process that started this server is gone" in result.stderr
    assert not (files.home / "started").exists()
