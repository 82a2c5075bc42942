"""Admits a new run: checks that its team is not frozen, takes its lock, and writes all of it in one statement."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import CTE, insert, inspect, text

from core.decisions.people import Person
from core.definitions.cel.expressions import at_most
from core.definitions.runbook import RunbookDefinition
from core.identifiers import current_request_id
from core.services.executions.locks import lock_name, take_lock
from core.services.freezes.in_force import check_may_begin
from core.services.shared import audit, notices
from core.services.shared.incident_scope import incident_scope
from core.services.shared.notices import NewNotice, NoticeKind
from core.statuses import Status, WaitingFor
from core.tables import Incident, RunbookExecution
from core.unit_of_work import UnitOfWork

# Writes the steps of a new execution. As SQL: of one form, however many steps there are.
ADD_STEPS = text("""
INSERT INTO step_executions (execution_id, position, step_id, type, maybe_done)
SELECT :execution_id, step.position, step.step_id, step.type, :maybe_done
FROM jsonb_to_recordset(CAST(:steps AS jsonb)) AS step(position integer, step_id text, type text)
""")

MOST_WORK = 200_000  # units of cel_cost for rendering a lock's name, since it runs in the web process


@dataclass(frozen=True)
class Entry:
    """The audit entry of a start: who asked for it, the action's name, and what they asked for."""

    person: Person
    action: str
    asked: Mapping[str, object]


def admit(
    work: UnitOfWork,
    execution: RunbookExecution,
    incident: Incident,
    definition: RunbookDefinition,
    entry: Entry,
    *together: CTE,
) -> RunbookExecution:
    """Write a new execution with its notices and its audit entry, enqueue a job for it, and return it as stored.

    `together`: what the same statement writes, such as `new_steps`. The caller has locked out freezes. Raises Conflict
    if the team is frozen, or if the run's lock is held and its runbook does not queue.
    """
    check_may_begin(work, incident)
    _take_lock(work, execution, incident, definition)
    told = notices.enqueued(
        work,
        NewNotice(NoticeKind.HEADLINE, execution.id, incident.id),
        NewNotice(NoticeKind.DETAIL, execution.id, incident.id, thread_of=execution.id, wanted=0),
    )
    written = _write(work, execution, told, _audited(work, execution, incident, entry), *together)
    if written.waiting_for is None:
        work.enqueue("runbook", written.id)
    return written


def new_steps(execution_id: str, definition: RunbookDefinition, *, maybe_done: bool) -> CTE:
    """Return what writes the steps of a new execution, none of which has been started."""
    steps = [
        {"position": position, "step_id": step.id, "type": step.type}
        for position, step in enumerate(definition.all_steps)
    ]
    values = {"execution_id": execution_id, "maybe_done": maybe_done, "steps": json.dumps(steps)}
    return ADD_STEPS.bindparams(**values).columns().cte("new_steps")


def _write(work: UnitOfWork, execution: RunbookExecution, *together: CTE) -> RunbookExecution:
    """Write the execution as one statement with its other parts. Foreign keys are checked at the statement's end."""
    given = inspect(execution).dict
    names = {column.key for column in RunbookExecution.__mapper__.column_attrs}
    values = {name: value for name, value in given.items() if name in names}
    values["request_id"] = current_request_id()  # SQLAlchemy forgets defaults where another INSERT is a part
    statement = insert(RunbookExecution).values(values).add_cte(*together).returning(RunbookExecution)
    return work.session.scalars(statement).one()


def _audited(work: UnitOfWork, execution: RunbookExecution, incident: Incident, entry: Entry) -> CTE:
    """Return what writes the audit entry. It names the incident's team: the run is not there yet to look it up by."""
    details = {**entry.asked, "before": None, "after": {"status": execution.status}}
    team = incident.team.name
    return audit.new_entry(work, entry.person, entry.action, execution.id, details, team).cte("audited")


def _take_lock(
    work: UnitOfWork, execution: RunbookExecution, incident: Incident, definition: RunbookDefinition
) -> None:
    """Take the lock that the definition names, or wait in its queue. Raises Conflict if the runbook does not queue."""
    with at_most(MOST_WORK):
        lock = lock_name(definition, execution.parameters, incident_scope(incident))
    if lock is None:
        return
    may_queue = definition.on_conflict == "queue"
    execution.lock_name = lock
    execution.holds_lock = take_lock(work, lock, incident, execution.requested_by, queue=may_queue)
    if not execution.holds_lock:
        execution.status, execution.waiting_for = Status.WAITING, WaitingFor.LOCK
        execution.wake_at = None
