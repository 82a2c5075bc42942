"""What the chaos bench may do to a process: nothing at all, unless the environment says so.

RUNBOOK_SABOTAGE=POINT[:N] kills the process (SIGKILL) the Nth time it reaches the point; with
RUNBOOK_SABOTAGE_ONCE=FILE only one process ever dies, the one that makes the file. RUNBOOK_WITHOUT=GUARD,… switches
guards off, to prove that each is needed.
"""

import os
import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache


@dataclass(frozen=True)
class Plan:
    """When to die: at `point`, the `number`th time, if nobody has made the file `once` before us."""

    point: str = ""
    number: int = 1
    once: str = ""
    disabled: frozenset[str] = frozenset()
    reached: Counter[str] = field(default_factory=Counter)

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Plan":
        point, _, number = environ.get("RUNBOOK_SABOTAGE", "").partition(":")
        disabled = frozenset(environ.get("RUNBOOK_WITHOUT", "").split(",")) - {""}
        return cls(point, int(number or 1), environ.get("RUNBOOK_SABOTAGE_ONCE", ""), disabled)


@cache
def _plan() -> Plan:
    return Plan.read(os.environ)


def reach(point: str) -> None:
    """The process is at `point`; die here if that is the plan."""
    plan = _plan()
    if plan.point != point:
        return
    plan.reached[point] += 1
    if plan.reached[point] == plan.number and _first(plan.once):
        os.kill(os.getpid(), signal.SIGKILL)


def _first(once: str) -> bool:
    if not once:
        return True
    try:
        os.close(os.open(once, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def is_disabled(guard: str) -> bool:
    """Whether a guard is switched off."""
    return guard in _plan().disabled
