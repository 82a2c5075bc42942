"""What a process has that was forked, beside what a fresh interpreter would have: real processes, no servers."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 20.0  # seconds
CHILD = """
import json, os, pathlib, signal, sys, time
import told
from cli.environment import environment

told.report(
    is_forked=hasattr(sys, "marked"),
    arguments=sys.argv[1:],
    open=sorted(int(each.name) for each in pathlib.Path("/proc/self/fd").iterdir()),
    terminates=signal.getsignal(signal.SIGTERM) is signal.SIG_DFL,
    blocked=[int(each) for each in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
    plain=os.environ.get("PLAIN"),
    of_environ=os.environ.get("REDIS_URL"),
    of_environment=environment().get("REDIS_URL"),
    pid=os.getpid(),
    name=pathlib.Path("/proc/self/comm").read_text().strip(),
    session=os.getsid(0),
)
print("printed")
if sys.argv[1] == "exit":
    sys.exit(int(sys.argv[2]))
if sys.argv[1] == "fail":
    raise ValueError("a mistake")
time.sleep(60)
"""
TOLD = """
import json, pathlib

FILE = pathlib.Path(__file__).with_name("report")

def report(**values):
    part = FILE.with_suffix(".part")
    part.write_text(json.dumps(values))
    part.rename(FILE)
"""
PARENT = """
import pathlib, signal, socket, sys, threading
from cli.forked import fork_process
from cli.supervisor import Part

sys.marked = True
kept = [socket.socket() for _ in range(5)]
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
{before}
sys.stdout.write("once ")
part = Part("child", "child", {arguments}, {{"PLAIN": "yes", "REDIS_URL": "redis://:pw@h"}}, pathlib.Path("log"))
process = fork_process(part)
print(process.pid, flush=True)
{after}
"""


@pytest.fixture
def parent(tmp_path: Path) -> Callable[..., "subprocess.Popen[str]"]:
    """Begin a process that forks one with these arguments, and then waits for its end and prints its status."""
    (tmp_path / "child.py").write_text(CHILD)
    (tmp_path / "told.py").write_text(TOLD)

    def begin(
        *arguments: str, before: str = "", after: str = "print(process.wait())"
    ) -> "subprocess.Popen[str]":
        script = PARENT.format(arguments=list(arguments), before=before, after=textwrap.dedent(after))
        path = os.pathsep.join([str(tmp_path), str(Path.cwd())])
        return subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            text=True,
        )

    return begin


def report(folder: Path) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while not (folder / "report").exists():
        assert time.monotonic() < deadline, "The child reported nothing."
        time.sleep(0.02)
    found: dict[str, Any] = json.loads((folder / "report").read_text())
    return found


Parent = Callable[..., "subprocess.Popen[str]"]


def test_it_has_its_own_session_handlers_files_and_secrets(parent: Parent, tmp_path: Path) -> None:
    output, _ = parent("exit", "7").communicate(timeout=PATIENCE)
    found = report(tmp_path)

    assert output.split()[0::2] == ["once", "7"]
    assert found["is_forked"]
    assert found["arguments"] == ["exit", "7"]
    assert found["open"][:3] == [0, 1, 2]
    assert len(found["open"]) == 4, "one more than three, to list them"
    assert found["terminates"]
    assert found["blocked"] == []
    assert (found["plain"], found["of_environ"], found["of_environment"]) == ("yes", None, "redis://:pw@h")
    assert found["session"] == found["pid"]
    assert found["name"] == "child"
    assert (tmp_path / "log").read_text() == "printed\n"


def test_a_mistake_in_it_ends_it_with_a_traceback_and_not_its_parent(parent: Parent, tmp_path: Path) -> None:
    output, _ = parent("fail").communicate(timeout=PATIENCE)

    assert output.split()[-1] == "1"
    assert "ValueError: a mistake" in (tmp_path / "log").read_text()


def test_it_ends_when_its_parent_does(parent: Parent, tmp_path: Path) -> None:
    process = parent("sleep")
    child = report(tmp_path)["pid"]
    process.kill()
    process.communicate(timeout=PATIENCE)

    deadline = time.monotonic() + PATIENCE
    while Path(f"/proc/{child}").exists() and _state(child) != "Z":
        assert time.monotonic() < deadline, "It outlived its parent."
        time.sleep(0.02)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"


@pytest.mark.parametrize(
    ("act", "status"), [("terminate", -signal.SIGTERM), ("kill", -signal.SIGKILL)], ids=["terminate", "kill"]
)
def test_its_parent_ends_it_and_learns_how(parent: Parent, act: str, status: int, tmp_path: Path) -> None:
    after = f"""
        import told, subprocess, time
        while not told.FILE.exists():
            time.sleep(0.02)
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            process.{act}()
        print(process.wait(10), process.poll())
        process.{act}()  # of one that has ended nobody else is hit
    """
    output, _ = parent("sleep", after=after).communicate(timeout=PATIENCE)
    assert output.split()[2:] == [str(int(status))] * 2


def test_beside_a_thread_it_is_a_fresh_interpreter(parent: Parent, tmp_path: Path) -> None:
    before = "threading.Thread(target=threading.Event().wait, args=(30,), daemon=True).start()"
    output, _ = parent("exit", "3", before=before).communicate(timeout=PATIENCE)

    assert output.split()[-1] == "3"
    assert not report(tmp_path)["is_forked"]
