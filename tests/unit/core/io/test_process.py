"""Processes of shell steps: nothing of them outlives its time limit, its cancel, or its worker."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from core.clock import elapsed
from core.io.attempts import CancelToken
from core.io.process import Command, ProcessResult, ProcessRunner

RUNNER = ProcessRunner("/usr/bin:/bin")
GENEROUS = timedelta(seconds=20)


def run(
    *argv: str, limit: timedelta = GENEROUS, stop: threading.Event | None = None, **values: object
) -> ProcessResult:
    command = Command(argv, **values)  # type: ignore[arg-type]  # what the test says
    return RUNNER.run(command, limit, stop or threading.Event())


def shell(script: str, **values: object) -> ProcessResult:
    return run("sh", "-c", script, **values)  # type: ignore[arg-type]  # what the test says


def is_alive(pid: int) -> bool:
    """A zombie does not count."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = (
        time.monotonic() + 60
    )  # a machine that is busy with other tests starts an interpreter in many seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def pids_in(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def test_a_command_gives_its_output_and_its_exit_code() -> None:
    result = shell("echo out; echo err >&2; exit 3")
    assert result == ProcessResult(3, "out\n", "err\n", "exit")


def test_arguments_are_never_read_by_a_shell() -> None:
    assert run("echo", "$HOME; `id`", "a  b").stdout == "$HOME; `id` a  b\n"


def test_what_a_command_is_given_on_stdin_arrives_whole() -> None:
    assert run("wc", "-c", stdin=b"x" * 300_000).stdout.strip() == "300000"


def test_a_command_that_does_not_read_its_stdin_ends_all_the_same() -> None:
    assert run("true", stdin=b"x" * 3_000_000).exit_code == 0


def test_nothing_of_the_workers_environment_leaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_SECRET_TOKEN", "correct-horse")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    lines = run("env", environment={"RUNBOOK_STEP_KEY": "rbx_1.verify"}).stdout.splitlines()
    assert set(lines) - {"LC_CTYPE=C.UTF-8"} == {"PATH=/usr/bin:/bin", "RUNBOOK_STEP_KEY=rbx_1.verify"}


def test_no_descriptor_of_the_worker_leaks() -> None:
    with Path("/dev/null").open() as held:
        os.set_inheritable(held.fileno(), True)
        listed = run("ls", "/proc/self/fd").stdout.split()
    assert set(listed) <= {"0", "1", "2", "3"}  # 3 is the directory that ls reads


def test_a_command_runs_where_it_is_told_to(tmp_path: Path) -> None:
    assert run("pwd", directory=str(tmp_path)).stdout == f"{tmp_path}\n"


