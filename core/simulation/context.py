"""The context of a simulation: ports that return a test case's answers, and a run that exists only in memory."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.callbacks import CallbackLinks
from core.decisions.children import PlannedChild
from core.decisions.initiators import Initiators
from core.definitions.masking import Masker
from core.definitions.run_values import compute_values
from core.definitions.runbook import FakeAnswer, RunbookDefinition
from core.definitions.secret import SecretUse
from core.definitions.secrets import SecretPlaces, named_secrets
from core.execution.preparation import Context, Ports
from core.execution.scope import names_at_start, results_of, scope_of
from core.execution.secrets import SecretScope
from core.io.aws_scope import AwsScope
from core.io.http import HttpRequest, NoAnswer
from core.io.process import Command, ProcessResult
from core.io.remote import RemoteCommand, RemoteResult
from core.io.response import HttpResponse, read_response
from core.io.rows import Rows
from core.io.statements import SqlResult, SqlWork, StatementResult
from core.io.text import Mask, excerpt_of
from core.io.tls import Access, Tls
from core.services.executions.loading import policy_of
from core.statuses import Status
from core.tables import RunbookExecution
from core.values.destinations import Destinations
from core.values.execution import Execution, Failed, Json, Step, StepResult, Succeeded


@dataclass(frozen=True)
class FakeHttp:
    """Answers every call with the same response."""

    answer: FakeAnswer

    def call(self, request: HttpRequest, limit: timedelta, stop: threading.Event) -> HttpResponse:  # noqa: ARG002 as in the port
        """Return the case's response. Raises NoAnswer if the case says so."""
        if self.answer.no_answer:
            raise NoAnswer(f"No complete answer within {limit.total_seconds():g} s.")
        return read_response(self.answer.status, self.answer.headers, [_body(self.answer)], request.mask)

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


def made_up_access(text: str, server: str, context: str | None, *, insecure: bool) -> Access:  # noqa: ARG001 as in the port
    """Return access without credentials: those of a case are made up."""
    return Access(Tls())


class NoSignature:
    """Signs nothing: a case has no credentials."""

    def signed(self, request: HttpRequest, scope: AwsScope, stop: threading.Event) -> HttpRequest:  # noqa: ARG002 as in the port
        """Return the request as it is."""
        return request


@dataclass(frozen=True)
class FakeProcesses:
    """Answers every command with the same result."""

    answer: FakeAnswer

    def run(self, command: Command, limit: timedelta, stop: threading.Event) -> ProcessResult:  # noqa: ARG002 as in the port
        """Return the case's result. Without an answer, the command was cut short by its time limit."""
        given = self.answer
        ended = "timeout" if given.no_answer else "exit"
        stdout, stderr = _outputs(given, command.mask)
        return ProcessResult(given.exit_code, stdout, stderr, ended)

    limits_programs = True  # only the workers know which programs are allowed, and none runs here

    def check(self, command: Command) -> None:
        """Accept any command."""


@dataclass(frozen=True)
class FakeSsh:
    """Answers every remote command with the same result."""

    answer: FakeAnswer

    def run(self, command: RemoteCommand, limit: timedelta, stop: threading.Event) -> RemoteResult:  # noqa: ARG002 as in the port
        """Return the case's result. Without an answer, the connection was lost."""
        stdout, stderr = _outputs(self.answer, command.mask)
        ended = "lost" if self.answer.no_answer else "exit"
        return RemoteResult(self.answer.exit_code, stdout, stderr, ended, is_over=ended == "exit")


@dataclass(frozen=True)
class FakeSql:
    """Answers the last statement with the case's rows, and those before it with none."""

    answer: FakeAnswer

    def execute(self, work: SqlWork, limit: timedelta, stop: threading.Event) -> SqlResult:  # noqa: ARG002 as in the port
        """Return the case's rows. Raises NoAnswer if the case says so."""
        if self.answer.no_answer:
            raise NoAnswer("The connection was lost while the transaction was committed.")
        collected = Rows(work.max_rows, work.mask)
        for row in self.answer.rows:
            collected.add(row)
        count = self.answer.row_count
        last = collected.result(len(self.answer.rows) if count is None else count)
        return SqlResult((*[StatementResult()] * (len(work.statements) - 1), last))


def outcome(answer: FakeAnswer) -> StepResult:
    """Return the step's result if the case states it directly."""
    if answer.error is not None:
        return Failed(answer.error, answer.output)
    return Succeeded(answer.output, answer.saved)


def _outputs(answer: FakeAnswer, mask: Mask) -> tuple[str, str]:
    """Return what the command wrote to its two outputs, as a real one is kept."""
    stdout, stderr = (text.encode("utf-8", "surrogatepass") for text in (answer.stdout, answer.stderr))
    return excerpt_of(stdout, mask), excerpt_of(stderr, mask)


