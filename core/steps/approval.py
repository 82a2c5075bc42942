"""The `approval` step: wait until enough of the approvers have approved."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.decisions.approval_policy import ApprovalPolicy, Deciders, describe_approvers, policy_to_json
from core.decisions.escalation import Escalation
from core.decisions.initiators import has_agent
from core.definitions.durations import PositiveDuration, format_duration
from core.definitions.fields import Definition, Name, PublicText, SlackChannel, SlackUser
from core.definitions.steps import OWN_TEAM, StepDefinition
from core.definitions.templates import render_text
from core.execution.preparation import Context, Inside, Prepared
from core.services.runs.gate_opening import NewGate, Notify, open_gate
from core.statuses import Role, WaitingFor
from core.unit_of_work import UnitOfWork
from core.values.execution import Json, StepResult, Waits


class Approvers(Definition):
    """Who may decide: the listed `people`, or the members of `team` (default: the runbook's team) with `role`."""

    team: Name | None = None
    """The team whose members may decide. The default is the runbook's team, or the incident's if the runbook is
    global."""
    role: Literal["admin", "responder"] | None = None
    """The role that those members must have. An admin is also a responder."""
    people: Annotated[tuple[SlackUser, ...], Field(max_length=100)] = ()
    """Slack user ids of people who may also decide. If neither team nor role is given, only they may."""
    count: Annotated[int, Field(ge=1, le=20, strict=True)] = 1
    """How many people must approve. A single rejection is final."""

    @model_validator(mode="after")
    def _refuse_an_impossible_count(self) -> "Approvers":
        if self.people and not (self.team or self.role) and self.count > len(set(self.people)):
            raise PydanticCustomError(
                "impossible_count",
                "count is {count}, but people names only {people}. Name more people or lower count.",
                {"count": self.count, "people": len(set(self.people))},
            )
        return self

    def policy(self, default_team: str | None, requester: str = "") -> ApprovalPolicy:
        """Return the policy: only the listed people if nothing else is given, otherwise a team's members as well."""
        only_people = bool(self.people) and self.team is None and self.role is None
        return ApprovalPolicy(
            requester=requester,
            team=None if only_people else self.team or default_team,
            role=Role(self.role or Role.RESPONDER),
            people=self.people,
            count=self.count,
        )


class EscalateTo(Definition):
    """Who may decide as well, later: the members of `team` with `role`, and the listed `people`."""

    team: Name | None = None
    """The team whose members may decide as well. The default, with a role, is the runbook's team, or the incident's if
    the runbook is global."""
    role: Literal["admin", "responder"] | None = None
    """The role that those members must have. An admin is also a responder."""
    people: Annotated[tuple[SlackUser, ...], Field(max_length=100)] = ()
    """Slack user ids of people who may decide as well."""
    channel: SlackChannel | None = None
    """The id (C…) of a channel in which the request is shown as well. The incident's team must declare it in its team
    document. This alone lets nobody decide."""

    @model_validator(mode="after")
    def _refuse_nobody(self) -> "EscalateTo":
        if not (self.team or self.role or self.people or self.channel):
            raise PydanticCustomError("escalates_to_nobody", "Give a team, a role, people or a channel.")
        return self


class NotifyElsewhere(Definition):
    """Where the request is shown besides the incident's channel. It is one request: all its messages close together."""

    channel: SlackChannel | None = None
    """The id (C…) of another channel. The incident's team must declare it in its team document."""
    dm: bool = False
    """Whether the people who may decide get it as a direct message, too: the first ten of them."""

    @model_validator(mode="after")
    def _refuse_nowhere(self) -> "NotifyElsewhere":
        if self.channel is None and not self.dm:
            raise PydanticCustomError("notifies_nowhere", "Give a channel, or set dm: true.")
        return self


class ApprovalStep(StepDefinition):
    """Ask for approval in the channel, and show what will be sent.

    People cannot approve what they initiated: the requester of the run, whoever caused the event that started its
    workflow, and anyone who retried it. `allow_requester` lifts this rule. An approval covers one attempt of the steps
    that it showed, up to the next approval step. If one of them would send something different from what was shown,
    approval is requested again.

    Those who may decide are reminded when half of the time is over, and shortly before its end, unless the time is
    shorter than 6 minutes.
    """

    touches_outside = False
    only_waits = True
    waits_for_people = True
    words_say_all = True
    example = """
id: gate
type: approval
approvers: {team: database, role: admin, count: 1}
expires: 15m
escalate_after: 10m
escalate_to: {people: [U0HEADOFOPS]}
notify: {dm: true}
message: "The replica of {{ params.cluster }} takes over."
"""

    type: Literal["approval"]
    approvers: Approvers = Field(default_factory=Approvers)
    """Who may decide."""
    expires: PositiveDuration | None = timedelta(hours=1)
    """How long the approvers have; after that, the run times out. `null` means no limit."""
    allow_requester: bool = False
    """Whether the people who initiated the run may decide, too. Never those behind an agent that proposed it."""
    approval_covers: Literal["attempt", "retries"] = "attempt"
    """What an approval covers: `attempt`, so that a retry needs a new approval; or `retries` as well, for the time
    given by `covers_for`."""
    covers_for: PositiveDuration | None = None
    """With `approval_covers: retries`, how old the approval may be."""
    message: PublicText | None = None
    """What the approvers should know before they decide."""

    escalate_after: PositiveDuration | None = None
    """With `escalate_to`, how long to wait for a decision before others may decide as well."""
    escalate_to: EscalateTo | None = None
    """Who may decide as well after `escalate_after`. They are told. As many people as before must approve, and those
    who initiated the run still cannot."""
    notify: NotifyElsewhere | None = None
    """Where the request is shown as well, with the same buttons."""

    def in_words(self) -> str:
        policy = self.approvers.policy(OWN_TEAM)
        needed = "approval" if policy.count == 1 else f"{policy.count} approvals"
        limit = f", at most {format_duration(self.expires)}" if self.expires else ""
        others = " Whoever requested the run may approve it, too." if self.allow_requester else ""
        return f"Wait for {needed} by {describe_approvers(policy)}{limit}.{others}"

    @property
    def covers_retries_for(self) -> timedelta | None:
        return self.covers_for

    @model_validator(mode="after")
    def _refuse_retries_without_an_age(self) -> "ApprovalStep":
        if (self.approval_covers == "retries") != (self.covers_for is not None):
            raise PydanticCustomError(
                "covers_without_age",
                "approval_covers: retries and covers_for go together. Set how old an approval may be, such as "
                "covers_for: 30m.",
            )
        return self

    @model_validator(mode="after")
    def _refuse_half_an_escalation(self) -> "ApprovalStep":
        if (self.escalate_after is None) != (self.escalate_to is None):
            raise PydanticCustomError(
                "escalates_by_half", "escalate_after and escalate_to go together. Give both, or neither."
            )
        if self.escalate_after and self.expires and self.escalate_after >= self.expires:
            raise PydanticCustomError(
                "escalates_too_late",
                "escalate_after is not before the end of the gate (expires). Escalate earlier, or let it expire later.",
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
            shown=context.preview(context) if context.preview is not None else None,
            asked_again=context.asked_again,
            notify=Notify(self.notify.channel, self.notify.dm) if self.notify else None,
            escalation=self._escalation(context),
        )
        shown: Json = {"policy": policy_to_json(gate.policy), "message": gate.message}
        return Inside(lambda work: _open(work, gate), shown, Waits(WaitingFor.APPROVAL, gate.expires_at))

    def _policy(self, context: Context) -> ApprovalPolicy:
        policy = self.approvers.policy(context.team, context.requester)
        is_allowed = self.allow_requester and not has_agent(context.initiators)
        return replace(policy, initiators=context.initiators, allow_requester=is_allowed)

    def _escalation(self, context: Context) -> Escalation | None:
        to, after = self.escalate_to, self.escalate_after
        if to is None or after is None:
            return None
        team = to.team or (context.team if to.role else None)
        deciders = Deciders(team, Role(to.role or Role.RESPONDER), to.people) if team or to.people else None
        return Escalation(context.now + after, deciders, to.channel)


def _open(work: UnitOfWork, gate: NewGate) -> StepResult:
    open_gate(work, gate)
    return Waits(WaitingFor.APPROVAL, gate.expires_at)
