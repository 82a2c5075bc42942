"""The guard of a shell step: runs one command, and leaves nothing of it alive.

    python guard.py LIFE_FD UNTIL PLAN_FD

The guard ends when its command ends, when LIFE_FD is closed, or at UNTIL (seconds of core.clock.elapsed). The worker
holds the other end of that pipe, so the worker's death, however sudden, also ends the command. Later UNTILs come
through it (8 bytes, a double): a worker that is stopped but not dead sends none, and its command ends before another
worker starts it.

The guard consists of two processes, and the inner one runs the command. As child subreapers (prctl(2),
PR_SET_CHILD_SUBREAPER) they inherit every orphan below them, even one that called setsid(2). If either is killed, the
other cleans up.

If anything was still alive when the command had exited, the guard kills it and writes the program names after the plan,
one per line.

PLAN_FD contains the command, its user and its environment (`Plan`): others could read the arguments and environment of
the guard itself, and variables that people set (LD_PRELOAD) must not affect it. The guard remains the worker's user, so
that it can kill whatever the command starts as another user. It imports little, because it is started for every step.
"""

import ctypes
import errno
import os
import resource
import select
import signal
import struct
import sys
import time

CLOCK = (
    time.CLOCK_BOOTTIME
)  # the worker's clock; it continues while the machine is suspended, and select does not
LOOK_AGAIN = 1.0  # seconds

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
CAP_SYS_PTRACE = 19  # linux/capability.h; it allows reading the memory of any process
COULD_NOT_START = 127
PRIVATE = 0o077  # the permissions that others do not get on files that a command creates
PATIENCE = 0.5  # seconds that the inner guard has to clean up before the outer one does
NOT_INHERITED = (
    signal.SIGTERM,
    signal.SIGPIPE,
    signal.SIGXFSZ,
)  # ignored by Python, and exec would pass that on
Plan = tuple[list[int], bool, bytes, list[bytes], dict[bytes, bytes]]


def read_plan(descriptor: int) -> Plan:
    """Read the user and group ids (none: keep ours), no_new_privs, the program, its arguments and its environment.

    All as bytes, each part followed by a zero byte, as written by `core.io.confinement.plan`.
    """
    with os.fdopen(os.dup(descriptor), "rb") as file:
        ids, privileges, program, count, *parts = file.read().split(b"\0")[:-1]
    arguments, environment = parts[: int(count)], parts[int(count) :]
    pairs = dict(entry.split(b"=", 1) for entry in environment)
    return [*map(int, ids.split())], privileges == b"1", program, arguments, pairs


def children() -> list[int]:
    """Return the process ids of our children: proc_pid_task_children(5)."""
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:  # noqa: PTH123 no pathlib
        return [int(pid) for pid in file.read().split()]


def alive(pid: int) -> bytes:
    """Return the program's name, at most 15 bytes, from proc_pid_stat(5); empty if it has already ended."""
    with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 no pathlib
        before, _, behind = file.read().rpartition(b") ")
    return b"" if behind[:1] in b"ZX" else before.partition(b" (")[2].replace(b"\n", b" ")


def end_all() -> list[bytes]:
    """Kill everything; the orphans of each killed process become our children. Returns the names of what was alive."""
    ended: list[bytes] = []
    while pids := children():
        for pid in pids:
            ended.append(alive(pid))
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)
    return [name for name in ended if name]


def report(descriptor: int, names: list[bytes]) -> None:
    """Write the names for the worker, which reads them after we have ended."""
    os.write(descriptor, b"".join(name + b"\n" for name in names))


def prctl(option: int, *arguments: int) -> int:
    """Return the result of prctl(2), negative if the kernel refuses."""
    answer: int = ctypes.CDLL(None).prctl(option, *arguments, *[0] * (4 - len(arguments)))
    return answer


def become(ids: list[int]) -> None:
    """Switch to the user and groups; root loses access to the memory of other processes. Raises OSError."""
    prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE)  # fails without the capability, which is then not there to lose
    if ids:
        os.setgroups(ids[1:])
        os.setgid(ids[1])
        os.setuid(ids[0])
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)  # what a worker needs to switch users


def confine(ids: list[int], no_new_privs: bool) -> None:
    """Apply the restrictions that hold for every command. Raises OSError."""
    os.umask(PRIVATE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    become(ids)
    if no_new_privs and prctl(PR_SET_NO_NEW_PRIVS, 1) != 0:
        raise PermissionError(errno.EPERM, "no_new_privs is refused")
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # also if it kills its guard; switching users clears this


def replace(program: bytes, arguments: list[bytes], environment: dict[bytes, bytes]) -> None:
    """Execute the program in place of this process. Raises OSError, or does not return.

    Like os.execvpe, but without importing a module, which the new user may not be allowed to read.
    """
    if b"/" in program:
        os.execve(program, arguments, environment)  # noqa: S606 argv, and never a shell
    refused: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    for folder in environment.get(b"PATH", b"").split(b":"):
        try:
            os.execve(folder + b"/" + program, arguments, environment)  # noqa: S606 as above
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            refused = error
    raise refused


def start(plan: Plan) -> int:
    pid = os.fork()
    if pid:
        return pid
    ids, no_new_privs, program, arguments, environment = plan
    os.setsid()
    for number in NOT_INHERITED:
        signal.signal(number, signal.SIG_DFL)
    try:
        confine(ids, no_new_privs)
        replace(program, arguments, environment)
    except OSError as error:
        os.write(2, program + f": {error.strerror}\n".encode())
    finally:
        os._exit(COULD_NOT_START)


def run(plan: Plan, life: int, report_fd: int) -> int:
    """Run the inner guard. Returns the command's exit status; 128 + 9 if it was ended because `life` was closed."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    pid = start(plan)
    ended = os.pidfd_open(pid)
    ready, _, _ = select.select([ended, life], [], [])
    status = -signal.SIGKILL
    if ended in ready:
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    names = end_all()
    if ended in ready:
        report(report_fd, names)
    return status if status >= 0 else 128 - status


def watch(ended: int, life: int, until: float) -> None:
    """Wait until the inner guard has ended, the worker has gone, or the time is over."""
    while True:
        left = until - time.clock_gettime(CLOCK)
        if left <= 0:
            return
        ready, _, _ = select.select([ended, life], [], [], min(left, LOOK_AGAIN))
        if ended in ready:
            return
        if life in ready:
            received = os.read(life, 4096)
            if not received:
                return
            (until,) = struct.unpack("d", received[-8:])


def main() -> int:
    life, until, plan_fd = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    plan = read_plan(plan_fd)
    os.set_inheritable(plan_fd, False)  # not inherited by any program
    prctl(PR_SET_DUMPABLE, 0)  # the plan is in our memory
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    inner_life, ours = os.pipe()
    inner = os.fork()
    if not inner:
        os.close(life)
        os.close(ours)
        os._exit(run(plan, inner_life, plan_fd))
    os.close(inner_life)
    ended = os.pidfd_open(inner)
    watch(ended, life, until)
    os.close(ours)
    if not select.select([ended], [], [], PATIENCE)[0]:
        os.kill(inner, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
    end_all()
    if status < 0:  # the inner guard was killed: end in the same way
        os.kill(os.getpid(), signal.SIGKILL)
    return status


if __name__ == "__main__":
    sys.exit(main())
