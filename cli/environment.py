"""The environment of a process, with the secrets removed from where other processes could read them.

/proc/PID/environ shows the memory that exec(2) filled for as long as the process lives, whatever it unsets later. So
`seclude` overwrites the secrets there, removes them from `os.environ`, and bars other processes of the same user from
inspecting this one (prctl(2), PR_SET_DUMPABLE: /proc/PID/environ, mem, ptrace(2), core dumps).
"""

import ctypes
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

PR_SET_DUMPABLE = 4  # linux/prctl.h
ENV_START, ENV_END = 49, 50  # of /proc/PID/stat, counted from 0 (proc_pid_stat(5): fields 50 and 51)
OURS = frozenset(
    {
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "REDIS_URL",
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SLACK_APP_TOKEN",
        "RUNBOOK_TOKEN",
        "RUNBOOK_AUDIT_HEAD_URL",
    }
)
OUR_PREFIXES = ("RUNBOOK_SECRET_", "VAULT_")
LOOKS_SECRET = re.compile(
    r"PASS(WORD|WD|PHRASE)|SECRET|TOKEN|CREDENTIAL|(API|ACCESS|PRIVATE)_?KEY", re.IGNORECASE
)
HAS_A_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]*@")

_taken: dict[str, str] = {}


def environment() -> Mapping[str, str]:
    """Return the process's whole environment, including what `seclude` removed from `os.environ`."""
    return {**os.environ, **_taken}


def is_ours(name: str) -> bool:
    """Return whether the variable is a secret that only our own code reads, so that it can leave `os.environ`."""
    return name in OURS or name.startswith(OUR_PREFIXES)


def is_secret(name: str, value: str) -> bool:
    """Return whether the variable is a secret: ours, or one such as PGPASSWORD that libraries read."""
    return is_ours(name) or LOOKS_SECRET.search(name) is not None or HAS_A_PASSWORD.search(value) is not None


def seclude() -> None:
    """Hide this process's secrets. Call it first, while there is only one thread; a second call does nothing."""
    forbid_inspection()
    keep({name: value for name, value in os.environ.items() if is_secret(name, value)})


def keep(secrets: Mapping[str, str]) -> None:
    """Add these secrets to `environment()`, out of the reach of other processes."""
    for name, value in secrets.items():
        if is_ours(name):
            _taken[name] = value
            os.environ.pop(name, None)
        else:
            os.environ[name] = value  # libc keeps its own copy from now on
    _overwrite(secrets)


def forbid_inspection() -> None:
    """Bar other processes from inspecting this one until the next exec(2), except those with CAP_SYS_PTRACE."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _overwrite(secrets: Mapping[str, str]) -> None:
    """Overwrite the values of these variables with zeros in the memory that exec(2) filled."""
    names = {os.fsencode(name) for name in secrets}
    for address, entry in _initial_entries():
        name, _, value = entry.partition(b"=")
        if name in names:
            ctypes.memset(address + len(name) + 1, 0, len(value))


def _initial_entries() -> Iterator[tuple[int, bytes]]:
    """Yield the address and text of each `NAME=VALUE` that the process was started with; nothing if unknown."""
    if sys.platform != "linux":
        return
    fields = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    start, end = (int(fields[number - 2]) for number in (ENV_START, ENV_END))  # field 3 follows the ")"
    if not start:
        return
    address = start
    for entry in ctypes.string_at(start, end - start).split(b"\0"):
        yield address, entry
        address += len(entry) + 1
