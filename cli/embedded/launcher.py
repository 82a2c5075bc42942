"""Starting an embedded server, and where it listens.

Where an embedded server listens: a socket in its folder, or loopback where that path cannot be one.

Becomes a server: drops privileges, ties its life to its parent's, and replaces itself.

Run as `python -I -S launcher.py PLAN PROGRAM ARGUMENT…`, by path, with the standard library alone: between
fork and exec of a process with threads no Python may run safely, so these steps need a process of their own.
PLAN is a JSON object (see `process.Command`).
"""

import ctypes
import json
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

SOCKET_PATH_BYTES = 107  # sun_path holds 108 with the final zero (unix(7))
LIST_MARK = ","  # separates hosts where PostgreSQL's clients take a folder for a host
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Address:
    """A socket's path, or a port of 127.0.0.1 with the reservation that keeps it free."""

    path: Path | None
    port: int = 0
    reservation: socket.socket | None = None

    def settle(self) -> None:
        """The server listens: the reservation is no longer needed."""
        if self.reservation is not None:
            self.reservation.close()


def _reserve_port() -> socket.socket:
    """Hold a free port so that nobody else is given it before the server listens on it.

    Linux lets a second socket bind the port where both set SO_REUSEADDR and none listens yet (socket(7)).
    """
    reservation = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reservation.bind((LOOPBACK, 0))
    return reservation


def _can_be_a_socket(path: Path) -> bool:
    return len(str(path).encode()) <= SOCKET_PATH_BYTES and LIST_MARK not in str(path)


def address_for(path: Path) -> Address:
    """The socket at `path` where a socket and a URL can have that path, else a free port of 127.0.0.1."""
    if _can_be_a_socket(path):
        return Address(path)
    reservation = _reserve_port()
    return Address(None, int(reservation.getsockname()[1]), reservation)


PR_SET_PDEATHSIG = 1  # linux/prctl.h
CLONE_NEWUSER = 0x10000000  # linux/sched.h


class Plan(TypedDict):
    """What to become: whose child, as whom, where, and by which signal to end with the parent."""

    parent: int
    way: str  # privileges.Way
    uid: int
    gid: int
    folder: str
    death_signal: int


def _system_call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _switch_user(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _enter_user_namespace(uid: int, gid: int) -> None:
    """Appear as uid:gid inside, and stay who we are outside (user_namespaces(7))."""
    outside_uid, outside_gid = os.geteuid(), os.getegid()
    _system_call("unshare", CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outside_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outside_gid} 1")


def _become(plan: Plan) -> None:
    if plan["way"] == "switch":
        _switch_user(plan["uid"], plan["gid"])
    elif plan["way"] == "namespace":
        _enter_user_namespace(plan["uid"], plan["gid"])


def _end_with_parent(parent: int, death_signal: int) -> None:
    """After the change of user, which clears the setting (prctl(2)); notices a parent that died before."""
    if sys.platform != "linux":
        return
    _system_call("prctl", PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:
        raise ProcessLookupError("the process that wanted this server is gone")


def main(arguments: list[str]) -> None:
    """Carry out the plan. Raises OSError, or does not return."""
    plan: Plan = json.loads(arguments[0])
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    _become(plan)
    _end_with_parent(plan["parent"], plan["death_signal"])
    os.chdir(plan["folder"])
    os.execv(arguments[1], arguments[1:])  # noqa: S606 the server that the plan names, without a shell on purpose


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as error:
        sys.exit(f"Cannot start {sys.argv[2]}: {error}")
