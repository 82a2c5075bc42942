"""The step `approval`: wait until enough of the named people agree."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.durations import PositiveDuration
from core.definitions.fields import Definition, Name, SlackUser, TemplateText
from core.steps.base import StepDefinition


class Approvers(Definition):
    """Who may decide: `people` by name, or those of `team` (left out: the runbook's team) who have `role`."""

    team: Name | None = None
    role: Literal["admin", "responder"] | None = None
    people: Annotated[tuple[SlackUser, ...], Field(max_length=100)] = ()
    count: Annotated[int, Field(ge=1, le=20, strict=True)] = 1

    @model_validator(mode="after")
    def _refuse_an_impossible_count(self) -> "Approvers":
        if self.people and not (self.team or self.role) and self.count > len(set(self.people)):
            raise PydanticCustomError(
                "impossible_count",
                "count is {count}, but only {people} people may decide. Name more people or lower count.",
                {"count": self.count, "people": len(set(self.people))},
            )
        return self


class ApprovalStep(StepDefinition):
    """Ask the channel. Nobody approves what they requested themselves, unless `allow_requester` says so."""

    type: Literal["approval"]
    approvers: Approvers = Field(default_factory=Approvers)
    expires: PositiveDuration | None = timedelta(hours=1)
    allow_requester: bool = False
    message: TemplateText | None = None
