"""What a change of a workflow execution obliges us to do, in the transaction of the change."""

from collections.abc import Sequence

from core.decisions.execution import Execution
from core.decisions.initiators import initiators_from_json
from core.decisions.people import Person
from core.decisions.states import blame
from core.service import Work
from core.services import audit
from core.services.incident_changes import Cause, add_link
from core.services.workflow_failures import tell_failure
from core.statuses import Status
from core.tables import Incident, IncidentEvent, JsonObject, WorkflowExecution

from .links import Link, new_links

SYSTEM = Person("system", source="worker")


def of_workflow(work: Work, row: WorkflowExecution, before: Execution, after: Execution) -> None:
    """Keep the links that its actions made; at the end write the audit trail, and tell a failure."""
    links = new_links(before, after)
    if links:
        _keep_links(work, row, links)
    if not after.status.is_final or before.status.is_final:
        return
    audit.record(work, SYSTEM, "workflow_execution.ended", row.id, details_of_end(before, after))
    if after.status in (Status.FAILED, Status.TIMED_OUT):
        tell_failure(work, row, after.status, _what_failed(after))


def details_of_end(before: Execution, after: Execution) -> JsonObject:
    """What the audit trail says of an end, of either kind of execution."""
    change = {"before": {"status": before.status.value}, "after": {"status": after.status.value}}
    return {"status": after.status.value, "error": after.error, **change}


def _what_failed(after: Execution) -> str:
    """The action that ended it, with its error; where none did, the error of the whole, and how far it had come."""
    for step in reversed(after.steps):
        if after.error == blame(step, step.error):
            return f"Action *{step.id}*: {step.error}"
    left = [step.id for step in after.steps if step.status in (Status.TIMED_OUT, Status.UNKNOWN)]
    return f"{after.error} Action *{left[-1]}* was not over." if left else after.error or ""


def _keep_links(work: Work, row: WorkflowExecution, links: Sequence[Link]) -> None:
    incident = work.session.get_one(Incident, row.incident_id)
    event = work.session.get_one(IncidentEvent, row.event_id)
    person = Person(f"workflow:{row.workflow_name}", source="workflow")
    cause = Cause(person, event.depth + 1, initiators_from_json(event.initiators))
    for link in links:
        add_link(work, cause, incident, link.name, link.url)
