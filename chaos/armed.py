"""`python -m chaos.armed ARGUMENT…` is `runbook ARGUMENT…` with faults: its variables mean nothing to the product.

CHAOS_KILL_AT=POINT[:N] kills the process (SIGKILL) the Nth time it reaches the point; with CHAOS_KILL_ONCE=FILE only
one process ever dies, the one that makes the file. CHAOS_WITHOUT=GUARD,… switches guards off. The processes that it
starts run this program, too, and have the same faults.
"""

import os
import signal
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from cli import supervisor
from cli.main import main as runbook
from core import fault_injection

KILL_AT, KILL_ONCE, WITHOUT = "CHAOS_KILL_AT", "CHAOS_KILL_ONCE", "CHAOS_WITHOUT"


@dataclass(frozen=True)
class PlannedFaults:
    """To die at `point`, the `number`th time, if nobody has made the file `once` before; to lack guards."""

    point: str = ""
    number: int = 1
    once: str = ""
    disabled: frozenset[str] = frozenset()
    counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "PlannedFaults":
        """Raises ValueError for an N that is no number."""
        point, _, number = environ.get(KILL_AT, "").partition(":")
        disabled = frozenset(environ.get(WITHOUT, "").split(",")) - {""}
        return cls(point, int(number or 1), environ.get(KILL_ONCE, ""), disabled)

    def reached(self, point: str) -> None:
        if point != self.point:
            return
        self.counts[point] += 1
        if self.counts[point] == self.number and self._is_first():
            os.kill(os.getpid(), signal.SIGKILL)

    def disables(self, guard: str) -> bool:
        return guard in self.disabled

    def _is_first(self) -> bool:
        if not self.once:
            return True
        with suppress(FileExistsError):
            os.close(os.open(self.once, os.O_CREAT | os.O_EXCL))
            return True
        return False


def main() -> None:
    """The command line, armed by what the environment says."""
    fault_injection.branch(PlannedFaults.read(os.environ))
    supervisor.PROGRAM = "chaos.armed"
    runbook()


if __name__ == "__main__":
    main()
