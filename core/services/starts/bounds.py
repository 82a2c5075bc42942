"""Limits on how much may be started per minute, and notices about workflows that were not started or failed.

The counts come from the database, the limits from core.limits. Workflows over a limit are not started; the incident's
channel is notified once a minute. If a workflow fails, the author of that version is notified, too.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from core.errors import TooMany
from core.identifiers import Prefix, new_id
from core.limits import WINDOW, too_many
from core.services.library.kinds import WRITES
from core.services.shared import notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.statuses import IncidentKind, Status
from core.tables import Incident, IncidentEvent, JsonObject, Team, WorkflowExecution, WorkflowVersion
from core.unit_of_work import UnitOfWork


def check_may_open(work: UnitOfWork, team: Team) -> None:
    """Raise TooMany if people have opened the maximum number of incidents of this team in the last minute."""
    query = select(func.count(), func.min(Incident.created_at)).where(
        Incident.team_id == team.id,
        Incident.created_at > work.now - WINDOW,
        Incident.alert_key.is_(None),
        Incident.kind == IncidentKind.INCIDENT,
    )
    opened, first = work.session.execute(query).one()
    most = work.limits.incidents_of_team
    if opened >= most:
        raise _until(work, first, f"Team {team.name} opened {most} incidents in the last minute")


def check_may_start(work: UnitOfWork, incident: Incident) -> None:
    """Raise TooMany if the maximum number of workflows was started for this incident, or for its team."""
    if workflows_left(work, incident) <= 0:
        sentence = "The maximum number of workflows was started in the last minute"
        raise too_many(sentence, WINDOW.total_seconds())


def workflows_left(work: UnitOfWork, incident: Incident) -> int:
    """Return how many more workflows may be started now for the incident, within the limit of its team."""
    of_incident = func.count().filter(WorkflowExecution.incident_id == incident.id)
    query = select(of_incident, func.count()).join(Incident, Incident.id == WorkflowExecution.incident_id)
    recent = query.where(
        WorkflowExecution.created_at > work.now - WINDOW, Incident.team_id == incident.team_id
    )
    here, in_team = work.session.execute(recent).one()
    return min(work.limits.workflows_of_incident - here, work.limits.workflows_of_team - in_team)


def _until(work: UnitOfWork, first: datetime, what: str) -> TooMany:
    return too_many(what, (first + WINDOW - work.now).total_seconds())


MOST_NAMED = 5


def room_for(work: UnitOfWork, incident: Incident) -> int:
    """Return how many workflows one more event of the incident may start."""
    return max(0, min(work.limits.workflows_of_event, workflows_left(work, incident)))


def notify_not_started(work: UnitOfWork, incident: Incident, names: Sequence[str]) -> None:
    """Write a timeline event, and enqueue a message at most once a minute. `names`: the workflows not started."""
    line = IncidentEvent(
        id=new_id(Prefix.EVENT),
        incident_id=incident.id,
        type="workflow.not_started",
        actor="system",
        details={"count": len(names), "workflows": list(names)},
        created_at=work.now,
    )
    work.session.add(line)
    key = f"not_started.{work.now:%Y%m%d%H%M}"
    content = {"text": words(names, work.limits.workflows_of_event, work.limits.workflows_of_incident)}
    notices.enqueue_notice(
        work, NewNotice(NoticeKind.MESSAGE, incident.id, incident.id, key=key, content=content)
    )


def words(names: Sequence[str], of_event: int, of_incident: int) -> str:
    """Return the message. `names`: the workflows that were not started."""
    more = len(names) - MOST_NAMED
    named = ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    what = "1 workflow was" if len(names) == 1 else f"{len(names)} workflows were"
    return (
        f":warning: {what} not started: {named}. One event starts at most {of_event}, and one incident at most "
        f"{of_incident} per minute. Check whether some of them start each other. You can start any of them by hand."
    )


SLACK_USER = re.compile(r"[UW][A-Z0-9]{1,63}")  # operators at a terminal and the system have no Slack id


def notify_failure(work: UnitOfWork, row: WorkflowExecution, status: Status, error: str) -> None:
    """Enqueue a message to the incident's channel and one to the workflow's author. `error`: what went wrong."""
    how = "timed out" if status is Status.TIMED_OUT else "failed"
    name = f"*{row.workflow_name}* v{row.workflow_version} ({row.id})"
    _enqueue(work, row, "failed", f":warning: Workflow {name} {how}. {error}", channel=None)
    author = _author(work, row)
    if author is not None:
        incident = work.session.get_one(Incident, row.incident_id)
        where = f"for inc-{incident.number}, _{incident.title}_"
        _enqueue(
            work, row, "author", f":warning: Your workflow {name} {how} {where}. {error}", channel=author
        )


def _author(work: UnitOfWork, row: WorkflowExecution) -> str | None:
    """Return the Slack id of the author of the version that ran, or None if it was not a Slack user."""
    version = select(WorkflowVersion.changed_by).where(
        WorkflowVersion.owner_id == row.workflow_id,
        WorkflowVersion.version == row.workflow_version,
        WorkflowVersion.change.in_(WRITES),
    )
    author = work.session.scalar(version)
    return author if author is not None and SLACK_USER.fullmatch(author) else None


def _enqueue(work: UnitOfWork, row: WorkflowExecution, key: str, text: str, *, channel: str | None) -> None:
    content: JsonObject = {"text": text}
    new = NewNotice(NoticeKind.MESSAGE, row.id, row.incident_id, key=key, channel=channel, content=content)
    notices.enqueue_notice(work, new)
