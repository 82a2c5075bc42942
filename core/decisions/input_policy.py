"""Requests for values: who may answer one, and until when.

The policy is stored like that of a gate, but answering is no approval: the people who initiated the run may answer,
too. Whoever answers becomes an initiator (core.decisions.initiators), since what was entered decides what is sent.
"""

from dataclasses import dataclass
from datetime import datetime

from core.decisions.approval_policy import ApprovalPolicy, describe_approvers, is_approver
from core.decisions.people import Person
from core.errors import AlreadyDone, NotAllowed, Superseded
from core.statuses import InputStatus


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for values before a person's answer. `answered_by` and `closed_at`: by whom and when it was closed."""

    policy: ApprovalPolicy
    status: InputStatus
    expires_at: datetime | None
    answered_by: str | None = None
    closed_at: datetime | None = None


def check_may_answer(asked: Asked, person: Person) -> None:
    """Raise NotAllowed unless the policy names this person."""
    if not is_approver(asked.policy, person):
        raise NotAllowed(f"Only {describe_approvers(asked.policy)} may answer here.")


def check_is_open(asked: Asked, now: datetime) -> None:
    """Raise Conflict if it was answered, which says by whom and when, has expired, or is no longer needed."""
    if asked.status is InputStatus.ANSWERED:
        at = f" on {asked.closed_at:%Y-%m-%d at %H:%M:%S} UTC" if asked.closed_at else ""
        raise AlreadyDone(
            f"<@{asked.answered_by}> has already answered this{at}.", hint="The values cannot be changed."
        )
    if asked.status is InputStatus.CANCELLED:
        raise Superseded("The run no longer needs these values.")
    if asked.status is InputStatus.EXPIRED or (asked.expires_at is not None and now >= asked.expires_at):
        raise Superseded("The time to enter these values is over.", hint="Run the runbook again.")