def test_a_directory_that_is_not_there_is_an_error_and_leaks_nothing(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(FileNotFoundError):
            run("pwd", directory=str(tmp_path / "missing"))
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_a_program_that_is_not_there_has_exit_code_127_and_a_sentence() -> None:
    result = run("no-such-program", "x")
    assert (result.exit_code, result.ended) == (127, "exit")
    assert "no-such-program: No such file or directory" in result.stderr


def test_a_program_that_is_killed_has_128_and_its_signal() -> None:
    assert shell("kill -TERM $$").exit_code == 128 + signal.SIGTERM


def test_a_command_ends_quietly_when_nobody_reads_it() -> None:
    assert shell("yes | head -1").stderr == ""


def test_output_of_any_size_and_content_is_bounded_text() -> None:
    result = shell(r"head -c 30000000 /dev/zero; printf 'end \377\000'")
    assert result.exit_code == 0
    assert len(result.stdout) < 40_000
    assert result.stdout.endswith("end ��")
    assert "\0" not in result.stdout


def test_a_gigabyte_of_output_takes_no_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = shell("head -c 1000000000 /dev/zero; echo the end")
    assert result.exit_code == 0
    assert "bytes left out" in result.stdout
    assert result.stdout.endswith("the end\n")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes


def test_the_deadline_ends_a_command_and_all_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    began = time.monotonic()
    result = shell(
        f"setsid sleep 1000 & echo $! >> {pids}; (setsid sh -c 'echo $$ >> {pids}; sleep 1000' &) ; sleep 1000",
        limit=timedelta(seconds=1),
    )
    assert time.monotonic() - began < 6
    assert (result.ended, result.exit_code) == ("timeout", 128 + signal.SIGKILL)
    assert len(pids_in(pids)) == 2
    assert not any(map(is_alive, pids_in(pids)))


def test_a_command_that_ends_leaves_nothing_running_behind(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    result = shell(f"setsid sh -c 'echo $$ >> {pids}; sleep 1000' & while ! test -s {pids}; do :; done")
    assert (result.ended, result.exit_code) == ("exit", 0)
    assert len(pids_in(pids)) == 1
    assert not any(map(is_alive, pids_in(pids)))


def test_a_command_that_ignores_signals_is_ended_by_its_deadline() -> None:
    assert shell("trap '' TERM INT HUP; sleep 1000", limit=timedelta(seconds=0.5)).ended == "timeout"


def test_a_stop_ends_a_command_at_once(tmp_path: Path) -> None:
    stop, pids = threading.Event(), tmp_path / "pids"

    def stop_when_started() -> None:
        wait_until(lambda: bool(pids_in(pids)))
        stop.set()

    watcher = threading.Thread(target=stop_when_started)
    watcher.start()
    result = shell(f"echo $$ > {pids}; echo begun; sleep 1000", stop=stop)
    watcher.join()
    assert (result.ended, result.stdout) == ("stopped", "begun\n")
    assert not any(map(is_alive, pids_in(pids)))


def test_a_command_that_kills_its_guard_is_lost_and_ended(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    result = shell(f"echo $$ > {pids}; kill -9 $PPID; sleep 1000")
    assert result.ended == "lost"
    wait_until(lambda: not any(map(is_alive, pids_in(pids))))


def test_a_command_that_kills_its_guard_leaves_nothing_behind_that_left_its_session(tmp_path: Path) -> None:
    """The outer guard inherits the orphans of the inner one."""
    pids = tmp_path / "pids"
    result = shell(
        f"setsid sh -c 'echo $$ >> {pids}; sleep 1000' & while ! test -s {pids}; do :; done; kill -9 $PPID; sleep 1000"
    )
    assert result.ended == "lost"
    assert len(pids_in(pids)) == 1
    assert not any(map(is_alive, pids_in(pids)))


def guards_of(pid: int) -> tuple[int, int]:
    """The inner and the outer guard of a command."""
    inner = parent_of(pid)
    return inner, parent_of(inner)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def strike_guard(pids: Path, which: int, number: int) -> threading.Thread:
    def strike() -> None:
        wait_until(lambda: len(pids_in(pids)) == 2)
        os.kill(guards_of(pids_in(pids)[0])[which], number)

    thread = threading.Thread(target=strike)
    thread.start()
    return thread


LEAVES = "echo $$ >> {pids}; setsid sh -c 'echo $$ >> {pids}; sleep 1000' & wait"


@pytest.mark.parametrize("which", [0, 1], ids=["inner", "outer"])
def test_whichever_guard_is_killed_the_other_one_cleans_up(tmp_path: Path, which: int) -> None:
    pids = tmp_path / "pids"
    thread = strike_guard(pids, which, signal.SIGKILL)
    assert shell(LEAVES.format(pids=pids)).ended == "lost"
    thread.join()
    wait_until(lambda: not any(map(is_alive, pids_in(pids))))


def test_a_guard_that_was_stopped_is_no_way_out(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    thread = strike_guard(pids, 0, signal.SIGSTOP)
    assert shell(LEAVES.format(pids=pids), limit=timedelta(seconds=2)).ended == "timeout"
    thread.join()
    assert not any(map(is_alive, pids_in(pids)))


# The lease -----------------------------------------------------------------------------------------


def held(seconds: float) -> CancelToken:
    cancel_token = CancelToken()
    cancel_token.held_until = elapsed() + seconds
    return cancel_token


def test_a_command_ends_when_its_lease_is_over() -> None:
    result = shell("sleep 1000", stop=held(1))
    assert result.ended == "lease lost"


def test_a_lease_that_is_kept_keeps_the_command(tmp_path: Path) -> None:
    cancel_token, over = held(1.5), threading.Event()

    def keep() -> None:
        while not over.wait(0.2):
            cancel_token.held_until = elapsed() + 1.5

    thread = threading.Thread(target=keep)
    thread.start()
    result = shell("sleep 3; echo done", stop=cancel_token)
    over.set()
    thread.join()
    assert (result.ended, result.stdout) == ("exit", "done\n")


ASLEEP = """
import sys
from datetime import timedelta
from core.clock import elapsed
from core.io.attempts import CancelToken
from core.io.process import Command, ProcessRunner

cancel_token = CancelToken()
cancel_token.held_until = elapsed() + 3
script = f"setsid sh -c 'echo $$ >> {sys.argv[1]}; sleep 1000' & echo $$ >> {sys.argv[1]}; sleep 1000"
ProcessRunner("/usr/bin:/bin").run(Command(["sh", "-c", script]), timedelta(hours=1), cancel_token)
"""


def test_the_command_of_a_worker_that_is_stopped_ends_with_its_lease(tmp_path: Path) -> None:
    """By then another worker has the lease and may start the same step."""
    pids = tmp_path / "pids"
    with subprocess.Popen([sys.executable, "-c", ASLEEP, str(pids)]) as worker:
        wait_until(lambda: len(pids_in(pids)) == 2)
        worker.send_signal(signal.SIGSTOP)
        try:
            wait_until(lambda: not any(map(is_alive, pids_in(pids))))
        finally:
            worker.kill()


WORKER = """
import sys, threading
from datetime import timedelta
from core.io.attempts import CancelToken
from core.io.process import Command, ProcessRunner

script = f"setsid sh -c 'echo $$ >> {sys.argv[1]}; sleep 1000' & echo $$ >> {sys.argv[1]}; sleep 1000"
ProcessRunner("/usr/bin:/bin").run(Command(["sh", "-c", script]), timedelta(hours=1), threading.Event())
"""


def test_a_worker_that_is_killed_takes_its_command_with_it(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with subprocess.Popen([sys.executable, "-c", WORKER, str(pids)]) as worker:
        try:
            wait_until(lambda: len(pids_in(pids)) == 2)
            assert all(map(is_alive, pids_in(pids)))
        finally:
            worker.kill()
    wait_until(lambda: not any(map(is_alive, pids_in(pids))))


@pytest.mark.parametrize(
    ("script", "left"),
    [
        ("setsid nohup sleep 71 >/dev/null 2>&1 & sleep 0.3; echo started", ("sleep",)),
        ("sleep 71 >/dev/null 2>&1 & sleep 72 >/dev/null 2>&1 & sleep 0.3; echo started", ("sleep", "sleep")),
        ("(setsid sh -c 'sleep 71; true' >/dev/null 2>&1 &) ; sleep 0.3; echo started", ("sh", "sleep")),
        ("sleep 0.01 & wait; echo started", ()),
        ("(true &) ; sleep 0.2; echo started", ()),
        ("echo started", ()),
    ],
)
def test_what_it_left_running_is_named(script: str, left: tuple[str, ...]) -> None:
    runner = ProcessRunner(os.environ["PATH"])
    result = runner.run(Command(["sh", "-c", script]), timedelta(seconds=30), threading.Event())
    assert (result.stdout, result.ended, tuple(sorted(result.left))) == ("started\n", "exit", left)


def test_a_command_that_was_stopped_left_nothing_of_its_own_accord() -> None:
    runner = ProcessRunner(os.environ["PATH"])
    result = runner.run(Command(["sh", "-c", "sleep 71 & wait"]), timedelta(seconds=0.5), threading.Event())
    assert (result.ended, result.left) == ("timeout", ())
