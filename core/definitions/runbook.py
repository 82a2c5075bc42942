"""The document `kind: runbook`: its steps, its lock, and its test cases.

Locks: whose they are. A name is a team's own; `global/…` is everybody's, and only global runbooks take it.

What a global runbook locks otherwise is of the incident's team, so it and a runbook of that team exclude each other.

The `tests:` of a runbook: what would be answered, who would decide what, and what must come of it.

The document `kind: runbook`: parameters and ordered steps.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BeforeValidator, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.documents import Document
from core.definitions.durations import PositiveDuration
from core.definitions.fields import Definition, Name, PublicText, SavedName, StepId, refuse_twice
from core.definitions.problems import Problem
from core.definitions.steps import StepDefinition, step_types
from core.definitions.type_registry import RegisteredUnion
from core.definitions.written import WrittenDefinition
from core.errors import InvalidInput
from core.statuses import IncidentStatus, Severity, Status, WaitingFor

GLOBAL = "global/"
ONLY_GLOBAL = f"A lock that begins with {GLOBAL} stops every team: only a global runbook may have one."
HINT = f"Name it without {GLOBAL}: it is the team's own, whatever it is called."


def full_name(written: str, rendered: str, runbook_team: str | None, incident_team: str) -> str:
    """The lock's name among those of all teams.

    `written`: as the definition has it; `rendered`: with the values of this run. What a value brings makes no lock
    global. Raises InvalidInput where a team's runbook wants what is everybody's.
    """
    if runbook_team is not None and rendered.startswith(GLOBAL):
        raise InvalidInput(ONLY_GLOBAL, hint=HINT, field="lock")
    return rendered if written.startswith(GLOBAL) else f"team:{incident_team}/{rendered}"


def check_lock(document: Document) -> Iterator[Problem]:
    """Return what is wrong with the lock of a runbook; the document need not be valid otherwise."""
    lock = document.data.get("lock")
    if document.data.get("team") is not None and isinstance(lock, str) and lock.startswith(GLOBAL):
        yield document.problem(("lock",), ONLY_GLOBAL, HINT)


def short_name(full: str) -> str:
    """As the runbook calls it, for people."""
    return full.partition("/")[2] if full.startswith("team:") else full


REFUSED = "refused"
MOST_ANSWERS = 20
FIELDS_OF_KIND = {
    "http": ("status", "headers", "json", "text"),
    "processes": ("exit_code", "stdout", "stderr"),
    "outcome": ("output", "saved", "error"),
    "no answer": ("no_answer",),
}


class FakeAnswer(Definition):
    """What a step gets in place of a real answer; `{}`: a good one.

    Of an `http` step: status, headers, json or text; of `shell`: exit_code, stdout, stderr; of either: no_answer. Of
    any other type, and also of these: output and saved, or error, as what the step comes to.
    """

    status: Annotated[int, Field(ge=100, le=599)] = 200
    """The status of the answer."""
    headers: dict[str, str] = {}
    """The headers of the answer."""
    json_body: JsonValue = Field(default=None, alias="json")
    """The body, as JSON."""
    text: str | None = None
    """The body, as text."""
    exit_code: Annotated[int, Field(ge=0, le=255)] = 0
    """The program's exit status."""
    stdout: str = ""
    """What the program wrote."""
    stderr: str = ""
    """What the program wrote to its standard error."""
    no_answer: Literal[True] | None = None
    """The call left, or the program ran, and nobody knows how it ended."""
    output: JsonValue = None
    """What the step leaves, where it succeeds."""
    saved: dict[SavedName, JsonValue] = {}
    """What the step saves, where it succeeds."""
    error: str | None = None
    """Why the step failed."""

    @property
    def kind(self) -> str:
        """`http`, `processes`, `outcome` or `no answer`; `any` of an empty one, which says that all is well."""
        return kind_of_answer(field_names(self)) or "any"

    @model_validator(mode="after")
    def _refuse_two_kinds(self) -> "FakeAnswer":
        given = field_names(self)
        if given and kind_of_answer(given) is None:
            raise PydanticCustomError(
                "fake_answer",
                "{given} do not belong together. Give what an http call, a command, or a step comes to.",
                {"given": ", ".join(sorted(given))},
            )
        if {"json", "text"} <= given or {"error", "saved"} <= given:
            raise PydanticCustomError("fake_answer", "An answer has json or text, and error or saved.")
        return self


def field_names(answer: FakeAnswer) -> set[str]:
    """The fields that are given, as people write them."""
    return {"json" if name == "json_body" else name for name in answer.model_fields_set}


