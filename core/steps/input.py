"""The `input` step: ask people for values, and wait until somebody has entered them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from core.decisions.approval_policy import ApprovalPolicy, describe_approvers
from core.definitions.durations import PositiveDuration, format_duration
from core.definitions.fields import Definition, Name, PublicJson, PublicText, SavedName, SlackUser
from core.definitions.inputs import values_given, with_run_defaults
from core.definitions.parameters import Schema, check_parameters, required
from core.definitions.steps import StepDefinition
from core.definitions.templates import render, render_text
from core.execution.preparation import Context, Inside, Prepared
from core.services.runs.inputs import NewInput, open_input
from core.statuses import Role, WaitingFor
from core.unit_of_work import UnitOfWork
from core.values.execution import Json, StepResult, Waits


class Respondents(Definition):
    """Who may answer: the listed `people`, or the members of `team` (default: the runbook's team) with `role`."""

    team: Name | None = None
    """The team whose members may answer. The default is the runbook's team, or the incident's if the runbook is
    global."""
    role: Literal["admin", "responder"] | None = None
    """The role that those members must have. An admin is also a responder."""
    people: Annotated[tuple[SlackUser, ...], Field(max_length=100)] = ()
    """Slack user ids of people who may also answer. If neither team nor role is given, only they may."""


class InputStep(StepDefinition):
    """Ask in the channel for values, and wait until somebody has entered them in a form.

    Later steps read them as `steps.ID.saved.NAME`; a value that was left out and has no default is null.
    `steps.ID.output` has `values` and `by`. The first valid answer counts. After `expires`, the step times out.

    This is no approval: the initiators of the run may answer, too. Whoever answers becomes an initiator, and so cannot
    approve what the values are used for. What is entered after an approval was not part of it: before a step uses such
    a value, approval is requested again.
    """

    touches_outside = False
    only_waits = True
    asks_for_values = True
    waits_for_people = True
    example = """
id: which
type: input
message: "Which replica of {{ params.cluster }} takes over?"
schema:
  type: object
  properties:
    replica: {type: string, pattern: "^db-[0-9]+$"}
    drain: {type: boolean, default: true}
  required: [replica]
from: {team: database, role: admin}
expires: 15m
"""

    type: Literal["input"]
    message: Annotated[PublicText, Field(min_length=1)]
    """What is asked."""
    values_schema: dict[str, JsonValue] = Field(alias="schema")
    """The values, as a JSON Schema of an object, like the parameters of a runbook; the form is made from it. It cannot
    have secrets (`writeOnly`, `format: password`), since the answer is shown in the channel."""
    defaults: dict[SavedName, PublicJson] = {}
    """Defaults that depend on the run, which take precedence over those in the schema."""
    respondents: Respondents = Field(default_factory=Respondents, alias="from")
    """Who may answer."""
    expires: PositiveDuration | None = timedelta(hours=1)
    """How long there is to answer; after that, the run times out. `null` means no limit."""

    def prepare(self, context: Context) -> Prepared:
        asked = NewInput(
            execution_id=context.execution_id,
            incident_id=context.incident_id,
            step_id=self.id,
            position=context.position,
            attempt=context.attempt,
            policy=self._policy(context),
            message=render_text(self.message, context.shown_scope, ("message",)),
            schema=self._schema(context),
            expires_at=context.now + self.expires if self.expires else None,
        )
        waits = Waits(WaitingFor.INPUT, asked.expires_at)
        return Inside(lambda work: _open(work, asked, waits), self._shown(asked), waits)

    def given(self, values: Mapping[str, Json], context: Context) -> tuple[Schema, Mapping[str, Json]]:
        """Return the schema in this run, and the values with defaults. Raises InvalidInput. For simulations."""
        schema = self._schema(context)
        return schema, values_given(schema, values)

    def _schema(self, context: Context) -> dict[str, JsonValue]:
        """Return the schema with the defaults of this run. Raises InvalidInput for a default that does not fit."""
        rendered = render(self.defaults, context.shown_scope, ("defaults",))
        assert isinstance(rendered, dict)
        optional = {
            **self.values_schema,
            "required": [n for n in required(self.values_schema) if n in rendered],
        }
        check_parameters(optional, rendered)
        return with_run_defaults(self.values_schema, rendered)

    def _shown(self, asked: NewInput) -> Json:
        limit = format_duration(self.expires) if self.expires else None
        who = describe_approvers(asked.policy)
        schema: dict[str, Json] = dict(asked.schema)
        return {"message": asked.message, "schema": schema, "from": who, "expires": limit}

    def _policy(self, context: Context) -> ApprovalPolicy:
        """Return who may answer: only the listed people if nothing else is given, otherwise a team's members, too."""
        named = self.respondents
        only_people = bool(named.people) and named.team is None and named.role is None
        return ApprovalPolicy(
            requester=context.requester,
            team=None if only_people else named.team or context.team,
            role=Role(named.role or Role.RESPONDER),
            people=named.people,
            allow_requester=True,
        )


def _open(work: UnitOfWork, asked: NewInput, waits: Waits) -> StepResult:
    open_input(work, asked)
    return waits
