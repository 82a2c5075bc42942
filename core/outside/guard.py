"""The guard of a shell step: runs one command, and leaves nothing of it alive.

    python guard.py LIFE_FD UNTIL COMMAND…

The guard ends when its command ends, when LIFE_FD is closed, or at UNTIL (monotonic clock, seconds). The other end of
that pipe is held by the worker, so that the worker's death, however sudden, is the command's. Through it come later
UNTILs (8 bytes, a double): a worker that is stopped, and not dead, sends none, and its command ends before another
worker begins it.

It is two processes, of which the inner one runs the command. As child subreapers (prctl(2), PR_SET_CHILD_SUBREAPER)
they inherit every orphan below them, also one that called setsid(2). Whichever of them is killed, the other cleans up.
It imports little, for it is started once a step.
"""

import ctypes
import os
import select
import signal
import struct
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
COULD_NOT_START = 127
PATIENCE = 0.5  # seconds for the inner guard to clean up, before the outer one does
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


def inherit_orphans() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def start(command: list[str]) -> int:
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    for number in NOT_INHERITED:
        signal.signal(number, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # also if it kills its guard
    try:
        os.execvp(command[0], command)  # noqa: S606 argv, without a shell on purpose
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(COULD_NOT_START)


def run(command: list[str], life: int) -> int:
    """The inner guard: the command's exit status; 128 + 9 if it was ended because `life` was closed."""
    inherit_orphans()
    pid = start(command)
    ended = os.pidfd_open(pid)
    ready, _, _ = select.select([ended, life], [], [])
    status = -signal.SIGKILL
    if ended in ready:
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    end_all()
    return status if status >= 0 else 128 - status


def watch(ended: int, life: int, until: float) -> None:
    """Until the inner guard has ended, the worker went away, or its time is over."""
    while True:
        left = until - time.monotonic()
        if left <= 0:
            return
        ready, _, _ = select.select([ended, life], [], [], min(left, 3600.0))
        if ended in ready:
            return
        if life in ready:
            said = os.read(life, 4096)
            if not said:
                return
            (until,) = struct.unpack("d", said[-8:])


def main() -> int:
    life, until, command = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    inherit_orphans()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    inner_life, ours = os.pipe()
    inner = os.fork()
    if not inner:
        os.close(life)
        os.close(ours)
        os._exit(run(command, inner_life))
    os.close(inner_life)
    ended = os.pidfd_open(inner)
    watch(ended, life, until)
    os.close(ours)
    if not select.select([ended], [], [], PATIENCE)[0]:
        os.kill(inner, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
    end_all()
    if status < 0:  # the inner guard was killed: we end as it did
        os.kill(os.getpid(), signal.SIGKILL)
    return status


if __name__ == "__main__":
    sys.exit(main())
