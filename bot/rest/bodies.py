"""The bodies of requests: what they share, and what is refused in all of them."""

import math
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

Path = tuple[str, ...]


class Body(BaseModel):
    """A JSON object. Unknown fields are refused: a misspelt one would else be left out in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_what_cannot_be_kept(cls, value: Any) -> Any:
        for path, why in unkeepable(value):
            raise PydanticCustomError("cannot_be_kept", "This cannot be kept.", {"path": path, "why": why})
        return value


class Parameters(Body):
    """What a runbook is run with."""

    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    """By name; what has a default may be left out."""


class Run(Parameters):
    """What a runbook is run with, and whether it is run at all."""

    dry_run: bool = False
    """Answer with the plan, and do nothing of it."""


class Reason(Body):
    """Why somebody decided as they did."""

    reason: str = Field(default="", max_length=2000)
    """In their own words."""


class Decided(Reason):
    """Why somebody decided as they did, and on what."""

    digest: str | None = Field(default=None, min_length=16, max_length=64)
    """Of what they saw: the gate's `digest`, or its first characters. If it shows something else now, 409."""


def unkeepable(value: object) -> Iterator[tuple[Path, str]]:
    """What PostgreSQL cannot keep, wherever it is in a JSON value, and why. JSON may be deep: no recursion."""
    pending: list[tuple[Path, object]] = [((), value)]
    while pending:
        path, part = pending.pop()
        if isinstance(part, dict):
            pending += [(path, key) for key in part]
            pending += [((*path, str(key)), inner) for key, inner in part.items()]
        elif isinstance(part, list):
            pending += [((*path, str(index)), inner) for index, inner in enumerate(part)]
        elif isinstance(part, str) and not _is_text(part):
            yield path, "contains a character that is none: U+0000, or half of a surrogate pair"
        elif isinstance(part, float) and not math.isfinite(part):
            yield path, "is not a finite number, and JSON has no other"


def _is_text(value: str) -> bool:
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


# For a request without a body; they are made when all of this module is there.
RUN, NO_REASON = Run(), Decided()
