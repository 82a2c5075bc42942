"""The document `kind: runbook`: parameters, ordered steps, a lock, and test cases.

A lock belongs to one team, unless its name begins with `global/`, which only global runbooks may use. Any other lock of
a global runbook belongs to the incident's team, so the runbook excludes those of that team.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BeforeValidator, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.documents import Document
from core.definitions.durations import PositiveDuration
from core.definitions.fields import (
    CelField,
    Definition,
    Name,
    PublicText,
    SavedName,
    StepId,
    refuse_twice,
    refuse_twice_at,
)
from core.definitions.made_for import MadeFor
from core.definitions.problems import Problem
from core.definitions.steps import Placed, StepDefinition, placed_steps, step_types
from core.definitions.type_registry import RegisteredUnion
from core.definitions.written import WrittenDefinition
from core.errors import InvalidInput
from core.statuses import IncidentStatus, Severity, Status, WaitingFor

GLOBAL = "global/"
ONLY_GLOBAL = f"A lock that begins with {GLOBAL} blocks every team: only a global runbook may use one."
HINT = f"Name it without {GLOBAL}: a lock without that prefix belongs to the team."


def full_name(written: str, rendered: str, runbook_team: str | None, incident_team: str) -> str:
    """Return the lock's name, unique among all teams.

    `written`: as in the definition. `rendered`: with the values of this run, which cannot make a lock global. Raises
    InvalidInput if a team's runbook wants a global lock.
    """
    if runbook_team is not None and rendered.startswith(GLOBAL):
        raise InvalidInput(ONLY_GLOBAL, hint=HINT, field="lock")
    return rendered if written.startswith(GLOBAL) else f"team:{incident_team}/{rendered}"


def check_lock(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with the lock of a runbook; the document need not be valid otherwise."""
    lock = document.data.get("lock")
    if document.data.get("team") is not None and isinstance(lock, str) and lock.startswith(GLOBAL):
        yield document.problem(("lock",), ONLY_GLOBAL, HINT)


def short_name(full: str) -> str:
    """Return the lock's name as the runbook writes it, for people."""
    return full.partition("/")[2] if full.startswith("team:") else full


REFUSED = "refused"
MOST_ANSWERS = 20
FIELDS_OF_KIND = {
    "http": ("status", "headers", "json", "text"),
    "processes": ("exit_code", "stdout", "stderr"),
    "sql": ("rows", "row_count"),
    "outcome": ("output", "saved", "error"),
    "no answer": ("no_answer",),
}


class FakeAnswer(Definition):
    """What a step gets instead of a real answer; `{}` is a success.

    For `http`, and the types that act in another system over HTTP: status, headers, json or text; all the calls of an
    attempt, or of a look, get the same. For `shell` and `ssh`: exit_code, stdout, stderr. For `sql`: rows and
    row_count, of the last statement. For each of these: no_answer.
    For any other type, and for these too: output and saved, or error, as the result of the step.
    """

    status: Annotated[int, Field(ge=100, le=599)] = 200
    """The status code of the response."""
    headers: dict[str, str] = {}
    """The headers of the response."""
    json_body: JsonValue = Field(default=None, alias="json")
    """The body, as JSON."""
    text: str | None = None
    """The body, as text."""
    exit_code: Annotated[int, Field(ge=0, le=255)] = 0
    """The program's exit status."""
    stdout: str = ""
    """What the program wrote to its standard output."""
    stderr: str = ""
    """What the program wrote to its standard error."""
    rows: list[dict[str, JsonValue]] = []
    """The rows of the last statement."""
    row_count: Annotated[int, Field(ge=0)] | None = None
    """How many rows the last statement returned or changed; by default the number of `rows`."""
    no_answer: Literal[True] | None = None
    """The call was sent, or the program was started, and the outcome is unknown."""
    output: JsonValue = None
    """The output of the step, if it succeeds."""
    saved: dict[SavedName, JsonValue] = {}
    """The values that the step saves, if it succeeds."""
    error: str | None = None
    """The step's error, if it fails."""

    @property
    def kind(self) -> str:
        """`http`, `processes`, `sql`, `outcome` or `no answer`; `any` for an empty answer, which is a success."""
        return kind_of_answer(field_names(self)) or "any"

    @model_validator(mode="after")
    def _refuse_two_kinds(self) -> "FakeAnswer":
        given = field_names(self)
        if given and kind_of_answer(given) is None:
            raise PydanticCustomError(
                "fake_answer",
                "{given} cannot be combined. Describe an HTTP response, a command's result, or a step's result.",
                {"given": ", ".join(sorted(given))},
            )
        if {"json", "text"} <= given or {"error", "saved"} <= given:
            raise PydanticCustomError("fake_answer", "Give either json or text, and either error or saved.")
        return self


