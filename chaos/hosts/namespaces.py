"""Network namespaces (network_namespaces(7)): a thread enters one, and what it starts there stays there."""

import ctypes
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWNET = 0x40000000  # linux/sched.h
OURS = Path("/proc/thread-self/ns/net")
WAY = ("unshare", "--net")  # only root may
TRIED = "link add probe-a type veth peer name probe-b\nlink add probe-switch type bridge\n"


def way_in() -> Sequence[str]:
    """Return the command before another one that runs it in a namespace of its own. Raises OSError if there is none."""
    if sys.platform != "linux" or shutil.which("ip") is None or shutil.which("unshare") is None:
        raise OSError(
            "Network namespaces need Linux with the programs `ip` (iproute2) and `unshare` (util-linux)."
        )
    tried = _given([*WAY, "ip", "-batch", "-"], TRIED)
    if tried.returncode != 0:
        raise OSError(f"This user may not make network namespaces here ({tried.stderr.strip()}).")
    return WAY


def missing() -> str | None:
    """Return a sentence that says why this machine cannot play hosts; None if it can."""
    try:
        way_in()
    except OSError as error:
        return str(error)
    return None


def new_namespace() -> int:
    """Return a descriptor of a new, empty namespace, which lives as long as a descriptor or a process is in it."""
    made: list[int] = []

    def make() -> None:
        _call("unshare", CLONE_NEWNET)
        made.append(os.open(OURS, os.O_RDONLY | os.O_CLOEXEC))

    maker = threading.Thread(target=make, name="new-namespace")
    maker.start()
    maker.join()
    if not made:
        raise OSError("The network namespace could not be made.")
    return made[0]


def enter(namespace: Path) -> None:
    """Move the calling thread into the namespace; threads and processes that it starts are born there."""
    descriptor = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _call("setns", descriptor, CLONE_NEWNET)
    finally:
        os.close(descriptor)


@contextmanager
def inside(namespace: Path) -> Iterator[None]:
    """Be in the namespace during the block; only the calling thread is."""
    before = os.open(OURS, os.O_RDONLY | os.O_CLOEXEC)
    try:
        enter(namespace)
        yield
    finally:
        _call("setns", before, CLONE_NEWNET)
        os.close(before)


def configure(commands: str) -> None:
    """Give `ip` these commands, one a line, in the calling thread's namespace. Raises OSError if it refuses one."""
    done = _given(["ip", "-batch", "-"], commands)
    if done.returncode != 0:
        raise OSError(f"ip refused: {done.stderr.strip()}")


def _given(command: Sequence[str], text: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def _call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
