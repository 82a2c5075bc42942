"""The step `approval`: wait until enough of the named people agree."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.decisions.approval_policy import ApprovalPolicy
from core.decisions.execution import StepResult, Waits
from core.definitions.durations import PositiveDuration
from core.definitions.fields import Definition, Name, PublicText, SlackUser
from core.definitions.templates import render_text
from core.execution.preparation import Context, Inside, Prepared
from core.service import Work
from core.services.approvals import NewGate, open_gate
from core.statuses import Role, WaitingFor
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
    message: PublicText | None = None

    touches_outside = False

    def prepare(self, context: Context) -> Prepared:
        gate = NewGate(
            execution_id=context.execution_id,
            incident_id=context.incident_id,
            position=context.position,
            attempt=context.attempt,
            policy=self._policy(context),
            message=render_text(self.message or "", context.scope, ("message",)),
            expires_at=context.now + self.expires if self.expires else None,
        )
        return Inside(lambda work: _open(work, gate))

    def _policy(self, context: Context) -> ApprovalPolicy:
        """Where only people are named, only they decide; otherwise a team: the named one, or the run's."""
        named = self.approvers
        only_people = bool(named.people) and named.team is None and named.role is None
        return ApprovalPolicy(
            requester=context.requester,
            team=None if only_people else named.team or context.team,
            role=Role(named.role or Role.RESPONDER),
            people=named.people,
            count=named.count,
            allow_requester=self.allow_requester,
        )


def _open(work: Work, gate: NewGate) -> StepResult:
    open_gate(work, gate)
    return Waits(WaitingFor.APPROVAL, gate.expires_at)
