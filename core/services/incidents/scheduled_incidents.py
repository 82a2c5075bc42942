"""The incidents that schedules open, of kind maintenance, and how they end.

One is closed by itself when everything that ran in it has succeeded: its channel is then free again. Otherwise somebody
has to look at it, so it stays open.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import aliased

from core.advisory_locks import lock_out_freezes
from core.decisions.people import Person
from core.definitions.cel.expressions import at_most
from core.definitions.schedule import LONGEST_TITLE, ScheduledIncident
from core.definitions.templates import render_text
from core.errors import ExpressionError
from core.services.access.people import find_team
from core.services.access.workspace import check_free, newest_of
from core.services.incidents.changes import Cause, set_status
from core.services.incidents.opening import NewIncident, write_incident
from core.services.shared import notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.statuses import UNRESOLVED, IncidentKind, IncidentStatus, Role, Status
from core.tables import Incident, RunbookExecution, Team, Workflow, WorkflowExecution
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory

AT_ONCE = 200
MOST_WORK = 200_000  # units of cel_cost for its title and description
SYSTEM = Person("system", source="clock")


def open_scheduled(
    work: UnitOfWork,
    workflow: Workflow,
    planned: ScheduledIncident,
    event: Mapping[str, str],
    request_key: str,
) -> Incident:
    """Open the incident of an occurrence. `event`: its details, for templates. The caller has locked out freezes.

    Raises NotFound if its team is gone, and Conflict or NotAllowed if it cannot have its channel.
    """
    team = find_team(work, _team(workflow, planned))
    person = _opener(workflow, team)
    if planned.slack_channel is not None:
        check_free(work, person, team, planned.slack_channel)
    new = NewIncident(
        title=_rendered(planned.title, event)[:LONGEST_TITLE] or workflow.name,
        team=team.name,
        description=_rendered(planned.description, event),
        severity=planned.severity,
        service=planned.service,
        labels=planned.labels,
        slack_channel=planned.slack_channel,
        kind=IncidentKind.MAINTENANCE,
    )
    return write_incident(work, person, team, new, request_key)


def _opener(workflow: Workflow, team: Team) -> Person:
    return Person(f"workflow:{workflow.name}", {team.name: Role.RESPONDER}, source="clock")


def _rendered(template: str, event: Mapping[str, str]) -> str:
    """Return the text. One that cannot be evaluated says so: planned work does not fail for its title."""
    try:
        with at_most(MOST_WORK):
            return render_text(template, {"event": event}).strip()
    except ExpressionError as error:
        return str(error)


def tell_channel(
    work: UnitOfWork, workflow: Workflow, planned: ScheduledIncident, occurs_at: datetime
) -> None:
    """Say in the channel that the occurrence did not start, if an open incident of the same team has the channel."""
    holder = newest_of(work, planned.slack_channel) if planned.slack_channel is not None else None
    if (
        holder is None
        or holder.status == IncidentStatus.CLOSED
        or holder.team.name != _team(workflow, planned)
    ):
        return
    text = (
        f":warning: Workflow *{workflow.name}* was due at {occurs_at:%Y-%m-%d %H:%M} UTC and did not start: "
        f"this is its channel, and inc-{holder.number} is still open here. Close that incident before the workflow "
        "is due again."
    )
    key = f"schedule.{workflow.id}.{occurs_at:%Y%m%d%H%M}"
    notices.enqueue_notice(
        work, NewNotice(NoticeKind.MESSAGE, holder.id, holder.id, key=key, content={"text": text})
    )


def _team(workflow: Workflow, planned: ScheduledIncident) -> str:
    """Return the name of the team. Validation requires one of the two."""
    return planned.team or (workflow.team.name if workflow.team else "")


def maintenance_may_be_finished(_: datetime) -> ColumnElement[bool]:
    """Return the condition that there is maintenance to close, or to look at."""
    return exists().where(*_is_under_way())


def close_finished_maintenance(unit_of_work: UnitOfWorkFactory) -> int:
    """Close the maintenance in which everything has succeeded. Return how many."""
    with unit_of_work.begin() as work:
        query = select(Incident.id).where(_is_finished()).order_by(Incident.created_at)
        finished = list(work.session.scalars(query.limit(AT_ONCE)))
    for incident_id in finished:
        unit_of_work.run(partial(_close, incident_id))
    return len(finished)


def _close(incident_id: str, work: UnitOfWork) -> None:
    lock_out_freezes(work.session)
    query = select(Incident).where(Incident.id == incident_id, _is_finished())
    incident = work.session.scalar(query.with_for_update(of=Incident))
    if incident is not None:
        set_status(work, Cause(SYSTEM), incident, IncidentStatus.CLOSED)


def _is_under_way() -> tuple[ColumnElement[bool], ...]:
    unresolved = [status.value for status in UNRESOLVED]
    return Incident.kind == IncidentKind.MAINTENANCE, Incident.status.in_(unresolved)


def _is_finished() -> ColumnElement[bool]:
    """Return the condition: an unresolved maintenance whose workflows and runs have all succeeded.

    A run that failed does not count if it was retried: its retry does.
    """
    flow, run, retry = WorkflowExecution, RunbookExecution, aliased(RunbookExecution)
    return and_(
        *_is_under_way(),
        exists().where(flow.incident_id == Incident.id),
        ~exists().where(flow.incident_id == Incident.id, flow.status != Status.SUCCEEDED),
        ~exists().where(
            run.incident_id == Incident.id,
            run.parent_execution_id.is_(None),  # a child run counts by its parent
            run.status != Status.SUCCEEDED,
            ~exists().where(retry.retry_of == run.id),
        ),
    )
