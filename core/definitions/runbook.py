"""The document `kind: runbook`: parameters and ordered steps."""

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from core.definitions.cases import Case
from core.definitions.durations import PositiveDuration
from core.definitions.fields import Name, PublicText
from core.definitions.registered import RegisteredUnion
from core.definitions.unique import refuse_twice
from core.definitions.written import WrittenDefinition
from core.steps.base import StepDefinition
from core.steps.registry import step_types

AnyStep = Annotated[StepDefinition, RegisteredUnion(step_types)]
MOST_STEPS = 200
MOST_CASES = 200


def no_parameters() -> dict[str, JsonValue]:
    """Answer the JSON Schema of a runbook that takes no parameters."""
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
