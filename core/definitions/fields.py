"""The kinds of fields that definitions are made of, and finding those that are marked.

The kinds of text that definitions are made of: names, ids, expressions, templates.

The marks `CelField` and `TemplateField` say that a field holds an expression or a template. Validation finds
them in every step and action type, those of third parties too, and checks what is written there.

Ids and names that must not stand twice in one document.

Finding what a model marks as expression or template, without knowing the model.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from core.definitions.durations import Duration
from core.definitions.type_registry import RegisteredUnion

# https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax: IDENT may be none of these.
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


class Definition(BaseModel):
    """What every part of a document shares: unknown fields are refused, and a value never changes.

    The docstring behind a field is its description: in the editor's schema, and in the reference.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        serialize_by_alias=True,
        defer_build=True,
        use_attribute_docstrings=True,
    )


@dataclass(frozen=True)
class CelField:
    """Mark of a field that holds a CEL expression (or a mapping of them).

    `roots` are the names that only this field knows, besides those of its step or action; `condition`: the
    value must be true or false. No expression names secrets.
    """

    roots: tuple[str, ...] = ()
    condition: bool = False


@dataclass(frozen=True)
class TemplateField:
    """Mark of a field whose strings, however deep, may contain `{{ CEL }}`.

    `secrets`: whether a secret may stand in it, whole, as `{{ secrets.NAME }}`; not where the result is shown.
    """

    secrets: bool = True


@dataclass(frozen=True)
class UrlField(TemplateField):
    """Mark of a field that holds a URL: core.definitions.http_requests says what a `{{ CEL }}` in one may bring."""


@dataclass(frozen=True)
class HeaderField(TemplateField):
    """Mark of a field whose text is sent as the header of its own key, or as a part of the header `name`."""

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
SlackChannel = Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{1,63}$")]
Condition = Annotated[str, CelField(condition=True)]
TemplateText = Annotated[str, TemplateField()]
TemplateJson = Annotated[JsonValue, TemplateField()]
HeaderText = Annotated[str, HeaderField()]
PublicText = Annotated[str, TemplateField(secrets=False)]
PublicJson = Annotated[JsonValue, TemplateField(secrets=False)]
UrlTemplate = Annotated[str, UrlField()]
PublicUrl = Annotated[str, UrlField(secrets=False)]


Path = tuple[str | int, ...]


def refuse_twice(values: Sequence[str], where: str, *, key: str = "id") -> None:
    """Raise for a value that is there twice; `where` is the field that holds what has it, by its `key`."""
    refuse_twice_at([(value, (where, index)) for index, value in enumerate(values)], where, key=key)


def refuse_twice_at(values: Sequence[tuple[str, Path]], where: str, *, key: str = "id") -> None:
    """The same, with the path of each thing that has the value."""
    seen: set[str] = set()
    for value, path in values:
        if value in seen:
            raise PydanticCustomError(
                "id_twice",
                "The {key} {name} is there twice in {where}. Each needs its own.",
                {"key": key, "name": value, "where": where, "path": [*path, key]},
            )
        seen.add(value)


Mark = CelField | TemplateField


@dataclass(frozen=True)
class Marked:
    """A value that a model marks as expression or template."""

    path: Path
    mark: Mark
    value: object


def marked_values(model: type[BaseModel], data: Mapping[str, object], path: Path = ()) -> Iterator[Marked]:
    """Answer the marked values of `data`, which need not be valid, as `model` marks them.

    Parts that a registry chooses (steps, actions) are left to the caller, who knows what they may name.
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
    """Answer the fields of a model by what people write: `if`, not `condition`."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def inner_models(field: FieldInfo) -> tuple[type[BaseModel], ...]:
    """Answer the models that a field's annotation mentions; those of a registry not."""
    return tuple(_models(field.annotation))


def registered(field: FieldInfo) -> RegisteredUnion | None:
    """Answer the registry that a field's items come from, if any."""
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
PortName = Literal["http", "processes"]


class Retry(Definition):
    """How often to try again. Without `safe` a step is called at most once, whatever `attempts` says."""

    safe: bool = False
    """Whether it does no harm to call it twice: then it is also repeated where nobody knows whether it happened."""
    attempts: int = Field(default=3, ge=1, le=10)
    """How often it is called, the first time included."""
    backoff: Duration = timedelta(seconds=1)
    """How long to wait before the second attempt; the wait doubles with every further one. An answer 429 or 503 with
    `Retry-After` makes it as long as that asks."""
    max_backoff: Duration = timedelta(minutes=1)
    """The longest such wait, whatever asks for it."""
