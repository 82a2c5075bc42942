"""The document `kind: workflow`: a trigger, a condition and ordered actions."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from core.actions.base import ActionDefinition
from core.actions.registry import action_types
from core.definitions.fields import Condition, Definition, Name
from core.definitions.registered import RegisteredUnion
from core.definitions.runbook import refuse_twice
from core.definitions.triggers import Trigger

AnyAction = Annotated[ActionDefinition, RegisteredUnion(action_types)]
MOST_ACTIONS = 200


class WorkflowDefinition(Definition):
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
    actions: Annotated[tuple[AnyAction, ...], Field(min_length=1, max_length=MOST_ACTIONS)]
    """What it does, one after the other."""

    @model_validator(mode="after")
    def _refuse_an_id_twice(self) -> Self:
        refuse_twice([action.id for action in self.actions], "actions")
        return self
