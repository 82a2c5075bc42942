"""Whether a definition is to blame for workers that are lost while they run it.

The sign is one execution that repeatedly loses its worker at the same step, with no progress in between. While workers
are lost elsewhere too, it is a weak sign, and more losses are required.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

UNTIL = "Change it, or ask a platform admin to approve it again."

ENOUGH = 3
ENOUGH_IN_A_STORM = 10
CALM = timedelta(seconds=30)  # required before the first of the losses, and since, without losses elsewhere


def why_it_does_not_run(name: str, quarantine: str) -> str:
    """Return why the definition cannot run. `quarantine`: the reason of its quarantine."""
    return f"{name} is under quarantine. {quarantine}"


def storm_begins(losses: Sequence[datetime]) -> datetime | None:
    """Return from when on losses elsewhere count as a storm; None if too few losses yet. `losses`: newest first."""
    return losses[ENOUGH - 1] - CALM if len(losses) >= ENOUGH else None


def is_to_blame(losses: Sequence[datetime], *, elsewhere: bool) -> bool:
    """Return whether the definition is to blame. `losses`: of one execution at one step. `elsewhere`: whether other
    steps lost workers since `storm_begins`.
    """
    return len(losses) >= (ENOUGH_IN_A_STORM if elsewhere else ENOUGH)
