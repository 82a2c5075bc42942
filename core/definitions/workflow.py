"""The document `kind: workflow`: a trigger, a condition and ordered actions."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.actions import ActionDefinition, FlattenedAction, action_types, in_order
from core.definitions.cron import CronText, ZoneName
from core.definitions.durations import PositiveDuration
from core.definitions.fields import Condition, Definition, Name, refuse_twice_at
from core.definitions.schedule import CatchUp, ScheduledIncident
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


class Schedule(TriggerDefinition):
    """It is time: each occurrence opens an incident of kind `maintenance`, and the workflow runs in it.

    A local time that does not exist, because clocks are put forward, is the first instant after the gap. One that
    exists twice, because clocks are put back, is the first of the two. After a downtime, only the latest missed
    occurrence starts; the others are recorded in the audit trail. Occurrences before the workflow was approved or
    enabled do not start. If the channel is that of another open incident, the occurrence does not start, and that
    channel is told.

    The incident is closed when the workflow and everything it started succeeded; otherwise it stays open. It does not
    trigger other workflows.
    """

    event_members = {"at": TEXT, "local": TEXT}

    on: Literal["schedule"]
    """The trigger."""
    cron: CronText
    """When, as a cron expression of five fields: minute, hour, day of the month, month, day of the week."""
    timezone: ZoneName = "UTC"
    """The time zone of these times, an IANA name such as Europe/Berlin."""
    catch_up: CatchUp = timedelta(hours=1)
    """How late an occurrence may start, if no scheduler was running; at most 24h."""
    incident: ScheduledIncident
    """The incident to open."""


# To add a trigger, define a class above and list it here.
Trigger = Annotated[
    IncidentCreated | IncidentStatusChanged | IncidentEscalated | IncidentAge | Manual | Schedule,
    Field(discriminator="on"),
]


NO_WHEN = (
    "A schedule has no condition: its incident is opened before one could be checked. Use if of the actions."
)


def check_whose(team: str | None, owner: str | None) -> None:
    """Raise PydanticCustomError unless a scheduled incident has one team that its workflow (None: global) may act for.

    `team`: that its definition names.
    """
    path = ["trigger", "incident"]
    if team is None and owner is None:
        sentence = "A global workflow with a schedule must say whose incident it opens. Add team: … here."
        raise PydanticCustomError("whose", sentence, {"path": path})
    if None not in (team, owner) and team != owner:
        sentence = "The workflow belongs to team {owner}, so its incident cannot belong to {team}."
        raise PydanticCustomError("whose", sentence, {"owner": owner, "team": team, "path": [*path, "team"]})


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
    def _check_schedule(self) -> Self:
        if isinstance(self.trigger, Schedule):
            check_whose(self.trigger.incident.team, self.team)
            if self.when is not None:
                raise PydanticCustomError("when_scheduled", NO_WHEN, {"path": ["when"]})
        return self

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
