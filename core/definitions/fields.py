"""The field types of definitions, and the marks for fields that hold expressions or templates.

Validation finds the marks `CelField` and `TemplateField` in every step and action type, including those of third
parties, and checks the text in those fields without knowing the model.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from core.definitions.durations import Duration, PositiveDuration, SecondOrMore
from core.definitions.type_registry import RegisteredUnion

# https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax: an IDENT may be none of these.
CEL_RESERVED = frozenset(
    {
        *(
            "as",
            "break",
            "const",
            "continue",
            "else",
            "false",
            "for",
            "function",
            "if",
            "import",
            "in",
            "let",
        ),
        *("loop", "namespace", "null", "package", "return", "true", "var", "void", "while"),
    }
)


COMMON = {
    "id",
    "type",
    "name",
    "condition",
    "timeout",
    "retry",
    "on_failure",
}  # fields of every step and action


class Definition(BaseModel):
    """Base of every part of a document: unknown fields are rejected, and instances are immutable.

    The docstring after a field is its description in the editor's schema and in the reference.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        serialize_by_alias=True,
        defer_build=True,
        use_attribute_docstrings=True,
    )

    def as_written(self) -> dict[str, JsonValue]:
        """Return the fields of a step's or an action's own type as written. Templates name secrets but contain none."""
        written: dict[str, JsonValue] = self.model_dump(mode="json", exclude_unset=True, exclude=COMMON)
        return written


@dataclass(frozen=True)
class CelField:
    """Marks a field that holds a CEL expression (or a mapping of them).

    `roots`: names that only this field knows, besides those of its step or action. `condition`: the value must be true
    or false. Expressions can never refer to secrets.
    """

    roots: tuple[str, ...] = ()
    condition: bool = False


@dataclass(frozen=True)
class TemplateField:
    """Marks a field whose strings, at any depth, may contain `{{ CEL }}`.

    `secrets`: whether it may contain a whole secret, as `{{ secrets.NAME }}`; False where the result is shown.
    """

    secrets: bool = True


@dataclass(frozen=True)
class UrlField(TemplateField):
    """Marks a field that holds a URL. core.definitions.http_requests defines what a `{{ CEL }}` in it may insert."""


@dataclass(frozen=True)
class HeaderField(TemplateField):
    """Marks a field whose text is sent as the header named by its key, or as part of the header `name`."""

    name: str | None = None


def _refuse_reserved(value: str) -> str:
    if value in CEL_RESERVED:
        raise PydanticCustomError(
            "reserved", "{value} is a reserved word of CEL. Choose another id.", {"value": value}
        )
    return value


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
StepId = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$"), AfterValidator(_refuse_reserved)
]
SavedName = StepId
SlackUser = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{1,63}$")]
SlackUserGroup = Annotated[str, StringConstraints(pattern=r"^S[A-Z0-9]{1,63}$")]
SlackChannel = Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{1,63}$")]
Condition = Annotated[str, CelField(condition=True)]
TemplateText = Annotated[str, TemplateField()]
TemplateJson = Annotated[JsonValue, TemplateField()]
HeaderText = Annotated[str, HeaderField()]
PublicText = Annotated[str, TemplateField(secrets=False)]
PublicJson = Annotated[JsonValue, TemplateField(secrets=False)]
NameOrTemplate = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$|\{\{", max_length=2000),
    TemplateField(secrets=False),
]
"""A name, or a template that gives one when it is rendered."""
NamePattern = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}\*?$")]
"""A name, or the beginning of names followed by `*`."""
UrlTemplate = Annotated[str, UrlField()]
PublicUrl = Annotated[str, UrlField(secrets=False)]


Path = tuple[str | int, ...]


def refuse_twice(values: Sequence[str], where: str, *, key: str = "id") -> None:
    """Raise PydanticCustomError for a duplicate value. `where` is the field with the items, `key` the item's field."""
    refuse_twice_at([(value, (where, index)) for index, value in enumerate(values)], where, key=key)


def refuse_twice_at(values: Sequence[tuple[str, Path]], where: str, *, key: str = "id") -> None:
    """Raise PydanticCustomError for a duplicate value, as `refuse_twice` does, given the path of each item."""
    seen: set[str] = set()
    for value, path in values:
        if value in seen:
            raise PydanticCustomError(
                "id_twice",
                "The {key} {name} appears twice in {where}. Each needs its own.",
                {"key": key, "name": value, "where": where, "path": [*path, key]},
            )
        seen.add(value)


Mark = CelField | TemplateField


@dataclass(frozen=True)
class Marked:
    """A value in a field that is marked as an expression or a template."""

    path: Path
    mark: Mark
    value: object


def marked_values(model: type[BaseModel], data: Mapping[str, object], path: Path = ()) -> Iterator[Marked]:
    """Yield the values in `data` whose fields `model` marks. `data` need not be valid.

    Parts chosen by a registry (steps, actions) are left to the caller, who knows which names they may use.
    """
    for key, field in fields_by_key(model).items():
        if key not in data:
            continue
        value, here = data[key], (*path, key)
        mark = _mark(model, key)
        if mark:
            yield Marked(here, mark, value)
        elif isinstance(value, Mapping):
            for inner in inner_models(field):
                yield from marked_values(inner, value, here)


def fields_by_key(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a model by the key people write: `if`, not `condition`."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def inner_models(field: FieldInfo) -> tuple[type[BaseModel], ...]:
    """Return the models that a field's annotation mentions, except those of a registry."""
    return tuple(_models(field.annotation))


def registered(field: FieldInfo) -> RegisteredUnion | None:
    """Return the registry from which a field's items come, or None."""
    return next((item for item in _metadata(field) if isinstance(item, RegisteredUnion)), None)


@cache
def _mark(model: type[BaseModel], key: str) -> Mark | None:
    metadata = _metadata(fields_by_key(model)[key])
    return next((item for item in metadata if isinstance(item, CelField | TemplateField)), None)


def _metadata(field: FieldInfo) -> list[object]:
    return [*field.metadata, *_nested_metadata(field.annotation)]


def _nested_metadata(annotation: object) -> Iterator[object]:
    yield from getattr(annotation, "__metadata__", ())
    for argument in get_args(annotation):
        yield from _nested_metadata(argument)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


OnFailure = Literal["stop", "continue"]
PortName = Literal["http", "processes", "ssh", "sql"]


class Poll(Definition):
    """Check again until a condition holds. The step must be one that only reads, or that is safe to repeat.

    A check that fails or gets no answer does not fail the step, which checks again until its time is over. No worker is
    busy between two checks.
    """

    until: Annotated[str, CelField(roots=("output", "saved"), condition=True)] | None = None
    """The condition to wait for, over the step's `output` and `saved`. If omitted: until the step succeeds."""
    every: SecondOrMore = timedelta(seconds=10)
    """The delay between two checks, at least a second."""
    limit: PositiveDuration = Field(default=timedelta(minutes=15), alias="for")
    """How long to go on checking. Then the step fails."""


class Retry(Definition):
    """Whether and how often to retry. Without `safe`, a step is called at most once, whatever `attempts` says."""

    safe: bool = False
    """Whether the call can safely be repeated. If so, it is also retried when its outcome is unknown."""
    attempts: int = Field(default=3, ge=1, le=10)
    """The maximum number of calls, including the first."""
    backoff: Duration = timedelta(seconds=1)
    """The delay before the second attempt; it doubles with each further attempt. A `Retry-After` in a response 429 or
    503 takes precedence if it asks for a longer delay.
    """
    max_backoff: Duration = timedelta(minutes=1)
    """The longest delay, including one requested by `Retry-After`."""
