"""Choose an embedded server's address, and turn a process into that server.

Run as `python -I -S launcher.py PLAN PROGRAM ARGUMENT…`: it drops privileges, ties its life to its parent's, and
executes the server. It is a process of its own, with only the standard library, because a process with threads cannot
safely run Python between fork and exec. PLAN is a JSON object (see `process.Command`).
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

SOCKET_PATH_BYTES = 107  # sun_path holds 108 bytes including the final zero (unix(7))
LIST_MARK = ","  # PostgreSQL's clients take a socket folder as a host, and split hosts at commas
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Address:
    """A socket's path, or a port on 127.0.0.1 with the socket that reserves it."""

    path: Path | None
    port: int = 0
    reservation: socket.socket | None = None

    def settle(self) -> None:
        """Release the reservation; called once the server listens."""
        if self.reservation is not None:
            self.reservation.close()


def _reserve_port() -> socket.socket:
    """Reserve a free port, so that no other process gets it before the server listens.

    Linux lets a second socket bind the same port if both set SO_REUSEADDR and neither listens yet (socket(7)).
    """
    reservation = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reservation.bind((LOOPBACK, 0))
    return reservation


def _can_be_a_socket(path: Path) -> bool:
    return len(str(path).encode()) <= SOCKET_PATH_BYTES and LIST_MARK not in str(path)


def address_for(path: Path) -> Address:
    """Return the socket at `path` if the path works for a socket and in a URL, else a free port on 127.0.0.1."""
    if _can_be_a_socket(path):
        return Address(path)
    reservation = _reserve_port()
    return Address(None, int(reservation.getsockname()[1]), reservation)


PR_SET_PDEATHSIG = 1  # linux/prctl.h
CLONE_NEWUSER = 0x10000000  # linux/sched.h


class Plan(TypedDict):
    """How to become the server: parent, user, working folder, and the signal to receive when the parent dies."""

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
    """Enter a user namespace in which the current user appears as uid:gid (user_namespaces(7))."""
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
    """Ask for `death_signal` when the parent dies; called after changing users, which clears the setting (prctl(2)).

    Raises ProcessLookupError if the parent is already gone.
    """
    if sys.platform != "linux":
        return
    _system_call("prctl", PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:
        raise ProcessLookupError("the process that started this server is gone")


def main(arguments: list[str]) -> None:
    """Carry out the plan. Does not return; raises OSError if a step fails."""
    plan: Plan = json.loads(arguments[0])
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    _become(plan)
    _end_with_parent(plan["parent"], plan["death_signal"])
    os.chdir(plan["folder"])
    os.execv(arguments[1], arguments[1:])  # noqa: S606 the server of the plan, deliberately without a shell


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as error:
        sys.exit(f"Cannot start {sys.argv[2]}: {error}")
