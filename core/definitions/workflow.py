"""The document `kind: workflow`: its trigger and its actions.

What starts a workflow: one class a trigger, chosen by `on`.

The document `kind: workflow`: a trigger, a condition and ordered actions.
"""

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
STATUSES = tuple(
    status.value for status in IncidentStatus
)  # in the order in which an incident goes through them
SEVERITIES = tuple(severity.value for severity in Severity)


class TriggerDefinition(Definition):
    """What every trigger says. `event_members`: what `event` tells about it, in conditions and actions."""

    event_members: ClassVar[Mapping[str, Shape]] = {}

    def accepts(self, scope: Scope) -> bool:  # noqa: ARG002 what others look at
        """Whether an event of this trigger's name starts the workflow. `scope`: `event` and `incident`."""
        return True


class IncidentCreated(TriggerDefinition):
    """An incident was opened."""

    on: Literal["incident.created"]
    """What happens."""


class IncidentStatusChanged(TriggerDefinition):
    """An incident was acknowledged, resolved or closed. Left out: from, or to, any status."""

    event_members = {"from": choice(*STATUSES), "to": choice(*STATUSES), "by": TEXT}

    on: Literal["incident.status_changed"]
    before: Literal["open", "acknowledged", "resolved"] | None = Field(default=None, alias="from")
    after: Literal["acknowledged", "resolved", "closed"] | None = Field(default=None, alias="to")

    def accepts(self, scope: Scope) -> bool:
        event = scope["event"]
        return self.before in (None, event["from"]) and self.after in (None, event["to"])


class IncidentEscalated(TriggerDefinition):
    """An incident's severity was raised. `event.severity` is the new one, as `event.to` is."""

    event_members = {
        "from": choice(*SEVERITIES),
        "to": choice(*SEVERITIES),
        "severity": choice(*SEVERITIES),
        "by": TEXT,
    }

    on: Literal["incident.escalated"]


class IncidentAge(TriggerDefinition):
    """An incident is `minutes` old, and not closed; nor as far as `unless` says.

    Each workflow is started at most once for an incident and an age; by incidents that come of age while the workflow
    has this trigger, so one that is written today starts nothing for the incidents of last week.
    """

    event_members = {"minutes": NUMBER}

    on: Literal["incident.age"]
    minutes: Annotated[int, Field(ge=1, le=366 * 24 * 60, strict=True)]
    unless: Literal["acknowledged", "resolved"] | None = None

    def accepts(self, scope: Scope) -> bool:
        reached = STATUSES.index(str(scope["incident"]["status"]))
        return scope["event"]["minutes"] == self.minutes and reached < STATUSES.index(self.unless or "closed")


class Manual(TriggerDefinition):
    """Somebody asked for it: `event.by`."""

    event_members = {"by": TEXT}

    on: Literal["manual"]
    """What happens."""


# A new trigger is a class above and its name here.
Trigger = Annotated[
    IncidentCreated | IncidentStatusChanged | IncidentEscalated | IncidentAge | Manual,
    Field(discriminator="on"),
]


AnyAction = Annotated[ActionDefinition, RegisteredUnion(action_types)]
MOST_ACTIONS = 200


class WorkflowDefinition(WrittenDefinition):
    """A workflow of one `team`, or a global one: when `trigger` happens and `when` is true, do `actions`."""

    kind: Literal["workflow"]
    """What this document is."""
    name: Name
    """Unique among workflows."""
    team: Name | None = None
    """The team whose incidents start it; left out, it is global."""
    description: str = Field(default="", max_length=3000)
    """What it is for."""
    enabled: bool = True
    """Whether it starts at all."""
    trigger: Trigger
    """What starts it."""
    when: Condition | None = None
    """It starts only where this is true, over `incident` and `event`."""
    once_per_incident: bool = False
    """Whether it starts once for an incident, however often it is triggered."""
    timeout: PositiveDuration | None = None
    """How long all of it may take from its start, delays and waits included."""
    actions: Annotated[tuple[AnyAction, ...], Field(min_length=1, max_length=MOST_ACTIONS)]
    """What it does, one after the other."""

    @property
    def placed(self) -> tuple[FlattenedAction, ...]:
        """All actions in the order in which they run, nested ones too."""
        return tuple(in_order(self.actions))

    @model_validator(mode="after")
    def _refuse_an_id_twice(self) -> Self:
        placed = self.placed
        if len(placed) > MOST_ACTIONS:
            raise PydanticCustomError(
                "too_many",
                "These are {count} actions in all; a workflow may have at most {most}.",
                {"count": len(placed), "most": MOST_ACTIONS, "path": ["actions"]},
            )
        refuse_twice_at([(each.action.id, each.path) for each in placed], "actions")
        return self
