"""Whether a definition is to blame for the workers that are lost while they run it.

One execution that loses its worker again and again at one step, with nothing done in between, is the sign. It
is a weak one while workers die elsewhere too: then it takes more of it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

UNTIL = "Change it; or a platform admin approves it again."

ENOUGH = 3
ENOUGH_IN_A_STORM = 10
CALM = timedelta(seconds=30)  # before the first of the losses, and since: with none elsewhere, it is calm


def why_it_does_not_run(name: str, quarantine: str) -> str:
    """`quarantine`: why it is under quarantine."""
    return f"{name} is under quarantine. {quarantine}"


def storm_begins(losses: Sequence[datetime]) -> datetime | None:
    """From when on a loss elsewhere counts as a storm; None while it does not matter yet. `losses`: newest first."""
    return losses[ENOUGH - 1] - CALM if len(losses) >= ENOUGH else None


def is_to_blame(losses: Sequence[datetime], *, elsewhere: bool) -> bool:
    """`losses`: of one execution at one step. `elsewhere`: whether other steps lost workers since `storm_begins`."""
    return len(losses) >= (ENOUGH_IN_A_STORM if elsewhere else ENOUGH)
