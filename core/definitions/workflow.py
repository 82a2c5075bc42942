"""The document `kind: workflow`: a trigger, a condition and ordered actions."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from core.actions.base import ActionDefinition
from core.actions.registry import action_types
from core.definitions.fields import Condition, Name
from core.definitions.registered import RegisteredUnion
from core.definitions.runbook import refuse_twice
from core.definitions.triggers import Trigger
from core.definitions.written import WrittenDefinition

AnyAction = Annotated[ActionDefinition, RegisteredUnion(action_types)]
MOST_ACTIONS = 200


class WorkflowDefinition(WrittenDefinition):
    """A workflow of one `team`, or a global one: when `trigger` happens and `when` is true, do `actions`."""

    kind: Literal["workflow"]
    name: Name
    team: Name | None = None
    description: str = Field(default="", max_length=3000)
    enabled: bool = True
    trigger: Trigger
    when: Condition | None = None
    once_per_incident: bool = False
    actions: Annotated[tuple[AnyAction, ...], Field(min_length=1, max_length=MOST_ACTIONS)]

    @model_validator(mode="after")
    def _refuse_an_id_twice(self) -> Self:
        refuse_twice([action.id for action in self.actions], "actions")
        return self
