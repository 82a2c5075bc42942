"""The interface between steps and the executor: what a step may know, and what it answers.

What a step, or an action, says when it is asked to prepare: what it will do, before it does it.

Three answers are possible:

- a `StepResult`: nothing needs doing (it is skipped, it waits, it cannot be done);
- `Inside`: it is done in our own database, in the transaction that records it, so exactly once;
- `Outside`: it calls the world. Its `request`, secrets masked, is committed first; then `act` is called, at
  most once unless the step is safe to repeat.

Preparing touches nothing: a dry run prepares every step and does no more, and `runbook test` prepares each and acts
through ports that only answer what a test says.

What one step, or action, says of itself, with all that it may know: its condition, its scope, its own answer.

The names that expressions see while an execution runs.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from core.callbacks import CallbackLinks
from core.decisions.initiators import Initiators
from core.definitions.cel.expressions import compile_expression
from core.definitions.masking import Masker
from core.definitions.secret import Destinations
from core.definitions.secrets import HIDDEN, ROOT, HiddenParameters, SecretPlaces, texts_of
from core.definitions.steps import StepDefinition
from core.errors import ConfigurationError, RunbookError
from core.execution.secrets import SecretPort, SecretScope
from core.io.http import HttpRequest
from core.io.oauth import OAuthTokens
from core.io.process import Command, ProcessResult
from core.io.response import HttpResponse
from core.origins import Origins
from core.services.executions.loading import AnyExecution, AnyPart
from core.services.shared.unforeseen import unforeseen
from core.tables import RunbookExecution, WorkflowExecution
from core.values.execution import Execution, Failed, Json, StepResult, Succeeded

if TYPE_CHECKING:
    from core.unit_of_work import UnitOfWork


class HttpPort(Protocol):
    """The way to other machines; core.io.http.HttpCaller is it."""

    def call(self, request: HttpRequest, limit: timedelta, stop: threading.Event) -> HttpResponse:
        """Raises NotSent, NoAnswer, or NotAllowed for the egress policy."""

    def close(self) -> None:
        """Nothing is called any more."""


class ProcessPort(Protocol):
    """The way to programs on this machine; core.io.process.ProcessRunner is it."""

    def run(self, command: Command, limit: timedelta, stop: threading.Event) -> ProcessResult:
        """Raises OSError, or ValueError, where the command cannot be started."""

    def check(self, command: Command) -> None:
        """Raises NotAllowed for a command that may not be run here."""

    @property
    def limits_programs(self) -> bool:
        """Whether only listed programs may be run."""


@dataclass(frozen=True)
class Ports:
    """The ways outside that the process was composed with. `processes`: None where shell steps are off.

    `tokens`: what webhooks were given by authorization servers, while it is good.
    """

    http: HttpPort
    processes: ProcessPort | None
    secrets: SecretPort
    tokens: OAuthTokens = field(default_factory=OAuthTokens)
    callbacks: CallbackLinks = field(default_factory=CallbackLinks)
    origins: Origins = field(default_factory=Origins)


@dataclass(frozen=True)
class Context:
    """What a step may know when it prepares.

    `names`: what its expressions see, by name. `secrets`: what templates give out, whole, and expressions never see.
    `key`: the same for every attempt of this step.
    `requester`: the Slack id of who asked, or `workflow:NAME`. `resumed`: its wait is over, and was not in vain.
    `depth`: how many workflows one after the other caused the event that started this one. `deadline`: of the whole.
    `initiators`: who brought this run about. `preview`: what an approval would let run, rendered as far as it is
    known (core.execution.preview). `asked_again`: why, of a gate that was asked before. `maybe_done`: an attempt may
    have been made of which the database does not know, for it was restored.
    `hidden`: the parameters that are secrets, as they are; in `names` stands `***`.
    """

    names: Mapping[str, object]
    key: str
    execution_id: str
    incident_id: str
    requester: str
    team: str
    position: int
    attempt: int
    now: datetime
    ports: Ports
    masker: Masker
    resumed: bool = False
    depth: int = 0
    deadline: datetime | None = None
    initiators: Initiators = ()
    preview: Callable[[], list[Json]] | None = None
    asked_again: str | None = None
    maybe_done: bool = False
    secrets: SecretScope | SecretPlaces = field(default_factory=SecretPlaces)
    hidden: Mapping[str, Json] = field(default_factory=dict)

    @property
    def scope(self) -> Mapping[str, object]:
        """What is sent is rendered over this: the names that expressions see, and secrets by their values."""
        if not self.hidden:
            return {**self.names, ROOT: self.secrets}
        given = self.names["params"]
        assert isinstance(given, Mapping)
        return {**self.names, "params": {**given, **self.hidden}, ROOT: self.secrets}

    def masker_with(self, *more: str) -> Masker:
        """What hides the worker's secrets, this run's, and `more`."""
        return Masker((*self.ports.secrets.hidden(), *texts_of(self.hidden), *more))

    @property
    def shown_scope(self) -> Mapping[str, object]:
        """What is shown and kept is rendered over this: in the place of each secret stands which one it is."""
        return {**self.names, ROOT: SecretPlaces(), HIDDEN: HiddenParameters(self.hidden)}

    @property
    def carried(self) -> tuple[Destinations, ...]:
        """Where the secrets may go that were rendered so far: what a request that has them must say."""
        return self.secrets.carried if isinstance(self.secrets, SecretScope) else ()

    def apart(self) -> "Context":
        """For another request of the same step, which carries none of the secrets of this one."""
        secrets = self.secrets
        return replace(self, secrets=secrets.apart()) if isinstance(secrets, SecretScope) else self


@dataclass(frozen=True)
class Inside:
    """`shown`: what it will do, secrets masked, for who asks beforehand. `comes_to`: what `act` answers if it works."""

    act: Callable[["UnitOfWork"], StepResult]
    shown: Json = None
    comes_to: StepResult = field(default_factory=Succeeded)


@dataclass(frozen=True)
class Outside:
    """`request`: all of it, secrets by their places: it is kept, shown, and what an approval is for.

    `act` is given the event that is set when it should stop (the run was cancelled).
    """

    request: Json
    act: Callable[[threading.Event], StepResult]


Prepared = StepResult | Inside | Outside


@runtime_checkable
class Preparable(Protocol):
    """What a type of step or action must be, beside its fields."""

    def prepare(self, context: Context) -> Prepared:
        """Say what it will do, without doing it. Raises RunbookError where it cannot be done, which fails it."""


@runtime_checkable
class Awaiting(Protocol):
    """A type of step that another system calls back."""

    def called_back(self, body: Json, context: Context) -> StepResult:
        """What it comes to with this body."""


def prepare_part(part: AnyPart, context: Context, parts: Sequence[AnyPart]) -> Prepared:
    """What the step, or action, will do. `parts`: all there are. Where it cannot be prepared it fails, for good."""
    try:
        context = _with_callbacks(context, parts)
        if part.condition is not None and not compile_expression(part.condition).is_true(context.scope):
            return part.unmet()
        if not isinstance(part, Preparable):
            raise ConfigurationError(f"The type {part.type} has fields, but no `prepare`: it can do nothing.")
        return part.prepare(context)
    except RunbookError as error:
        return Failed(context.masker.mask(str(error)), final=True)
    except Exception as error:  # noqa: BLE001 whatever people's values make of it, the worker lives
        said = unforeseen(error, context.execution_id, part.id, "It could not be prepared", context.hidden)
        return Failed(said, final=True)


def _with_callbacks(context: Context, parts: Sequence[AnyPart]) -> Context:
    """Where the runbook has steps that are called back, `callbacks` has their addresses, which nobody else may see.

    Raises ConfigurationError where nobody could call back: at the first step, before anything happened.
    """
    ids = [part.id for part in parts if isinstance(part, StepDefinition) and part.is_called_back]
    if not ids:
        return context
    urls = context.ports.callbacks.urls(context.execution_id, ids)
    tokens = [url.rpartition("/")[2] for url in urls.values()]
    masker = context.masker_with(*tokens)
    return replace(context, names={**context.names, "callbacks": urls}, masker=masker)


def scope_of(
    row: AnyExecution, state: Execution, incident: Mapping[str, object], event: Mapping[str, object]
) -> dict[str, object]:
    """`event`: what started a workflow. Secrets are not among them: a step resolves those that it names."""
    done = {
        step.id: {
            "status": step.status.value,
            "output": step.output,
            "saved": dict(step.saved),
            "error": step.error,
        }
        for step in state.steps
    }
    if isinstance(row, WorkflowExecution):
        return {"incident": incident, "actions": done, "event": event}
    return {"incident": incident, "params": row.parameters, "steps": done, "execution": _execution(row)}


def _execution(row: RunbookExecution) -> dict[str, object]:
    return {
        "id": row.id,
        "runbook": row.runbook_name,
        "runbook_version": row.runbook_version,
        "requested_by": row.requested_by,
        "workflow_execution_id": row.workflow_execution_id or "",
    }
