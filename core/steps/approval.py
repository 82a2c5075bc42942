"""The step `approval`: wait until enough of the named people agree."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.decisions.approval_policy import ApprovalPolicy
from core.decisions.execution import Json, StepResult, Waits
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
    """The team whose members may decide; left out, the runbook's or the incident's."""
    role: Literal["admin", "responder"] | None = None
    """What they must be there. An admin is a responder too."""
    people: Annotated[tuple[SlackUser, ...], Field(max_length=100)] = ()
    """Slack user ids of those who may decide besides, or alone where neither team nor role is given."""
    count: Annotated[int, Field(ge=1, le=20, strict=True)] = 1
    """How many must approve. One rejection decides."""

    @model_validator(mode="after")
    def _refuse_an_impossible_count(self) -> "Approvers":
        if self.people and not (self.team or self.role) and self.count > len(set(self.people)):
            raise PydanticCustomError(
                "impossible_count",
                "count is {count}, but people names only {people}. Name more people or lower count.",
                {"count": self.count, "people": len(set(self.people))},
            )
        return self


class ApprovalStep(StepDefinition):
    """Ask the channel. Nobody approves what they requested themselves, unless `allow_requester` says so."""

    touches_outside = False
    example = """
id: gate
type: approval
approvers: {team: database, role: admin, count: 1}
expires: 15m
message: "The replica of {{ params.cluster }} takes over."
"""

    type: Literal["approval"]
    approvers: Approvers = Field(default_factory=Approvers)
    """Who may decide."""
    expires: PositiveDuration | None = timedelta(hours=1)
    """How long they have; then the run has timed out. `null`: as long as it takes."""
    allow_requester: bool = False
    """Whether who asked for the run may decide too."""
    message: PublicText | None = None
    """What they should know before they decide."""

    def prepare(self, context: Context) -> Prepared:
        gate = NewGate(
            execution_id=context.execution_id,
            incident_id=context.incident_id,
            position=context.position,
            attempt=context.attempt,
            policy=self._policy(context),
            message=render_text(self.message or "", context.shown_scope, ("message",)),
            expires_at=context.now + self.expires if self.expires else None,
        )
        shown: Json = {"policy": _policy_json(gate.policy), "message": gate.message}
        return Inside(lambda work: _open(work, gate), shown, Waits(WaitingFor.APPROVAL, gate.expires_at))

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


def _policy_json(policy: ApprovalPolicy) -> Json:
    return {**asdict(policy), "role": policy.role.value, "people": list(policy.people)}


def _open(work: Work, gate: NewGate) -> StepResult:
    open_gate(work, gate)
    return Waits(WaitingFor.APPROVAL, gate.expires_at)
