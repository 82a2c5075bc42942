"""The interface between steps (or actions) and the executor: `Context` goes in, `Prepared` comes out.

A step's `prepare` returns one of three things and changes nothing:

- a `StepResult`: there is nothing to do (it is skipped, it waits, it cannot be done);
- `Inside`: an act in our own database, in the transaction that records it, so it happens exactly once;
- `Outside`: a call to another system. Its `request`, secrets masked, is committed first; then `act` is called, at
  most once unless the step is safe to repeat.

So a dry run can prepare every step, and `runbook test` can act through ports that return a test's answers.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from core.callbacks import CallbackLinks
from core.decisions.children import PlannedChildren
from core.decisions.initiators import Initiators
from core.decisions.polling import judge_look
from core.definitions.cel.expressions import compile_expression
from core.definitions.fields import Poll
from core.definitions.masking import Masker
from core.definitions.parameters import Schema
from core.definitions.secrets import HIDDEN, ROOT, HiddenParameters, SecretPlaces, texts_of
from core.definitions.steps import StepDefinition
from core.errors import ConfigurationError, RunbookError
from core.execution.secrets import SecretPort, SecretScope
from core.io.aws_scope import AwsScope
from core.io.http import HttpRequest
from core.io.oauth import OAuthTokens
from core.io.process import Command, ProcessResult
from core.io.remote import RemoteCommand, RemoteResult
from core.io.response import HttpResponse
from core.io.statements import SqlResult, SqlWork
from core.io.tls import Access
from core.origins import Origins
from core.services.executions.loading import AnyPart
from core.services.shared.unforeseen import unforeseen
from core.values.destinations import Destinations
from core.values.execution import Failed, InProgress, Json, StepResult, Succeeded, Waits

if TYPE_CHECKING:
    from core.unit_of_work import UnitOfWork


class HttpPort(Protocol):
    """Sends HTTP requests. Implemented by core.io.http.HttpCaller."""

    def call(self, request: HttpRequest, limit: timedelta, stop: threading.Event) -> HttpResponse:
        """Send the request. Raises NotSent, NoAnswer, or NotAllowed if the egress policy forbids the host."""

    def close(self) -> None:
        """Close the connections. No call may follow."""


class ProcessPort(Protocol):
    """Runs programs on this machine. Implemented by core.io.process.ProcessRunner."""

    def run(self, command: Command, limit: timedelta, stop: threading.Event) -> ProcessResult:
        """Run the command. Raises OSError or ValueError if it cannot be started."""

    def check(self, command: Command) -> None:
        """Raise NotAllowed for a command that may not be run here."""

    @property
    def limits_programs(self) -> bool:
        """True if only listed programs may be run."""


class SshPort(Protocol):
    """Runs commands on other machines. Implemented by core.io.ssh.SshRunner."""

    def run(self, command: RemoteCommand, limit: timedelta, stop: threading.Event) -> RemoteResult:
        """Run the command. Raises NotSent (Refused if another attempt would not help), NoAnswer or NotAllowed."""


class SqlPort(Protocol):
    """Executes statements in databases. Implemented by core.io.sql.SqlRunner."""

    def execute(self, work: SqlWork, limit: timedelta, stop: threading.Event) -> SqlResult:
        """Execute the statements in one transaction. Raises what `SshPort.run` raises."""


class ClusterPort(Protocol):
    """Reads the credentials of Kubernetes clusters. Implemented by core.io.kubeconfig."""

    def __call__(self, text: str, server: str, context: str | None, *, insecure: bool) -> Access:
        """Return the access to the server that the kubeconfig describes. Raises InvalidInput."""


class AwsPort(Protocol):
    """Signs requests to AWS. Implemented by core.io.aws.AwsSigner."""

    def signed(self, request: HttpRequest, scope: AwsScope, stop: threading.Event) -> HttpRequest:
        """Return the request with its signature. Raises RunbookError if there are no credentials for it."""


@dataclass(frozen=True)
class Ports:
    """The ports to the outside that the process was composed with.

    `processes`: None if shell steps are disabled. `tokens`: a cache of the access tokens of OAuth 2 servers. `ssh`,
    `sql`, `aws`: None if their libraries are not installed. `clusters`: None where no step acts.
    """

    http: HttpPort
    processes: ProcessPort | None
    secrets: SecretPort
    tokens: OAuthTokens = field(default_factory=OAuthTokens)
    callbacks: CallbackLinks = field(default_factory=CallbackLinks)
    origins: Origins = field(default_factory=Origins)
    ssh: SshPort | None = None
    sql: SqlPort | None = None
    clusters: ClusterPort | None = None
    aws: AwsPort | None = None


@dataclass(frozen=True)
class Context:
    """Everything that a step may use when it prepares.

    `names`: the names that its expressions see. `secrets`: available to templates only, never to expressions.
    `key`: the idempotency key, the same for every attempt of this step. `requester`: a Slack user id, or
    `workflow:NAME`. `resumed`: True if the step has waited and the wait ended well. `depth`: the number of workflows
    in the chain that caused the event that started this one. `deadline`: the deadline of the whole execution.
    `initiators`: the people who initiated this run. `preview`: renders the steps that an approval would cover, as far
    as they are known (core.execution.preview). `asked_again`: why the gate is asked again, if it was asked before.
    `maybe_done`: True if an attempt may have been made that the database does not know of, since it was restored.
    `hidden`: the values of secret parameters; in `names` they appear as `***`. `progress`: what the last look of this
    attempt handed on (InProgress); None: this is the first. `outer_steps`: the ids of the parent's steps that a child
    run sees. `cancelled`: the run was cancelled, and the act should stop what the step has started; its own time limit
    bounds it, since the event that it gets is set already.
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
    preview: Callable[["Context"], list[Json]] | None = None
    asked_again: str | None = None
    maybe_done: bool = False
    secrets: SecretScope | SecretPlaces = field(default_factory=SecretPlaces)
    hidden: Mapping[str, Json] = field(default_factory=dict)
    progress: Json = None
    outer_steps: frozenset[str] = frozenset()
    cancelled: bool = False

    @property
    def scope(self) -> Mapping[str, object]:
        """The scope for what is sent: the names that expressions see, plus the values of secrets."""
        if not self.hidden:
            return {**self.names, ROOT: self.secrets}
        given = self.names["params"]
        assert isinstance(given, Mapping)
        return {**self.names, "params": {**given, **self.hidden}, ROOT: self.secrets}

    def masker_with(self, *more: str) -> Masker:
        """Return a masker for the worker's secrets, this run's, and `more`."""
        return Masker((*self.ports.secrets.hidden(), *texts_of(self.hidden), *more))

    @property
    def shown_scope(self) -> Mapping[str, object]:
        """The scope for what is shown and stored: each secret appears as its name, not its value."""
        return {**self.names, ROOT: SecretPlaces(), HIDDEN: HiddenParameters(self.hidden)}

    @property
    def carried(self) -> tuple[Destinations, ...]:
        """Where the secrets that were rendered so far may be sent. A request that contains them must pass this on."""
        return self.secrets.carried if isinstance(self.secrets, SecretScope) else ()

    def apart(self) -> "Context":
        """Return a context for a separate request of the same step that contains none of the secrets of this one."""
        secrets = self.secrets
        return replace(self, secrets=secrets.apart()) if isinstance(secrets, SecretScope) else self


