"""Finding and starting the programs of servers, and the account that they run as."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

ACCOUNT = "runbook-test"
INSTALL = (
    "apt-get install openssh-server mariadb-server pgbouncer postgresql redis-server redis-sentinel sudo && "
    f"useradd --system --no-create-home --home-dir /tmp --shell /bin/sh --password '*' {ACCOUNT}"
)
FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PATIENCE = 60.0  # seconds for a server to start


def program(name: str) -> str:
    """The program's path. Without it the test fails: what talks to a real server is tested with a real one."""
    found = shutil.which(name, path=FOLDERS)
    if found is None:
        pytest.fail(
            f"{name} is not installed, and this test needs the real one. On Debian, as root: {INSTALL}"
        )
    return found


def ordinary_account() -> pwd.struct_passwd:
    """Who servers run as that need not, or should not, be root: ourselves, or, if we are root, an account for tests."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pytest.fail(f"There is no account {ACCOUNT}, as which tests run servers. As root: {INSTALL}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str], *, account: pwd.struct_passwd, log: str, is_up: Callable[[], bool]
) -> Iterator["subprocess.Popen[bytes]"]:
    """The server as a child that dies with us, however we die, once it is up."""
    switch = []
    if account.pw_uid != os.geteuid():
        switch = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    with open(log, "wb") as output:  # noqa: PTH123 its path is given as text
        process = subprocess.Popen(
            [program("setpriv"), "--pdeathsig=KILL", *switch, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={"PATH": FOLDERS, "LC_ALL": "C.UTF-8"},
        )
    try:
        _await(process, is_up, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: "subprocess.Popen[bytes]", is_up: Callable[[], bool], log: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_up():
        if process.poll() is not None or time.monotonic() > deadline:
            with open(log, encoding="utf-8", errors="replace") as said:  # noqa: PTH123 as above
                pytest.fail(f"{process.args!r} did not start: {said.read()[-2000:]}")
        time.sleep(0.02)


def answers(port: int, address: str = "127.0.0.1") -> bool:
    """Whether something listens there."""
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True