def field_names(answer: FakeAnswer) -> set[str]:
    """Return the fields that are given, by the names people write."""
    return {"json" if name == "json_body" else name for name in answer.model_fields_set}


def kind_of_answer(given: set[str]) -> str | None:
    """Return the kind of answer that has all these fields; None if there is none."""
    return next((kind for kind, names in FIELDS_OF_KIND.items() if given and given <= set(names)), None)


def _as_list(value: object) -> object:
    return value if isinstance(value, (list, tuple)) else [value]


Answers = Annotated[
    tuple[FakeAnswer, ...],
    Field(min_length=1, max_length=MOST_ANSWERS),
    BeforeValidator(_as_list, json_schema_input_type=FakeAnswer | list[FakeAnswer]),
]


class CaseIncident(Definition):
    """The incident for which a case runs. Fields that are not given have these defaults."""

    number: Annotated[int, Field(ge=1, strict=True)] = 1
    """`incident.number`."""
    title: str = "Something is wrong"
    """`incident.title`."""
    description: str = ""
    """`incident.description`."""
    severity: Severity = Severity.HIGH
    """`incident.severity`."""
    status: IncidentStatus = IncidentStatus.OPEN
    """`incident.status`."""
    service: str | None = None
    """`incident.service`."""
    team: Name | None = None
    """`incident.team`; the runbook's team if omitted."""
    labels: dict[str, str] = {}
    """`incident.labels`."""
    created_at: AwareDatetime = datetime(2026, 1, 1, tzinfo=UTC)
    """`incident.created_at`. The case starts a minute later."""


class Expectation(Definition):
    """The expected result of a case. Anything omitted may have any value."""

    status: Literal["succeeded", "failed", "timed_out", "waiting", "refused"] | None = None
    """The final status of the run, or `waiting` if it stops for good; `refused`: it never starts."""
    waiting_for: WaitingFor | None = None
    """What the run is waiting for in the end."""
    path: dict[StepId, Status] | None = None
    """The steps that were reached, with their statuses; all others stay pending."""
    saved: dict[StepId, dict[SavedName, JsonValue]] = {}
    """Values that steps saved; others may be saved as well."""
    requests: dict[StepId, dict[str, JsonValue]] = {}
    """Requests that steps made, as a run shows them; others may be made as well. `json` is the body, parsed as JSON."""
    error: str | None = None
    """Text that the run's error contains."""

    @model_validator(mode="after")
    def _refuse_nothing(self) -> "Expectation":
        if not self.model_fields_set:
            raise PydanticCustomError("no_expectation", "Nothing is expected here. Give at least a status.")
        return self


class Case(Definition):
    """One test case: a run of the runbook with simulated calls."""

    name: Annotated[str, Field(min_length=1, max_length=150)]
    """What the case shows; unique within the runbook."""
    parameters: dict[str, JsonValue] = {}
    """The parameters of the run."""
    incident: CaseIncident = CaseIncident()
    """The incident of the run."""
    steps: dict[StepId, Answers] = {}
    """The answer for each step. With a list, each attempt, and each look, gets the next answer, and the
    last one is repeated."""
    decisions: dict[StepId, Literal["approve", "reject", "expire"]] = {}
    """The decision at each approval step. Without one, the run stops there."""
    inputs: dict[StepId, dict[str, JsonValue] | Literal["expire"]] = {}
    """The values that are entered at each step that asks for some. Without them, the run stops there."""
    callbacks: dict[StepId, JsonValue] = {}
    """The JSON with which each callback step is called back. Without it, the run stops there."""
    secrets: dict[str, str] = {}
    """Values of secrets; a secret that is not given is `secret-NAME`."""
    expect: Expectation
    """The expected result."""


AnyStep = Annotated[StepDefinition, RegisteredUnion(step_types)]
STEP_LISTS = ("steps", "finally")  # the fields with steps, in the order of their positions
ValueExpression = Annotated[str, CelField()]
MOST_VALUES = 50
MOST_STEPS = 200
MOST_FINALLY = 20
FINALLY_TIMEOUT = timedelta(minutes=15)
MOST_CASES = 200


