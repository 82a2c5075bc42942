"""Whether an action in an arm of a branch is on the way that was taken."""

from collections.abc import Sequence

from core.decisions.execution import Json, Step
from core.definitions.arms import Arm
from core.statuses import Status

TAKEN = "branch"


def took(arm: str) -> Json:
    """What a branch says when it is decided."""
    return {TAKEN: arm}


def why_not_taken(arm: Arm, steps: Sequence[Step]) -> str | None:
    """Why what is in the arm is skipped; None where it is on the way. `steps`: with the branch, which is over."""
    branch = next(step for step in steps if step.id == arm.branch)
    taken = branch.output.get(TAKEN) if isinstance(branch.output, dict) else None
    if branch.status is not Status.SUCCEEDED:
        return f"{arm.branch} was not decided: it is {branch.status.value}."
    return None if taken == arm.name else f"{arm.branch} took the other way: {taken}."
