"""The environment of a process: read once, and its secrets taken out of it.

What a process was started with stands in /proc/PID/environ for as long as it lives, whatever it unsets: the kernel
shows the memory that exec(2) filled. So `seclude` overwrites the secrets there, takes them out of `os.environ`, and
forbids other processes of the same user to look (prctl(2), PR_SET_DUMPABLE: /proc/PID/environ, mem, ptrace(2), cores).
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
    """All that this process was given, with what `seclude` took out of `os.environ`."""
    return {**os.environ, **_taken}


def is_ours(name: str) -> bool:
    """A secret that nothing but our own code reads: it leaves `os.environ`."""
    return name in OURS or name.startswith(OUR_PREFIXES)


def is_secret(name: str, value: str) -> bool:
    """One of ours, or one of others (such as PGPASSWORD): libraries read those, so they stay in `os.environ`."""
    return is_ours(name) or LOOKS_SECRET.search(name) is not None or HAS_A_PASSWORD.search(value) is not None


def seclude() -> None:
    """To be called by a process as the first thing it does, while it has one thread. Again: nothing more happens."""
    forbid_looking()
    keep({name: value for name, value in os.environ.items() if is_secret(name, value)})


def keep(secrets: Mapping[str, str]) -> None:
    """Have these in `environment()`, and not where others could read them."""
    for name, value in secrets.items():
        if is_ours(name):
            _taken[name] = value
            os.environ.pop(name, None)
        else:
            os.environ[name] = value  # libc keeps a copy of its own from now on
    _overwrite(secrets)


def forbid_looking() -> None:
    """Until the next exec(2). A process with CAP_SYS_PTRACE may look all the same."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _overwrite(secrets: Mapping[str, str]) -> None:
    """Zeros for the values of these names in the memory that exec(2) filled."""
    names = {os.fsencode(name) for name in secrets}
    for address, entry in _initial_entries():
        name, _, value = entry.partition(b"=")
        if name in names:
            ctypes.memset(address + len(name) + 1, 0, len(value))


def _initial_entries() -> Iterator[tuple[int, bytes]]:
    """Each `NAME=VALUE` that the process was started with, and its address. Nothing where the system does not tell."""
    if sys.platform != "linux":
        return
    fields = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    start, end = (int(fields[number - 2]) for number in (ENV_START, ENV_END))  # behind the ")" begins field 3
    if not start:
        return
    address = start
    for entry in ctypes.string_at(start, end - start).split(b"\0"):
        yield address, entry
        address += len(entry) + 1
