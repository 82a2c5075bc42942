"""The `set` action: change the incident."""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from core.decisions.people import Person
from core.definitions.actions import ActionDefinition
from core.definitions.fields import PublicText
from core.definitions.templates import render_text
from core.execution.preparation import Context, Inside, Prepared
from core.services.incidents.changes import Cause, lock, set_labels, set_severity, set_status
from core.statuses import IncidentStatus, Severity
from core.tables import Incident
from core.unit_of_work import UnitOfWork
from core.values.execution import Json, StepResult, Succeeded

LabelName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class SetAction(ActionDefinition):
    """Set the incident's severity, status or labels. The resulting events fire and may start other workflows.

    A value that is already set causes no event. Workflows that keep starting each other are stopped after a few
    rounds.
    """

    touches_outside = False
    example: ClassVar[str] = """
id: mark
type: set
severity: critical
labels: {affected: "{{ incident.service }}", quiet: null}
"""

    type: Literal["set"]
    severity: Literal["info", "low", "medium", "high", "critical"] | None = None
    """The new severity; a higher one is an escalation."""
    status: Literal["acknowledged", "resolved", "closed"] | None = None
    """The new status. An incident never returns to an earlier status."""
    labels: dict[LabelName, PublicText | None] = {}
    """Labels to set; `null` removes a label. Other labels stay as they are."""

    def prepare(self, context: Context) -> Prepared:
        labels = {
            name: None if value is None else render_text(value, context.shown_scope, ("labels", name))
            for name, value in self.labels.items()
        }
        return Inside(lambda work: self._change(work, context, labels))

    def _change(self, work: UnitOfWork, context: Context, labels: dict[str, str | None]) -> StepResult:
        incident = work.session.get_one(Incident, context.incident_id)
        lock(work, incident)
        person = Person(context.requester, source="workflow")
        key = f"{context.key}.{context.attempt}"
        cause = Cause(person, context.depth + 1, context.initiators, key, context.maybe_done)
        if labels:
            set_labels(work, cause, incident, labels)
        if self.severity is not None:
            set_severity(work, cause, incident, Severity(self.severity))
        if self.status is not None and incident.status != self.status:
            set_status(work, cause, incident, IncidentStatus(self.status))
        output: dict[str, Json] = {
            "severity": incident.severity,
            "status": incident.status,
            "labels": dict(incident.labels),
        }
        return Succeeded(output)

    @model_validator(mode="after")
    def _refuse_nothing(self) -> "SetAction":
        if self.severity is None and self.status is None and not self.labels:
            raise PydanticCustomError(
                "nothing_to_set", "This action sets nothing. Give severity, status or labels."
            )
        return self