NO_PEOPLE = "A finally step cannot wait for people: it runs whatever they decide."


def no_parameters() -> dict[str, JsonValue]:
    """Return the JSON Schema of a runbook that takes no parameters."""
    return {"type": "object", "properties": {}}


class RunbookDefinition(WrittenDefinition):
    """A runbook of one `team`, or a global one. `parameters` is a JSON Schema (draft 2020-12) of an object."""

    kind: Literal["runbook"]
    """The kind of document."""
    name: Name
    """The name, unique among runbooks; people type it after `run`."""
    team: Name | None = None
    """The team that owns it; global if omitted."""
    description: str = Field(default="", max_length=3000)
    """What the runbook is for."""
    made_for: MadeFor | None = Field(default=None, alias="for")
    """The incidents that it is made for. For those it is offered first, before the runbooks that were used last."""
    agents: Literal["propose", "read", "refuse"] = "propose"
    """What an agent may do with it. Whatever it proposes waits for the approval of a responder before the first step
    that does anything: `propose`. With `read`, the first steps that only read run before that. `refuse`: no agent can
    propose it (docs/agents.md).
    """
    confirm: bool = False
    """Whether the form in Slack shows the values once more, and asks, before the run starts."""
    parameters: dict[str, JsonValue] = Field(default_factory=no_parameters)
    """The parameters, as a JSON Schema; the form in Slack is made from it. A parameter with `writeOnly: true` or
    `format: password` is a secret: the steps get it, and it is shown to nobody. `x-slack: user`, `channel` or `long`
    chooses the field; `x-choices: {step: http, url: …}` fetches the choices when the form opens
    (docs/writing-runbooks.md).
    """
    values: Annotated[dict[SavedName, ValueExpression], Field(max_length=MOST_VALUES)] = {}
    """Names for expressions over `params`, `incident`, `execution`, and the values before them, such as `base:
    '"https://" + params.host'`. They are evaluated once, when a worker first takes the run, and stay the same for the
    whole run and its retries, whatever becomes of the incident. Steps read them as `values.NAME`. They are stored and
    shown, so they cannot use secret parameters.
    """
    lock: Annotated[PublicText, Field(min_length=1, max_length=500)] | None = None
    """The name of a lock that at most one run at a time can hold, among the runs for one team's incidents.

    `global/…`, which only a global runbook may use, is one lock for all teams.
    """
    on_conflict: Literal["reject", "queue"] = "reject"
    """Whether a run is rejected when its lock is held, or is queued."""
    timeout: PositiveDuration | None = None
    """How long a run may take."""
    steps: Annotated[tuple[AnyStep, ...], Field(min_length=1, max_length=MOST_STEPS)]
    """The steps, in the order in which they run."""
    finally_steps: Annotated[tuple[AnyStep, ...], Field(max_length=MOST_FINALLY, alias="finally")] = ()
    """Steps that run at the end of every run that has begun, whether it succeeded, failed, was rejected, expired, timed
    out or was cancelled. They do not change the outcome, `execution.outcome`; each runs even if one before it failed.
    """
    finally_timeout: PositiveDuration = FINALLY_TIMEOUT
    """How long the finally steps may take together. The run's `timeout` does not count for them."""
    tests: Annotated[tuple[Case, ...], Field(max_length=MOST_CASES)] = ()
    """Test cases for `runbook test`, which makes no outside calls."""

    @model_validator(mode="after")
    def _refuse_an_id_twice(self) -> Self:
        refuse_twice_at([(step.id, path) for path, step in self.placed_steps()], "steps")
        refuse_twice([case.name for case in self.tests], "tests", key="name")
        return self

    @model_validator(mode="after")
    def _refuse_people_at_the_end(self) -> Self:
        for path, step in placed_steps(self.finally_steps, ("finally",)):
            if step.waits_for_people:
                raise PydanticCustomError("finally", NO_PEOPLE, {"path": [*path, "type"]})
        return self

    def placed_steps(self) -> Iterator[Placed]:
        """Yield all steps with their paths, each before the steps inside it."""
        yield from placed_steps(self.steps, ("steps",))
        yield from placed_steps(self.finally_steps, ("finally",))

    @property
    def all_steps(self) -> tuple[StepDefinition, ...]:
        """The steps, followed by the finally steps. A step's position is its index here."""
        return (*self.steps, *self.finally_steps)
