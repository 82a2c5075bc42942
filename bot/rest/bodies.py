"""The bodies of requests: their type, their size, and the names of their fields.

What a machine sends as, where only JSON is understood: named before the body is blamed.

Core's errors know its own words; here they get the names that fields have in a request.

The bodies of requests: what they share, and what is refused in all of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError
from starlette.requests import Request

from bot.rest.problem import Refusal
from core.definitions.json_text import check_shape, unkeepable
from core.error_codes import ErrorCode
from core.errors import ExpressionError, InvalidInput, NotFound, ProblemLike, VersionUnnamed

SHOWN = 60  # characters of a header that are repeated


def check_json(request: Request) -> None:
    """Raise the 415 of what says that it is no JSON (RFC 9110, section 15.5.16). What says nothing is taken for it."""
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type in ("", "application/json", "text/json") or media_type.endswith("+json"):
        return
    sentence = (
        f"Send it with the header Content-Type: application/json, not as {media_type[:SHOWN]}"
        f"{CURL if media_type == FORM else ''}."
    )
    raise Refusal(ErrorCode.UNSUPPORTED_MEDIA_TYPE, sentence)


FORM = "application/x-www-form-urlencoded"
CURL = " (as curl -d does where nothing else is said)"


@dataclass(frozen=True)
class _Renamed:
    field: str
    message: str
    hint: str | None

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


@contextmanager
def missing_is_invalid(field: str) -> Iterator[None]:
    """What is not found here was named by a field of the request, so that field is what is wrong."""
    try:
        yield
    except NotFound as error:
        raise InvalidInput(error.message, hint=error.hint, field=field) from error


@contextmanager
def version_in_header() -> Iterator[None]:
    """A version is named by a header of the request, so that header is what is missing."""
    try:
        yield
    except VersionUnnamed as error:
        hint = f'Send it as If-Match: "{error.newest}"; version {error.newest} is the newest one.'
        raise VersionUnnamed(error.message, newest=error.newest, hint=hint) from error


@contextmanager
def fields_below(parent: str) -> Iterator[None]:
    """The fields that core names are below `parent` in the request: `cluster` is `parameters.cluster`."""
    try:
        yield
    except ExpressionError:
        raise  # of the definition, whose fields are not the request's
    except InvalidInput as error:
        problems = [_below(parent, problem) for problem in error.problems]
        field = f"{parent}.{error.field}" if error.field else parent
        raise InvalidInput(error.message, hint=error.hint, field=field, problems=problems) from error


def _below(parent: str, problem: ProblemLike) -> ProblemLike:
    field = getattr(problem, "field", None)
    return _Renamed(f"{parent}.{field}" if field else parent, problem.message, problem.hint)


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
