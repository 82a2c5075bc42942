"""Decisions at an approval gate: when they count, and what somebody is told who comes too late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.decisions.approval_policy import ApprovalPolicy, Decision, check_approver
from core.decisions.people import Person
from core.errors import AlreadyDone, Superseded
from core.statuses import GateStatus

RECENTLY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate before a person's decision."""

    policy: ApprovalPolicy
    status: GateStatus
    decisions: Sequence[Decision]
    expires_at: datetime | None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in a sentence. `words`: how the sentence says it; an interface may say it in the reader's own zone."""

    at: datetime
    words: str
    is_recent: bool


class TooLate(Superseded):
    """The gate is no longer open. `moment`: since when, if that is known."""

    def __init__(self, message: str, moment: Moment | None, *, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.moment = moment


class DecidedBefore(AlreadyDone):
    """This person has already decided at the gate, which is still open. `moment`: when, if that is known."""

    def __init__(self, message: str, moment: Moment | None, *, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.moment = moment


def decide(gate: Gate, person: Person, approved: bool, now: datetime) -> GateStatus:
    """Return the gate's status after this person's decision.

    One rejection rejects it and `count` approvals approve it; until then the gate stays open.

    Raises:
        TooLate: the gate is closed or has expired.
        DecidedBefore: this person has already decided.
        NotAllowed: this person may not decide here.
    """
    check_may_decide(gate, person, now)
    if not approved:
        return GateStatus.REJECTED
    approvals = 1 + _approvals(gate)
    return GateStatus.APPROVED if approvals >= gate.policy.count else GateStatus.OPEN


def check_may_decide(gate: Gate, person: Person, now: datetime) -> None:
    """Raise what `decide` raises."""
    _check_open(gate, now)
    check_approver(gate.policy, person)
    for decision in gate.decisions:
        if decision.slack_user_id == person.slack_user_id:
            raise _decided_before(gate, decision, now)


def _approvals(gate: Gate) -> int:
    return sum(decision.approved for decision in gate.decisions)


def _check_open(gate: Gate, now: datetime) -> None:
    has_expired = gate.expires_at is not None and now >= gate.expires_at
    if gate.status is GateStatus.OPEN and not has_expired:
        return
    status = gate.status if gate.status is not GateStatus.OPEN else GateStatus.EXPIRED
    since = gate.expires_at if status is GateStatus.EXPIRED else gate.closed_at
    moment = _moment(since, now)
    sentence, hint = _too_late(gate, status, f" at {moment.words}" if moment else "")
    raise TooLate(sentence, moment, hint=hint)


def _too_late(gate: Gate, status: GateStatus, at: str) -> tuple[str, str]:
    """Return how the gate was closed, and what is left to do."""
    match status:
        case GateStatus.REJECTED:
            return (
                f"Rejected{_by(gate, approved=False)}{at}.",
                "The run has ended; nothing is left to decide.",
            )
        case GateStatus.EXPIRED:
            return f"Expired{at}: nobody decided in time.", "Run the runbook again to request a new approval."
        case GateStatus.CANCELLED:
            return f"No longer needed: the run left this gate{at}.", "Nothing is left to decide."
        case GateStatus.VOID:
            said = f"Approved{_by(gate, approved=True)}, and then needed again."
            return said, "A newer message asks for this approval; decide there."
        case _:
            return f"Approved{_by(gate, approved=True)}{at}.", "Nothing is left to decide."


def _by(gate: Gate, *, approved: bool) -> str:
    people = [f"<@{each.slack_user_id}>" for each in gate.decisions if each.approved is approved]
    return f" by {' and '.join(people)}" if people else ""


def _decided_before(gate: Gate, decision: Decision, now: datetime) -> DecidedBefore:
    moment = _moment(decision.at, now)
    at = f" at {moment.words}" if moment else ""
    missing = gate.policy.count - _approvals(gate)
    needed = "1 more person" if missing == 1 else f"{missing} more people"
    return DecidedBefore(
        f"You have already approved this{at}.",
        moment,
        hint=f"{needed} must approve before the run continues.",
    )


def _moment(at: datetime | None, now: datetime) -> Moment | None:
    """Return the time in words, with the day unless it is recent."""
    if at is None:
        return None
    is_recent = now - at < RECENTLY
    return Moment(at, f"{at:%H:%M} UTC" if is_recent else f"{at:%Y-%m-%d %H:%M} UTC", is_recent)