def kind_of_answer(given: set[str]) -> str | None:
    """Which kind of answer has all these fields; None where none has."""
    return next((kind for kind, names in FIELDS_OF_KIND.items() if given and given <= set(names)), None)


def _as_list(value: object) -> object:
    return value if isinstance(value, (list, tuple)) else [value]


Answers = Annotated[
    tuple[FakeAnswer, ...],
    Field(min_length=1, max_length=MOST_ANSWERS),
    BeforeValidator(_as_list, json_schema_input_type=FakeAnswer | list[FakeAnswer]),
]


class CaseIncident(Definition):
    """The incident that a case runs for; what is not given is as here."""

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
    """`incident.team`; left out, the runbook's."""
    labels: dict[str, str] = {}
    """`incident.labels`."""
    created_at: AwareDatetime = datetime(2026, 1, 1, tzinfo=UTC)
    """`incident.created_at`. The case begins a minute later."""


class Expectation(Definition):
    """What must come of a case. What is left out may be anything."""

    status: Literal["succeeded", "failed", "timed_out", "waiting", "refused"] | None = None
    """How the run ends, or `waiting` where it stops for good; `refused`: it never begins."""
    waiting_for: WaitingFor | None = None
    """What it waits for in the end."""
    path: dict[StepId, Status] | None = None
    """The steps that it came to, each with its status; the others stay pending."""
    saved: dict[StepId, dict[SavedName, JsonValue]] = {}
    """What steps saved: at least this."""
    requests: dict[StepId, dict[str, JsonValue]] = {}
    """What steps asked of the outside, as a run shows it: at least this. `json` is the body, read as JSON."""
    error: str | None = None
    """A part of the run's error."""

    @model_validator(mode="after")
    def _refuse_nothing(self) -> "Expectation":
        if not self.model_fields_set:
            raise PydanticCustomError("no_expectation", "Nothing is expected here. Say a status at least.")
        return self


class Case(Definition):
    """One case: a run of the runbook in which everything outside is made up."""

    name: Annotated[str, Field(min_length=1, max_length=150)]
    """What the case shows."""
    parameters: dict[str, JsonValue] = {}
    """What the runbook is run with."""
    incident: CaseIncident = CaseIncident()
    """What is known of the incident."""
    steps: dict[StepId, Answers] = {}
    """What each step gets for an answer. Of a list, each attempt gets the next one, and further ones the last."""
    decisions: dict[StepId, Literal["approve", "reject", "expire"]] = {}
    """What is decided at each approval step. Without a decision the run stops there."""
    callbacks: dict[StepId, JsonValue] = {}
    """What each callback step is called back with, as JSON. Without it the run stops there."""
    secrets: dict[str, str] = {}
    """Made-up secrets; one that is not given is `secret-NAME`."""
    expect: Expectation
    """What must come of it."""


AnyStep = Annotated[StepDefinition, RegisteredUnion(step_types)]
MOST_STEPS = 200
MOST_CASES = 200


def no_parameters() -> dict[str, JsonValue]:
    """Return the JSON Schema of a runbook that takes no parameters."""
    return {"type": "object", "properties": {}}


class RunbookDefinition(WrittenDefinition):
    """A runbook of one `team`, or a global one. `parameters` is a JSON Schema (draft 2020-12) of an object."""

    kind: Literal["runbook"]
    """What this document is."""
    name: Name
    """Unique among runbooks; what people type behind `run`."""
    team: Name | None = None
    """The team that owns it; left out, it is global."""
    description: str = Field(default="", max_length=3000)
    """What it is for."""
    parameters: dict[str, JsonValue] = Field(default_factory=no_parameters)
    """What it is run with, as JSON Schema; the form in Slack is made from it. What says `writeOnly: true` or
    `format: password` is a secret: the steps get it, and nobody is shown it."""
    lock: Annotated[PublicText, Field(min_length=1, max_length=500)] | None = None
    """At most one run at a time holds the lock of this name, among those for one team's incidents.

    `global/…`, which only a global runbook may have, is one lock for all teams.
    """
    on_conflict: Literal["reject", "queue"] = "reject"
    """Whether a run whose lock is held is refused, or waits for its turn."""
    timeout: PositiveDuration | None = None
    """How long a run may take."""
    steps: Annotated[tuple[AnyStep, ...], Field(min_length=1, max_length=MOST_STEPS)]
    """What it does, one after the other."""
    tests: Annotated[tuple[Case, ...], Field(max_length=MOST_CASES)] = ()
    """Cases that `runbook test` runs, touching nothing outside."""

    @model_validator(mode="after")
    def _refuse_an_id_twice(self) -> Self:
        refuse_twice([step.id for step in self.steps], "steps")
        refuse_twice([case.name for case in self.tests], "tests", key="name")
        return self
