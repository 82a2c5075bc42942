"""The step `approval`: wait until enough of the named people agree."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.decisions.approval_policy import ApprovalPolicy, policy_to_json
from core.definitions.durations import PositiveDuration
from core.definitions.fields import Definition, Name, PublicText, SlackUser
from core.definitions.steps import StepDefinition
from core.definitions.templates import render_text
from core.execution.preparation import Context, Inside, Prepared
from core.services.runs.approvals import NewGate, open_gate
from core.statuses import Role, WaitingFor
from core.unit_of_work import UnitOfWork
from core.values.execution import Json, StepResult, Waits


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
    """Ask the channel, showing what will be sent. Nobody approves what they brought about: who asked for the run, who
    caused the event that started its workflow, who retried it. `allow_requester` lets them.

    An approval covers one attempt of what it showed, up to the next approval; if a step would send something else by
    then, it is asked again.
    """

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
    """Whether those who brought the run about may decide too."""
    approval_covers: Literal["attempt", "retries"] = "attempt"
    """What an approval lets run: one attempt, so that a retry asks again; or retries too, for `covers_for`."""
    covers_for: PositiveDuration | None = None
    """With `approval_covers: retries`, how old the approval may be."""
    message: PublicText | None = None
    """What they should know before they decide."""

    @property
    def covers_retries_for(self) -> timedelta | None:
        return self.covers_for

    @model_validator(mode="after")
    def _refuse_retries_without_an_age(self) -> "ApprovalStep":
        if (self.approval_covers == "retries") != (self.covers_for is not None):
            raise PydanticCustomError(
                "covers_without_age",
                "approval_covers: retries and covers_for go together. Say how old an approval may be, such as "
                "covers_for: 30m.",
            )
        return self

    def prepare(self, context: Context) -> Prepared:
        gate = NewGate(
            execution_id=context.execution_id,
            incident_id=context.incident_id,
            position=context.position,
            attempt=context.attempt,
            policy=self._policy(context),
            message=render_text(self.message or "", context.shown_scope, ("message",)),
            expires_at=context.now + self.expires if self.expires else None,
            shown=context.preview() if context.preview is not None else None,
            asked_again=context.asked_again,
        )
        shown: Json = {"policy": policy_to_json(gate.policy), "message": gate.message}
        return Inside(lambda work: _open(work, gate), shown, Waits(WaitingFor.APPROVAL, gate.expires_at))

    def _policy(self, context: Context) -> ApprovalPolicy:
        """Where only people are named, only they decide; otherwise a team: the named one, or the run's."""
        named = self.approvers
        only_people = bool(named.people) and named.team is None and named.role is None
        return ApprovalPolicy(
            requester=context.requester,
            initiators=context.initiators,
            team=None if only_people else named.team or context.team,
            role=Role(named.role or Role.RESPONDER),
            people=named.people,
            count=named.count,
            allow_requester=self.allow_requester,
        )


def _open(work: UnitOfWork, gate: NewGate) -> StepResult:
    open_gate(work, gate)
    return Waits(WaitingFor.APPROVAL, gate.expires_at)
