"""The document `kind: workflow`: a trigger, a condition and ordered actions."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.actions import ActionDefinition, FlattenedAction, action_types, in_order
from core.definitions.durations import PositiveDuration
from core.definitions.fields import Condition, Definition, Name, refuse_twice_at
from core.definitions.shapes import NUMBER, TEXT, Shape, choice
from core.definitions.type_registry import RegisteredUnion
from core.definitions.written import WrittenDefinition
from core.statuses import IncidentStatus, Severity

Scope = Mapping[str, Mapping[str, object]]
STATUSES = tuple(status.value for status in IncidentStatus)  # in the order an incident goes through them
SEVERITIES = tuple(severity.value for severity in Severity)


class TriggerDefinition(Definition):
    """Base of all triggers. `event_members`: the members of `event` in conditions and actions."""

    event_members: ClassVar[Mapping[str, Shape]] = {}

    def accepts(self, scope: Scope) -> bool:  # noqa: ARG002 used by subclasses
        """Return whether an event with this trigger's name starts the workflow. `scope`: `event` and `incident`."""
        return True


class IncidentCreated(TriggerDefinition):
    """An incident was opened."""

    on: Literal["incident.created"]
    """The trigger."""


class IncidentStatusChanged(TriggerDefinition):
    """An incident was acknowledged, resolved or closed. Without `from` or `to`, any status matches."""

    event_members = {"from": choice(*STATUSES), "to": choice(*STATUSES), "by": TEXT}

    on: Literal["incident.status_changed"]
    before: Literal["open", "acknowledged", "resolved"] | None = Field(default=None, alias="from")
    after: Literal["acknowledged", "resolved", "closed"] | None = Field(default=None, alias="to")

    def accepts(self, scope: Scope) -> bool:
        event = scope["event"]
        return self.before in (None, event["from"]) and self.after in (None, event["to"])


class IncidentEscalated(TriggerDefinition):
    """An incident's severity was raised. The new severity is `event.severity`, and also `event.to`."""

    event_members = {
        "from": choice(*SEVERITIES),
        "to": choice(*SEVERITIES),
        "severity": choice(*SEVERITIES),
        "by": TEXT,
    }

    on: Literal["incident.escalated"]


class IncidentAge(TriggerDefinition):
    """An incident is `minutes` old, is not closed, and has not reached the status `unless`.

    Each workflow starts at most once per incident and age, and only for incidents that reach the age while the workflow
    has this trigger. A new workflow does not start for last week's incidents.
    """

    event_members = {"minutes": NUMBER}

    on: Literal["incident.age"]
    minutes: Annotated[int, Field(ge=1, le=366 * 24 * 60, strict=True)]
    unless: Literal["acknowledged", "resolved"] | None = None

    def accepts(self, scope: Scope) -> bool:
        reached = STATUSES.index(str(scope["incident"]["status"]))
        return scope["event"]["minutes"] == self.minutes and reached < STATUSES.index(self.unless or "closed")


class Manual(TriggerDefinition):
    """Somebody requested it: `event.by`."""

    event_members = {"by": TEXT}

    on: Literal["manual"]
    """The trigger."""


# To add a trigger, define a class above and list it here.
Trigger = Annotated[
    IncidentCreated | IncidentStatusChanged | IncidentEscalated | IncidentAge | Manual,
    Field(discriminator="on"),
]


AnyAction = Annotated[ActionDefinition, RegisteredUnion(action_types)]
MOST_ACTIONS = 200


class WorkflowDefinition(WrittenDefinition):
    """A workflow of one `team`, or a global one: when `trigger` fires and `when` is true, run `actions`."""

    kind: Literal["workflow"]
    """The kind of document."""
    name: Name
    """The name, unique among workflows."""
    team: Name | None = None
    """The team whose incidents start it; global if omitted."""
    description: str = Field(default="", max_length=3000)
    """What the workflow is for."""
    enabled: bool = True
    """Whether the workflow can start."""
    trigger: Trigger
    """The event that starts it."""
    when: Condition | None = None
    """A condition over `incident` and `event`; the workflow starts only if it is true."""
    once_per_incident: bool = False
    """Whether it starts only once per incident, however often it is triggered."""
    timeout: PositiveDuration | None = None
    """How long the whole execution may take, including delays and waits."""
    actions: Annotated[tuple[AnyAction, ...], Field(min_length=1, max_length=MOST_ACTIONS)]
    """The actions, in the order in which they run."""

    @property
    def placed(self) -> tuple[FlattenedAction, ...]:
        """All actions in the order in which they run, including nested ones."""
        return tuple(in_order(self.actions))

    @model_validator(mode="after")
    def _refuse_an_id_twice(self) -> Self:
        placed = self.placed
        if len(placed) > MOST_ACTIONS:
            raise PydanticCustomError(
                "too_many",
                "There are {count} actions in total; a workflow may have at most {most}.",
                {"count": len(placed), "most": MOST_ACTIONS, "path": ["actions"]},
            )
        refuse_twice_at([(each.action.id, each.path) for each in placed], "actions")
        return self
