"""Where a rehearsal, or a plan, takes place: the rows that a run would have, never near a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.callbacks import CallbackLinks
from core.decisions.execution import Execution, Json, Step
from core.definitions.masking import Masker
from core.definitions.runbook import RunbookDefinition
from core.definitions.secret_use import Destinations, SecretUse
from core.definitions.secrets import SecretPlaces, named_secrets
from core.execution.preparation import Context, Ports
from core.execution.scope import scope_of
from core.execution.secrets import SecretScope
from core.execution.state import policy_of
from core.statuses import Status
from core.tables import RunbookExecution

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
class Stage:
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
