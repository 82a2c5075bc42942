"""The context of a simulation: ports that reach nothing, and a run that is not stored.

The ports of a rehearsal, and of a plan: they answer what a case says, or nothing, and reach nothing.

Where a rehearsal, or a plan, takes place: the rows that a run would have, never near a database.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.callbacks import CallbackLinks
from core.definitions.masking import Masker
from core.definitions.runbook import FakeAnswer, RunbookDefinition
from core.definitions.secret import Destinations, SecretUse
from core.definitions.secrets import SecretPlaces, named_secrets
from core.execution.preparation import Context, Ports, scope_of
from core.execution.secrets import SecretScope
from core.io.http import HttpRequest, NoAnswer
from core.io.process import Command, ProcessResult
from core.io.response import HttpResponse, read_response
from core.io.text import excerpt_of
from core.services.executions.loading import policy_of
from core.statuses import Status
from core.tables import RunbookExecution
from core.values.execution import Execution, Failed, Json, Step, StepResult, Succeeded


@dataclass(frozen=True)
class FakeHttp:
    """Answers every call alike."""

    answer: FakeAnswer

    def call(self, request: HttpRequest, limit: timedelta, stop: threading.Event) -> HttpResponse:  # noqa: ARG002 as in the port
        """Raises NoAnswer where the case says so."""
        if self.answer.no_answer:
            raise NoAnswer(f"No complete answer within {limit.total_seconds():g} s.")
        return read_response(self.answer.status, self.answer.headers, [_body(self.answer)], request.mask)

    def close(self) -> None:
        """There is nothing to close."""


@dataclass(frozen=True)
class FakeProcesses:
    """Answers every command alike."""

    answer: FakeAnswer

    def run(self, command: Command, limit: timedelta, stop: threading.Event) -> ProcessResult:  # noqa: ARG002 as in the port
        """Without an answer the command was cut short, as after its time."""
        given = self.answer
        ended = "timeout" if given.no_answer else "exit"
        stdout, stderr = (
            excerpt_of(text.encode("utf-8", "surrogatepass"), command.mask)
            for text in (given.stdout, given.stderr)
        )
        return ProcessResult(given.exit_code, stdout, stderr, ended)

    limits_programs = True  # which may be run, the workers know; here none is

    def check(self, command: Command) -> None:
        """Any command may be answered."""


def outcome(answer: FakeAnswer) -> StepResult:
    """What a step comes to, where the case says that itself."""
    if answer.error is not None:
        return Failed(answer.error, answer.output)
    return Succeeded(answer.output, answer.saved)


def _body(answer: FakeAnswer) -> bytes:
    """As it would come over the wire: what is made of it is what is made of any answer."""
    if answer.text is not None:
        return answer.text.encode("utf-8", "surrogatepass")
    is_given = "json_body" in answer.model_fields_set
    return json.dumps(answer.json_body).encode() if is_given else b""


EXECUTION_ID = "rbx_0000000000000000"
CALLBACKS = CallbackLinks("https://runbook.example", "of a rehearsal")


@dataclass(frozen=True)
class MadeUpSecrets:
    """Secrets of a case: each may be used everywhere, for nothing leaves."""

    values: Mapping[str, str]

    def give(self, name: str, use: SecretUse) -> tuple[str, Destinations]:  # noqa: ARG002 as in the port
        return self.values[name], Destinations(name, ())

    def hidden(self) -> tuple[str, ...]:
        return tuple(self.values.values())


@dataclass(frozen=True)
class SimulationContext:
    """A run that is not: of which definition, with what, for which incident (as expressions see it), for whom.

    `hidden`: the parameters that are secrets; in `parameters` stands `***`.
    """

    definition: RunbookDefinition
    parameters: Mapping[str, Json]
    incident: Mapping[str, object]
    requester: str
    version: int = 1
    hidden: Mapping[str, Json] = field(default_factory=dict)

    def scope(self, state: Execution) -> dict[str, object]:
        """What expressions see in this state, but the secrets."""
        row = RunbookExecution(
            id=EXECUTION_ID,
            runbook_name=self.definition.name,
            runbook_version=self.version,
            requested_by=self.requester,
            parameters=dict(self.parameters),
            workflow_execution_id=None,
        )
        return scope_of(row, state, self.incident, {})

    def context(
        self,
        state: Execution,
        position: int,
        ports: Ports,
        secrets: SecretScope | SecretPlaces,
        masker: Masker,
        now: datetime,
    ) -> Context:
        """What the step at `position` may know when it prepares."""
        step = state.steps[position]
        return Context(
            names=self.scope(state),
            secrets=secrets,
            key=f"{EXECUTION_ID}.{step.id}",
            execution_id=EXECUTION_ID,
            incident_id=str(self.incident["id"]),
            requester=self.requester,
            team=self.definition.team or str(self.incident["team"]),
            position=position,
            attempt=step.attempt + 1,
            now=now,
            ports=ports,
            masker=masker,
            hidden=self.hidden,
        )

    def beginning(self) -> Execution:
        """The run before its first step."""
        steps = tuple(Step(part.id, part.type, policy_of(part)) for part in self.definition.steps)
        return Execution(Status.PENDING, steps)


def used_secrets(definition: RunbookDefinition) -> set[str]:
    """The secrets that the definition uses; its test cases apart."""
    return named_secrets(definition.model_dump(mode="json", exclude={"tests"}))