def _body(answer: FakeAnswer) -> bytes:
    """Return the body as it would come over the wire, so that it is processed like any other response."""
    if answer.text is not None:
        return answer.text.encode("utf-8", "surrogatepass")
    is_given = "json_body" in answer.model_fields_set
    return json.dumps(answer.json_body).encode() if is_given else b""


EXECUTION_ID = "rbx_0000000000000000"
CALLBACKS = CallbackLinks("https://runbook.example", "of a simulation")


@dataclass(frozen=True)
class MadeUpSecrets:
    """The made-up secrets of a test case. Each may be used anywhere, since nothing is sent."""

    values: Mapping[str, str]

    def give(self, name: str, use: SecretUse) -> tuple[str, Destinations]:  # noqa: ARG002 as in the port
        return self.values[name], Destinations(name, ())

    def hidden(self) -> tuple[str, ...]:
        return tuple(self.values.values())


@dataclass(frozen=True)
class SimulationContext:
    """A run that exists only in memory.

    `incident`: as expressions see it. `requester`: a Slack user id. `hidden`: the values of secret parameters; in
    `parameters` they appear as `***`. `outer`: what a child run sees of its parent. `initiators`: who would have
    initiated it, and so could not decide.
    """

    definition: RunbookDefinition
    parameters: Mapping[str, Json]
    incident: Mapping[str, object]
    requester: str
    version: int = 1
    hidden: Mapping[str, Json] = field(default_factory=dict)
    values: Mapping[str, Json] = field(default_factory=dict)
    outer: Mapping[str, object] = field(default_factory=dict)
    initiators: Initiators = ()

    def inside(self, state: Execution, position: int, child: PlannedChild) -> "SimulationContext":
        """Return the context of a child run of the step at `position` that runs steps written inside it."""
        step = self.definition.all_steps[position]
        steps = next(tuple(inner) for place, inner in step.inner_steps if place == child.source)
        alone = {"steps": steps, "finally_steps": (), "lock": None, "timeout": None}
        before = {**self.scope(state), "steps": results_of(state.steps[:position])}
        item = {child.variable: child.value} if child.variable is not None else {}
        outer = {"steps": before["steps"], **self.outer, **item}
        return replace(self, definition=self.definition.model_copy(update=alone), outer=outer)

    def with_values(self, execution_id: str) -> "SimulationContext":
        """Return the context with the values of the run. `execution_id`: what they see as `execution.id`.

        Raises ExpressionError if one cannot be evaluated.
        """
        row = self._row()
        row.id = execution_id
        computed = compute_values(self.definition.values, names_at_start(row, self.incident))
        return replace(self, values=computed)

    def scope(self, state: Execution) -> dict[str, object]:
        """Return the names that expressions see in this state; secrets are not among them."""
        return scope_of(self._row(), state, self.incident, {}, self.outer)

    def _row(self) -> RunbookExecution:
        return RunbookExecution(
            id=EXECUTION_ID,
            runbook_name=self.definition.name,
            runbook_version=self.version,
            requested_by=self.requester,
            parameters=dict(self.parameters),
            values=dict(self.values),
            workflow_execution_id=None,
        )

    def context(
        self,
        state: Execution,
        position: int,
        ports: Ports,
        secrets: SecretScope | SecretPlaces,
        masker: Masker,
        now: datetime,
    ) -> Context:
        """Return the context of the step at `position`."""
        step = state.steps[position]
        return Context(
            names=self.scope(state),
            secrets=secrets,
            key=f"{EXECUTION_ID}.{step.id}",
            execution_id=EXECUTION_ID,
            incident_id=str(self.incident["id"]),
            requester=self.requester,
            initiators=self.initiators,
            team=self.definition.team or str(self.incident["team"]),
            position=position,
            attempt=step.attempt + 1,
            now=now,
            ports=ports,
            masker=masker,
            hidden=self.hidden,
            progress=step.progress,
        )

    def beginning(self) -> Execution:
        """Return the state of the run before its first step."""
        parts, finally_from = self.definition.all_steps, len(self.definition.steps)
        steps = tuple(
            Step(part.id, part.type, policy_of(part, in_finally=at >= finally_from))
            for at, part in enumerate(parts)
        )
        limit = self.definition.finally_timeout
        return Execution(Status.PENDING, steps, finally_timeout=limit)


def used_secrets(definition: RunbookDefinition) -> set[str]:
    """Return the names of the secrets that the definition uses, not counting its test cases."""
    return named_secrets(definition.model_dump(mode="json", exclude={"tests"}))
