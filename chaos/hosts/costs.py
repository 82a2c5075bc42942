"""What processes cost: their processor time so far, by kind (proc_pid_stat(5))."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from chaos.environment import KINDS
from chaos.hosts.environment import Hosts
from chaos.process_group import children_of

TICKS = os.sysconf("SC_CLK_TCK")
USER, SYSTEM, USER_OF_ENDED, SYSTEM_OF_ENDED = range(11, 15)  # among the fields after the name


def processor_seconds(hosts: Hosts) -> Mapping[str, float]:
    """Return the seconds that the processes of each kind have used, with those of PostgreSQL."""
    group, database = hosts.environment.process_group, hosts.environment.database
    kinds = {kind: sum(_used(group.pid(name)) for name in group.names(kind)) for kind in KINDS}
    return {**kinds, "PostgreSQL": sum(map(_used, _family(database.pid)))}


def processors() -> tuple[float, float]:
    """Return for how long this machine's processors were busy and idle since it was started (proc_stat(5))."""
    fields = [int(each) for each in Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return float(sum(fields) - idle), float(idle)


def _family(pid: int) -> Iterator[int]:
    yield pid
    yield from children_of(pid)


def _used(pid: int) -> float:
    """Return the seconds of a process and of those children of it that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(fields[place]) for place in (USER, SYSTEM, USER_OF_ENDED, SYSTEM_OF_ENDED)) / TICKS
