"""Becomes a server: drops privileges, ties its life to its parent's, and replaces itself.

Run as `python -I -S launcher.py PLAN PROGRAM ARGUMENT…`, by path, with the standard library alone: between
fork and exec of a process with threads no Python may run safely, so these steps need a process of their own.
PLAN is a JSON object (see `process.Command`).
"""

import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import TypedDict

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
