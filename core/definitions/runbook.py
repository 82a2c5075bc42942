"""The document `kind: runbook`: parameters and ordered steps."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.durations import PositiveDuration
from core.definitions.fields import Name, PublicText
from core.definitions.registered import RegisteredUnion
from core.definitions.written import WrittenDefinition
from core.steps.base import StepDefinition
from core.steps.registry import step_types

AnyStep = Annotated[StepDefinition, RegisteredUnion(step_types)]
MOST_STEPS = 200


def no_parameters() -> dict[str, JsonValue]:
    """Answer the JSON Schema of a runbook that takes no parameters."""
    return {"type": "object", "properties": {}}


class RunbookDefinition(WrittenDefinition):
    """A runbook of one `team`, or a global one. `parameters` is a JSON Schema (draft 2020-12) of an object."""

    kind: Literal["runbook"]
    name: Name
    team: Name | None = None
    description: str = Field(default="", max_length=3000)
    parameters: dict[str, JsonValue] = Field(default_factory=no_parameters)
    lock: Annotated[PublicText, Field(min_length=1, max_length=500)] | None = None
    on_conflict: Literal["reject", "queue"] = "reject"
    timeout: PositiveDuration | None = None
    steps: Annotated[tuple[AnyStep, ...], Field(min_length=1, max_length=MOST_STEPS)]

    @model_validator(mode="after")
    def _refuse_an_id_twice(self) -> Self:
        refuse_twice([step.id for step in self.steps], "steps")
        return self


def refuse_twice(ids: list[str], where: str) -> None:
    """Raise for an id that is there twice; `where` is the field that holds what they name."""
    refuse_twice_at([(name, (where, index)) for index, name in enumerate(ids)], where)


def refuse_twice_at(ids: Sequence[tuple[str, tuple[str | int, ...]]], where: str) -> None:
    """The same, with the path of each thing that has an id."""
    seen: set[str] = set()
    for name, path in ids:
        if name in seen:
            raise PydanticCustomError(
                "id_twice",
                "The id {name} is there twice in {where}. Each needs its own.",
                {"name": name, "where": where, "path": [*path, "id"]},
            )
        seen.add(name)
