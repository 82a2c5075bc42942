"""The guard of a shell step: runs one command, and leaves nothing of it alive.

    python guard.py LIFE_FD COMMAND…

The guard ends when its command ends, or when LIFE_FD is closed: the other end of that pipe is held by the
worker, so that the worker's death, however sudden, is the command's. As a child subreaper
(prctl(2), PR_SET_CHILD_SUBREAPER) it inherits every orphan below it, also one that called setsid(2).
It imports little, for it is started once a step.
"""

import ctypes
import os
import select
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
COULD_NOT_START = 127
NOT_INHERITED = (
    signal.SIGTERM,
    signal.SIGPIPE,
    signal.SIGXFSZ,
)  # we, and Python, ignore them: exec keeps that


def children() -> list[int]:
    """Process ids of our children, by proc_pid_task_children(5)."""
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:  # noqa: PTH123 no pathlib
        return [int(pid) for pid in file.read().split()]


def end_all() -> None:
    """Kill until nothing is left: the orphans of each one killed become ours."""
    while pids := children():
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)


def start(command: list[str], life: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    os.close(life)
    os.setsid()
    for number in NOT_INHERITED:
        signal.signal(number, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # also if it kills its guard
    try:
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(COULD_NOT_START)


def wait(pid: int, life: int) -> int:
    """The command's exit status; 128 + 9 if the worker went away first."""
    ended = os.pidfd_open(pid)
    ready, _, _ = select.select([ended, life], [], [])
    if ended not in ready:
        return 128 + signal.SIGKILL
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> int:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    life = int(sys.argv[1])
    status = wait(start(sys.argv[2:], life), life)
    end_all()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
