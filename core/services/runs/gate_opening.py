"""Opening an approval gate, and everything that it is announced by: its message, and copies of it elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from core.decisions.approval_policy import (
    ApprovalPolicy,
    asked,
    policy_from_json,
    policy_to_json,
)
from core.decisions.escalation import Escalation, escalation_from_json, escalation_to_json
from core.decisions.gate_times import GateTimes, next_prompt
from core.decisions.gates import digest_of
from core.errors import NotAllowed
from core.identifiers import Prefix, derived_id
from core.services.access.people import members_with_roles
from core.services.access.workspace import check_posts_to
from core.services.runs.last_approved import since_last_approved
from core.services.shared import notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.statuses import GateStatus
from core.tables import Approval, Incident, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import Json

MOST_DIRECT = 10  # people who get a gate, or a reminder of it, as a direct message


@dataclass(frozen=True)
class Notify:
    """Where else a gate is shown: in `channel`, and as a direct message (`dm`) to the people who may decide."""

    channel: str | None = None
    dm: bool = False


@dataclass(frozen=True)
class NewGate:
    """A gate that the step at `position` opens on its `attempt`. `shown`: the preview; see core.execution.preview."""

    execution_id: str
    incident_id: str
    position: int
    attempt: int
    policy: ApprovalPolicy
    message: str
    expires_at: datetime | None
    shown: list[Json] | None = None
    asked_again: str | None = None
    notify: Notify | None = None
    escalation: Escalation | None = None


def open_gate(work: UnitOfWork, new: NewGate) -> Approval:
    """Open a gate and enqueue its messages."""
    row = work.session.get_one(RunbookExecution, new.execution_id)
    gate = Approval(
        id=derived_id(Prefix.APPROVAL, new.execution_id, str(new.position), str(new.attempt)),
        execution_id=new.execution_id,
        position=new.position,
        attempt=new.attempt,
        policy=policy_to_json(new.policy),
        message=new.message,
        status=GateStatus.OPEN,
        opened_at=work.now,
        expires_at=new.expires_at,
        shown=new.shown,
        digest=_digest(row, new),
        asked_again=new.asked_again,
        since=since_last_approved(work, row, new.position, new.shown),
        notify={"channel": new.notify.channel, "dm": new.notify.dm} if new.notify else None,
        escalation=escalation_to_json(new.escalation) if new.escalation else None,
    )
    gate.prompt_at = next_prompt(times_of(gate), work.now)
    work.session.add(gate)
    work.session.flush()
    announce_gate(work, gate, row)
    return gate


def _digest(row: RunbookExecution, new: NewGate) -> str | None:
    if new.shown is None:
        return None
    return digest_of(row.runbook_id, row.runbook_version, row.parameters, new.shown)


def times_of(gate: Approval) -> GateTimes:
    escalation = escalation_from_json(gate.escalation)
    return GateTimes(gate.opened_at, gate.expires_at, escalation.at if escalation else None)


def announce_gate(work: UnitOfWork, gate: Approval, row: RunbookExecution) -> None:
    """Enqueue the gate's message in the thread of its run, and its copies where the definition says so."""
    thread_of = row.root_execution_id or row.id
    notices.enqueue_notice(work, NewNotice(NoticeKind.GATE, gate.id, row.incident_id, thread_of=thread_of))
    notify = gate.notify or {}
    if notify.get("channel"):
        show_in_channel(work, gate, row, str(notify["channel"]))
    if notify.get("dm"):
        show_to_people(work, gate, row, deciders_of(work, gate))


def deciders_of(work: UnitOfWork, gate: Approval) -> list[str]:
    """Return the Slack ids of those who may decide and have not, sorted."""
    policy = policy_from_json(gate.policy)
    members = members_with_roles(work, policy.teams)
    decided = {each.slack_user_id for each in gate.decisions}
    return sorted(asked(policy, members, work.admins) - decided)


def show_to_people(work: UnitOfWork, gate: Approval, row: RunbookExecution, people: Iterable[str]) -> None:
    """Enqueue copies of the gate as direct messages to the first few of these people."""
    for person in list(people)[:MOST_DIRECT]:
        copy = NewNotice(NoticeKind.GATE, gate.id, row.incident_id, key=f"dm.{person}", channel=person)
        notices.enqueue_notice(work, copy)


def show_in_channel(work: UnitOfWork, gate: Approval, row: RunbookExecution, channel: str) -> None:
    """Enqueue a copy of the gate for another channel.

    If the incident's team does not declare it, the incident's channel is told instead: the gate itself must not wait
    for that.
    """
    incident = work.session.get_one(Incident, row.incident_id)
    if channel == incident.slack_channel:
        return
    try:
        check_posts_to(work, incident, channel)
    except NotAllowed as error:
        said = f"⚠️ The approval request of {row.runbook_name} is not shown in <#{channel}>. {error}"
        told = NewNotice(
            NoticeKind.MESSAGE, row.id, row.incident_id, key=f"{gate.id}.{channel}", content={"text": said}
        )
        notices.enqueue_notice(work, told)
        return
    copy = NewNotice(NoticeKind.GATE, gate.id, row.incident_id, key=f"channel.{channel}", channel=channel)
    notices.enqueue_notice(work, copy)