@dataclass(frozen=True)
class Inside:
    """An act in our own database.

    `shown`: what it will do, secrets masked, for previews. `comes_to`: the result if `act` succeeds, for simulations.
    `children`: the child runs that it creates, if it does.
    """

    act: Callable[["UnitOfWork"], StepResult]
    shown: Json = None
    comes_to: StepResult = field(default_factory=Succeeded)
    children: PlannedChildren | None = None


@dataclass(frozen=True)
class Outside:
    """A call to another system.

    `request`: the complete request with secrets replaced by their names. It is stored, shown, and is what an approval
    covers. `act` takes an event that is set when it should stop (the run was cancelled).
    """

    request: Json
    act: Callable[[threading.Event], StepResult]


Prepared = StepResult | Inside | Outside


@runtime_checkable
class Preparable(Protocol):
    """The method that every step or action type must have."""

    def prepare(self, context: Context) -> Prepared:
        """Return what it will do, without doing it. A RunbookError that it raises fails the step."""


@runtime_checkable
class Awaiting(Protocol):
    """A step type that waits for a callback from another system."""

    def called_back(self, body: Json, context: Context) -> StepResult:
        """Return the step's result for this callback body."""


@runtime_checkable
class Asking(Protocol):
    """A step type that asks people for values."""

    def given(self, values: Mapping[str, Json], context: Context) -> tuple[Schema, Mapping[str, Json]]:
        """Return the schema in this run, and these values, defaults included. Raises InvalidInput."""


