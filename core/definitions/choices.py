"""`x-choices` of a parameter: where its choices come from, when they are not known beforehand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from core.definitions.fields import CelField, Definition, HeaderText, TemplateJson, UrlTemplate
from core.definitions.json_schema import deref
from core.definitions.parameters import Schema, declared

KEYWORD = "x-choices"
NAME = "choices"
MOST = 5  # parameters of a runbook with choices of their own
LIMIT = timedelta(seconds=2)  # a person waits for the form


class Choices(Definition):
    """A request that only reads, made when the form opens: `x-choices: {step: http, url: …}`.

    If it fails, or takes longer than two seconds, the form has a text field in place of the menu.
    """

    method: ClassVar[Literal["GET"]] = "GET"
    json_body: ClassVar[JsonValue] = None
    has_json: ClassVar[bool] = False
    timeout: ClassVar[timedelta] = LIMIT

    step: Literal["http"]
    """The type of the request."""
    url: Annotated[UrlTemplate, Field(min_length=1)]
    """The URL to get. It may use `incident` and secrets that steps of type http may use."""
    query: dict[str, TemplateJson] = {}
    """Query parameters."""
    headers: dict[str, HeaderText] = {}
    """Headers."""
    expect: Annotated[str, CelField(roots=("response",), condition=True)] | None = None
    """The condition for success; by default, a status below 400."""
    choices: Annotated[str, CelField(roots=("response",))] = "response.json"
    """An expression over `response` that gives the list of choices: texts and numbers, or mappings of `value` and
    `text`."""

    @property
    def save(self) -> dict[str, str]:
        """What is taken from the response."""
        return {NAME: self.choices}


@dataclass(frozen=True, slots=True)
class Choice:
    """`value`: as it is typed, and `text`, as it is shown."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class NotFetched:
    """Why there are no choices, as a sentence."""

    why: str


Fetched = Mapping[str, Sequence[Choice] | NotFetched]


def written_choices(schema: Schema) -> Iterator[tuple[str, object]]:
    """Yield the name and the `x-choices`, as they are written, of each parameter that has them."""
    for name, inner in declared(schema).items():
        resolved = deref(inner, schema)
        if KEYWORD in resolved:
            yield name, resolved[KEYWORD]


def choices_in(schema: Schema) -> Mapping[str, Choices]:
    """Return the choices by parameter, of a valid schema."""
    return {name: Choices.model_validate(written) for name, written in written_choices(schema)}
