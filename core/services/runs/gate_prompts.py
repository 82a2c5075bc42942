"""Prompts the people at open gates: reminds them, and escalates to others when the definition says so.

Due gates are found by a query, so no restart can lose a prompt. Each scheduler locks the gate before it prompts, and
moves its next time on in the same transaction, so each prompt is given once, however many schedulers there are.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select

from core.database import DATABASE_IS_AWAY
from core.decisions.approval_policy import (
    Deciders,
    describe,
    policy_from_json,
    policy_to_json,
    possible_deciders,
)
from core.decisions.escalation import added_alone, escalated, escalation_from_json
from core.decisions.gate_times import REMINDERS, Prompt, due_prompts, next_prompt
from core.decisions.people import Person
from core.services.access.people import members_with_roles
from core.services.operations.installation import require_known
from core.services.runs.gate_opening import (
    deciders_of,
    show_in_channel,
    show_to_people,
    times_of,
)
from core.services.shared import audit, notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.statuses import GateStatus
from core.tables import Approval, Notice, RunbookExecution
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory

AT_ONCE = 100
SYSTEM = Person("system", source="scheduler")


def prompt_is_due(now: datetime) -> ColumnElement[bool]:
    """Return the condition that people are to be prompted at a gate."""
    return exists().where(*_is_due(now))


def prompt_deciders(unit_of_work: UnitOfWorkFactory) -> int:
    """Prompt the people at the gates that are due, at most AT_ONCE and those that fail. Return the number of gates.

    Raises an ExceptionGroup if some failed, after others were tried: those that fail do not keep others from their
    turn.
    """
    done, failed = 0, dict[str, Exception]()
    while done < AT_ONCE and (due := _due(unit_of_work, failed)):
        troubles = {id_: _try_to_prompt(unit_of_work, id_) for id_ in due}
        failed |= {id_: trouble for id_, trouble in troubles.items() if trouble is not None}
        done += sum(trouble is None for trouble in troubles.values())
    if failed:
        raise ExceptionGroup("gates that were due for a prompt", list(failed.values()))
    return done


def _due(unit_of_work: UnitOfWorkFactory, failed: Collection[str]) -> list[str]:
    """Return the next gates that are due, the longest first, without those that have just failed."""
    with unit_of_work.begin() as work:
        query = select(Approval.id).where(*_is_due(work.now), Approval.id.not_in(failed))
        return list(work.session.scalars(query.order_by(Approval.prompt_at).limit(AT_ONCE)))


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Approval.status == GateStatus.OPEN, Approval.prompt_at <= now


def _try_to_prompt(unit_of_work: UnitOfWorkFactory, gate_id: str) -> Exception | None:
    """Prompt at one gate, and return the exception if it failed, so that it does not hold up the others."""
    try:
        unit_of_work.run(lambda work: _prompt(work, gate_id))
    except DATABASE_IS_AWAY:
        raise
    except Exception as error:  # noqa: BLE001 the caller raises it
        return error
    return None


def _prompt(work: UnitOfWork, gate_id: str) -> None:
    """Give the due prompts, unless another scheduler, or a decision, was quicker."""
    require_known(work.session)
    still_due = select(Approval).where(Approval.id == gate_id, *_is_due(work.now))
    gate = work.session.scalar(still_due.with_for_update(skip_locked=True))
    if gate is None:
        return
    assert gate.prompt_at is not None, "it is due"
    times = times_of(gate)
    for prompt in due_prompts(times, gate.prompt_at, work.now):
        row = work.session.get_one(RunbookExecution, gate.execution_id)
        if prompt in REMINDERS:
            _remind(work, gate, row, prompt)
        else:
            _escalate(work, gate, row)
    gate.prompt_at = next_prompt(times, work.now)


def _remind(work: UnitOfWork, gate: Approval, row: RunbookExecution, prompt: Prompt) -> None:
    """Remind those who may decide: in the run's thread, and wherever else they were asked."""
    _say(work, gate, row, prompt)
    copies = select(Notice).where(
        Notice.subject_id == gate.id, Notice.kind == NoticeKind.GATE, Notice.channel.is_not(None)
    )
    undecided = deciders_of(work, gate)
    for copy in work.session.scalars(copies.order_by(Notice.number)):
        assert copy.channel is not None, "it is a copy"
        if copy.key.startswith("channel.") or copy.channel in undecided:
            _say(work, gate, row, prompt, channel=copy.channel)


def _say(
    work: UnitOfWork, gate: Approval, row: RunbookExecution, prompt: Prompt, *, channel: str | None = None
) -> None:
    new = NewNotice(
        NoticeKind.REMINDER,
        gate.id,
        row.incident_id,
        key=f"{prompt}.{channel}" if channel else prompt.value,
        channel=channel,
        content={"prompt": prompt.value},
        thread_of=None if channel else row.root_execution_id or row.id,
    )
    notices.enqueue_notice(work, new)


def _escalate(work: UnitOfWork, gate: Approval, row: RunbookExecution) -> None:
    """Let others decide from now on, and tell them: in the thread, directly, and in the channel if one is given."""
    escalation = escalation_from_json(gate.escalation)
    assert escalation is not None, "it is due"
    before, to = policy_from_json(gate.policy), escalation.to
    gate.policy = policy_to_json(escalated(before, escalation))
    details = {
        "execution": row.id,
        "to": describe(to) if to else None,
        "channel": escalation.channel,
        "before": {"policy": policy_to_json(before)},
        "after": {"policy": gate.policy},
    }
    audit.record(work, SYSTEM, "approval.escalated", gate.id, details)
    notices.mark_dirty(work, gate.id, NoticeKind.GATE)
    if to is not None:
        show_to_people(work, gate, row, _added(work, gate, to))
    if escalation.channel is not None:
        show_in_channel(work, gate, row, escalation.channel)
    _say(work, gate, row, Prompt.ESCALATED)


def _added(work: UnitOfWork, gate: Approval, to: Deciders) -> list[str]:
    """Return those who may decide because of the escalation, without the initiators and whoever has decided."""
    alone = added_alone(policy_from_json(gate.policy), to)
    added = possible_deciders(alone, members_with_roles(work, alone.teams))
    return [person for person in deciders_of(work, gate) if person in added]
