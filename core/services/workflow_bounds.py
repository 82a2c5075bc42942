"""How many workflows start at once: what is too much is not started, and said once a minute, never silent."""

from collections.abc import Sequence

from core.identifiers import Prefix, new_id
from core.service import Work
from core.services import notices
from core.services.notices import NewNotice, NoticeKind
from core.services.quotas import workflows_left
from core.tables import Incident, IncidentEvent

MOST_NAMED = 5


def room_for(work: Work, incident: Incident) -> int:
    """How many workflows one more event may start."""
    return max(0, min(work.limits.workflows_of_event, workflows_left(work, incident)))


def tell_not_started(work: Work, incident: Incident, names: Sequence[str]) -> None:
    """In the timeline each time, in the channel once a minute. `names`: of the workflows that were left out."""
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
    notices.owe(work, NewNotice(NoticeKind.MESSAGE, incident.id, incident.id, key=key, content=content))


def words(names: Sequence[str], of_event: int, of_incident: int) -> str:
    """`names`: of those that were left out."""
    more = len(names) - MOST_NAMED
    named = ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    what = "1 workflow was" if len(names) == 1 else f"{len(names)} workflows were"
    return (
        f":warning: {what} not started: {named}. One event starts at most {of_event}, and one incident at most "
        f"{of_incident} in a minute. Do some of them start each other? What is still wanted can be started by hand."
    )
