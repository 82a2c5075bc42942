"""The document `kind: workflow`: a trigger, a condition and ordered actions."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.actions.base import ActionDefinition
from core.actions.registry import action_types
from core.definitions.arms import Placed, in_order
from core.definitions.durations import PositiveDuration
from core.definitions.fields import Condition, Name
from core.definitions.registered import RegisteredUnion
from core.definitions.triggers import Trigger
from core.definitions.unique import refuse_twice_at
from core.definitions.written import WrittenDefinition

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
    def placed(self) -> tuple[Placed, ...]:
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
