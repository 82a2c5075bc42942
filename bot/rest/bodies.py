"""The bodies of requests: what they share, and what is refused in all of them."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError
from starlette.requests import Request

from core.definitions.json_text import check_shape, unkeepable


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


# For a request without a body; they are made when all of this module is there.
RUN, NO_REASON = Run(), Decided()


async def check_body(request: Request) -> None:
    """Refuse JSON that is too deep or too much before it is parsed. Raises InvalidInput.

    YAML is bounded where it is read. Async, for reading the body is.
    """
    if "yaml" not in request.headers.get("Content-Type", "").lower():
        check_shape(await request.body())
