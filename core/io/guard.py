"""The guard of a shell step: runs one command, and leaves nothing of it alive.

    python guard.py LIFE_FD UNTIL PLAN_FD

The guard ends when its command ends, when LIFE_FD is closed, or at UNTIL (seconds of core.clock.elapsed). The other
end of that pipe is held by the worker, so that the worker's death, however sudden, is the command's. Through it come
later UNTILs (8 bytes, a double): a worker that is stopped, and not dead, sends none, and its command ends before
another worker begins it.

It is two processes, of which the inner one runs the command. As child subreapers (prctl(2), PR_SET_CHILD_SUBREAPER)
they inherit every orphan below them, also one that called setsid(2). Whichever of them is killed, the other cleans up.

What it had to end when the command itself had ended, the guard writes behind the plan: each program's name in a line.

PLAN_FD holds what the command is, as whom and with what environment (`Plan`): arguments and environment of the guard
itself could be read by others, and what people write into an environment (LD_PRELOAD) must not govern it. The guard
stays the worker's user, so that it can end whatever the command starts as another.
It imports little, for it is started once a step.
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

CLOCK = time.CLOCK_BOOTTIME  # the worker's; it counts on while the machine is suspended, and select does not
LOOK_AGAIN = 1.0  # seconds

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
CAP_SYS_PTRACE = 19  # linux/capability.h; with it one reads the memory of any process
COULD_NOT_START = 127
PRIVATE = 0o077  # what others may not do with the files that a command makes
PATIENCE = 0.5  # seconds for the inner guard to clean up, before the outer one does
NOT_INHERITED = (
    signal.SIGTERM,
    signal.SIGPIPE,
    signal.SIGXFSZ,
)  # we, and Python, ignore them: exec keeps that
Plan = tuple[list[int], bool, bytes, list[bytes], dict[bytes, bytes]]


def read_plan(descriptor: int) -> Plan:
    """Ids of user and groups (none: stay who we are), no_new_privs, the program, its arguments, its environment.

    As bytes, with a zero behind each part: `core.io.confinement.plan` writes them.
    """
    with os.fdopen(os.dup(descriptor), "rb") as file:
        ids, privileges, program, count, *parts = file.read().split(b"\0")[:-1]
    arguments, environment = parts[: int(count)], parts[int(count) :]
    pairs = dict(entry.split(b"=", 1) for entry in environment)
    return [*map(int, ids.split())], privileges == b"1", program, arguments, pairs


def children() -> list[int]:
    """Process ids of our children, by proc_pid_task_children(5)."""
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:  # noqa: PTH123 no pathlib
        return [int(pid) for pid in file.read().split()]


def alive(pid: int) -> bytes:
    """The program's name, at most 15 bytes, by proc_pid_stat(5); empty of one that has ended by itself."""
    with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 no pathlib
        before, _, behind = file.read().rpartition(b") ")
    return b"" if behind[:1] in b"ZX" else before.partition(b" (")[2].replace(b"\n", b" ")


def end_all() -> list[bytes]:
    """Kill until nothing is left: the orphans of each one killed become ours. Answers the names of what was alive."""
    ended: list[bytes] = []
    while pids := children():
        for pid in pids:
            ended.append(alive(pid))
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)
    return [name for name in ended if name]


def tell(descriptor: int, names: list[bytes]) -> None:
    """To the worker, which reads it when we have ended."""
    os.write(descriptor, b"".join(name + b"\n" for name in names))


def prctl(option: int, *arguments: int) -> int:
    """Its answer, negative where the kernel refuses."""
    answer: int = ctypes.CDLL(None).prctl(option, *arguments, *[0] * (4 - len(arguments)))
    return answer


def become(ids: list[int]) -> None:
    """The user and the groups. Where that is root, without a look into the memory of others. Raises OSError."""
    prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE)  # who may not do that has no such capability to lose
    if ids:
        os.setgroups(ids[1:])
        os.setgid(ids[1])
        os.setuid(ids[0])
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)  # what a worker has to become another user


def confine(ids: list[int], no_new_privs: bool) -> None:
    """What a command may not do, whoever wrote it. Raises OSError."""
    os.umask(PRIVATE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    become(ids)
    if no_new_privs and prctl(PR_SET_NO_NEW_PRIVS, 1) != 0:
        raise PermissionError(errno.EPERM, "no_new_privs is refused")
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # also if it kills its guard; a change of user clears it


def replace(program: bytes, arguments: list[bytes], environment: dict[bytes, bytes]) -> None:
    """Become the program. Raises OSError, or does not return.

    As os.execvpe, which imports a module for it: whom we became may not be allowed to read that.
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


def run(plan: Plan, life: int, told: int) -> int:
    """The inner guard: the command's exit status; 128 + 9 if it was ended because `life` was closed."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    pid = start(plan)
    ended = os.pidfd_open(pid)
    ready, _, _ = select.select([ended, life], [], [])
    status = -signal.SIGKILL
    if ended in ready:
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    names = end_all()
    if ended in ready:
        tell(told, names)
    return status if status >= 0 else 128 - status


def watch(ended: int, life: int, until: float) -> None:
    """Until the inner guard has ended, the worker went away, or its time is over."""
    while True:
        left = until - time.clock_gettime(CLOCK)
        if left <= 0:
            return
        ready, _, _ = select.select([ended, life], [], [], min(left, LOOK_AGAIN))
        if ended in ready:
            return
        if life in ready:
            said = os.read(life, 4096)
            if not said:
                return
            (until,) = struct.unpack("d", said[-8:])


def main() -> int:
    life, until, told = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    plan = read_plan(told)
    os.set_inheritable(told, False)  # no program gets it
    prctl(PR_SET_DUMPABLE, 0)  # the plan is in our memory
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    inner_life, ours = os.pipe()
    inner = os.fork()
    if not inner:
        os.close(life)
        os.close(ours)
        os._exit(run(plan, inner_life, told))
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
