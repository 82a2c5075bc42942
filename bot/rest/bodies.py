"""Request bodies: checks of their type and shape, shared models, and errors that name the request's fields."""

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
    """Raise 415 for a Content-Type other than JSON (RFC 9110, section 15.5.16). A missing one is taken for JSON."""
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type in ("", "application/json", "text/json") or media_type.endswith("+json"):
        return
    sentence = (
        f"Send it with the header Content-Type: application/json, not as {media_type[:SHOWN]}"
        f"{CURL if media_type == FORM else ''}."
    )
    raise Refusal(ErrorCode.UNSUPPORTED_MEDIA_TYPE, sentence)


FORM = "application/x-www-form-urlencoded"
CURL = " (the default of curl -d)"


@dataclass(frozen=True)
class _Renamed:
    field: str
    message: str
    hint: str | None

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


@contextmanager
def missing_is_invalid(field: str) -> Iterator[None]:
    """Turn NotFound into InvalidInput: `field` of the request named what does not exist."""
    try:
        yield
    except NotFound as error:
        raise InvalidInput(error.message, hint=error.hint, field=field) from error


@contextmanager
def version_in_header() -> Iterator[None]:
    """Add to VersionUnnamed the hint that the version belongs in the If-Match header."""
    try:
        yield
    except VersionUnnamed as error:
        hint = f'Send it as If-Match: "{error.newest}"; version {error.newest} is the newest one.'
        raise VersionUnnamed(error.message, newest=error.newest, hint=hint) from error


@contextmanager
def fields_below(parent: str) -> Iterator[None]:
    """Rename the fields of core's errors to those of the request: `cluster` becomes `parameters.cluster`."""
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
    """A JSON object. Unknown fields are refused, so that a misspelled one is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_what_cannot_be_kept(cls, value: Any) -> Any:
        for path, why in unkeepable(value):
            raise PydanticCustomError("cannot_be_kept", "This cannot be stored.", {"path": path, "why": why})
        return value


class Parameters(Body):
    """The parameters of a run."""

    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    """By name. Those with a default may be omitted."""


class Run(Parameters):
    """The parameters of a run, and whether to only plan it."""

    dry_run: bool = False
    """Return the plan of the run, without running anything."""


class Reason(Body):
    """The reason of a decision."""

    reason: str = Field(default="", max_length=2000)
    """Free text."""


class Decided(Reason):
    """The reason of a decision, and what was decided on."""

    digest: str | None = Field(default=None, min_length=16, max_length=64)
    """The gate's `digest` as it was seen, or its first characters. If the gate shows something else by now: 409."""


# The defaults for a request without a body.
RUN, NO_REASON = Run(), Decided()


async def check_body(request: Request) -> None:
    """Raise InvalidInput for JSON that is nested too deeply or too large, before it is parsed.

    YAML is bounded where it is parsed. Async, because reading the body is.
    """
    if "yaml" not in request.headers.get("Content-Type", "").lower():
        check_shape(await request.body())