def prepare_part(part: AnyPart, context: Context, parts: Sequence[AnyPart]) -> Prepared:
    """Return what the step or action will do. If it cannot be prepared it fails without a retry.

    `parts`: all steps or actions of the definition.
    """
    try:
        context = _with_callbacks(context, parts)
        if part.condition is not None and not compile_expression(part.condition).is_true(context.scope):
            return part.unmet()
        if not _is_preparable(type(part)):
            raise ConfigurationError(
                f"The type {part.type} has no `prepare` method, so it cannot be executed."
            )
        prepared: Prepared = part.prepare(context)  # type: ignore[union-attr]  # it has the method
        if context.cancelled and isinstance(prepared, Outside):
            prepared = _for_the_last_time(prepared)
        poll = part.poll if isinstance(part, StepDefinition) else None
        return polled(prepared, poll, context) if poll else prepared
    except RunbookError as error:
        return Failed(context.masker.mask(str(error)), final=True)
    except Exception as error:  # noqa: BLE001 no input may take the worker down
        sentence = unforeseen(
            error, context.execution_id, part.id, "It could not be prepared", context.hidden
        )
        return Failed(sentence, final=True)


@cache
def _is_preparable(kind: type) -> bool:
    """Remembered: each step asks, and a protocol is compared member by member."""
    return issubclass(kind, Preparable)


def _for_the_last_time(prepared: Outside) -> Outside:
    """Return the act of a cancelled run such that it is not done again, whatever it comes to."""

    def stop_it(stop: threading.Event) -> StepResult:
        result = prepared.act(stop)
        if isinstance(result, InProgress | Waits):
            return Failed("The run was cancelled while this went on elsewhere.", final=True)
        return result

    return replace(prepared, act=stop_it)


def polled(prepared: Prepared, poll: Poll, context: Context) -> Prepared:
    """Return the step such that its result is judged by `poll`: done, to be looked at again, or failed."""
    if not isinstance(prepared, Outside):
        return prepared
    act = prepared.act

    def look(stop: threading.Event) -> StepResult:
        result = act(stop)
        return judge_look(result, _why_not_yet(result, poll, context), poll, context.progress, context.now)

    return replace(prepared, act=look)


def _why_not_yet(result: StepResult, poll: Poll, context: Context) -> str | None:
    """Return why what a successful look found is not yet so, or None if it is."""
    if not isinstance(result, Succeeded) or poll.until is None:
        return None
    try:
        scope = {**context.names, "output": result.output, "saved": dict(result.saved)}
        return None if compile_expression(poll.until).is_true(scope) else f"Not true yet: {poll.until}"
    except RunbookError as error:
        return context.masker.mask(str(error))


def _with_callbacks(context: Context, parts: Sequence[AnyPart]) -> Context:
    """Return the context with the URLs of callback steps under `callbacks`, and masked wherever people could see them.

    Raises ConfigurationError if callbacks cannot be received here: at the first step, before anything has happened.
    """
    ids = [part.id for part in parts if isinstance(part, StepDefinition) and part.is_called_back]
    if not ids:
        return context
    urls = context.ports.callbacks.urls(context.execution_id, ids)
    tokens = [url.rpartition("/")[2] for url in urls.values()]
    masker = context.masker_with(*tokens)
    return replace(context, names={**context.names, "callbacks": urls}, masker=masker)
