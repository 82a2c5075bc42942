"""Named points at which a test bench may make this process fail, and guards that it may switch off.

Nothing here reads the environment: only code arms faults. The product never does; `chaos.armed` is a program of the
chaos bench that arms them, then runs the command line. Unarmed, a fail point costs one comparison.
"""

from typing import Protocol


class Faults(Protocol):
    """What a bench does to the process."""

    def reached(self, point: str) -> None:
        """The process is at `point`; it may end here."""

    def disables(self, guard: str) -> bool:
        """Whether the process goes without this guard."""


_armed: Faults | None = None


def branch(faults: Faults | None) -> None:
    """From now on this process has these faults; None: it has none, as in the beginning."""
    global _armed
    _armed = faults


def fail_point(name: str) -> None:
    """The process has come to the point of this name: a bench may end it here."""
    if _armed is not None:
        _armed.reached(name)


def is_disabled(guard: str) -> bool:
    """Whether a bench has switched the guard off, to show what it is for."""
    return _armed is not None and _armed.disables(guard)
