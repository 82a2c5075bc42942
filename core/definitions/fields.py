"""The kinds of text that definitions are made of: names, ids, expressions, templates.

The marks `CelField` and `TemplateField` say that a field holds an expression or a template. Validation finds
them in every step and action type, those of third parties too, and checks what is written there.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue, StringConstraints
from pydantic_core import PydanticCustomError

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
    """Mark of a field that holds a URL: core.definitions.urls says what a `{{ CEL }}` in one may bring."""


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
