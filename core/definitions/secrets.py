"""Secrets in definitions: those by name, and parameters that are secret.

How definitions use secrets: whole, as `{{ secrets.NAME }}` in a text, and in no other way.

So a text with secrets can be shown with their places marked, whatever they are, and no expression can ask about one.

Parameters that are secrets: which those are, and what is shown in their place. Pure.

One is where its JSON Schema, or a part of it, says `writeOnly: true` (JSON Schema Validation, section 9.4) or
`format: password` (OpenAPI). It is hidden whole: nobody can tell which part of a mapping gives another one away.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Protocol, runtime_checkable

from core.definitions.cel.tokens import Reference
from core.definitions.cel.values import JsonValue
from core.definitions.json_text import pointed
from core.definitions.masking import MASK
from core.errors import ExpressionError

ROOT = "secrets"
MISUSED = "A secret is used whole: {{ secrets.NAME }} in a text, with no function, operator or index."
HINT = "Do the rest where it arrives, or keep the ready form as a secret of its own."
_WHOLE = re.compile(r"secrets\.([A-Za-z][A-Za-z0-9_]*)")
_PLACE = re.compile(r"\{\{\s*secrets\.([A-Za-z][A-Za-z0-9_]*)\s*\}\}")
_IN_KEY = re.compile(r"\{\{[^}]*\bsecrets\b")


@runtime_checkable
class SecretTaker(Protocol):
    """The value of `secrets` in a scope: what templates ask for each `{{ secrets.NAME }}`."""

    def take(self, name: str) -> str:
        """Return what stands in its place; raises RunbookError for one that may not be used."""


class Withheld:
    """What expressions see as `secrets`: nothing. Every use of it there is a mistake, and said so."""

    def resolve(self, asked: tuple[Reference, ...]) -> Mapping[str, object]:  # noqa: ARG002 as in LazyScope
        """Raise ExpressionError."""
        raise ExpressionError(MISUSED, hint=HINT)


class SecretPlaces(Withheld):
    """Puts each secret's place where the secret would be: for what is shown and kept."""

    def take(self, name: str) -> str:
        return place(name)


def whole_secret(source: str) -> str | None:
    """Return the name where an expression is a secret and nothing else."""
    found = _WHOLE.fullmatch(source)
    return found[1] if found else None


def place(name: str) -> str:
    return f"{{{{ secrets.{name} }}}}"


def is_place(source: str, rendered: str) -> bool:
    """Whether the hole `source` was filled with the place of a secret, and not with the secret."""
    name = whole_secret(source)
    return name is not None and rendered == place(name)


def with_places_masked(text: str, mask: str) -> str:
    """A shown text with every place of a secret as if the secret had stood there and been masked."""
    return _PLACE.sub(mask, text)


def names_secrets_in_key(key: str) -> bool:
    return _IN_KEY.search(key) is not None


def named_secrets(document: object) -> set[str]:
    """Return the secrets that a document as plain JSON uses, in whatever fields."""
    return set(_PLACE.findall(json.dumps(document, ensure_ascii=False)))


Schema = Mapping[str, object]
_COMBINED = ("allOf", "anyOf", "oneOf", "then", "else")
_DATA = frozenset({"enum", "const", "default", "examples"})
HIDDEN = "hidden parameters"  # no name that an expression could have
GIVEN = "; you gave "  # behind it stands what was given
TELLING_NOTHING = (" is missing.", " is given twice.")
WHOLE = "The parameters"
_EMPTY: tuple[object, ...] = (None, "", [], {})


def secret_names(schema: Schema, given: Iterable[str] = ()) -> frozenset[str]:
    """Return which parameters are secrets: of those that are declared, and of those that are `given`."""
    found = {name for name, inner in _properties(schema) if _is_secret(inner, schema)}
    others = [schema.get("additionalProperties"), schema.get("patternProperties")]
    if _is_secret(others, schema):
        found |= set(given) - {name for name, _ in _properties(schema)}
    return frozenset(found)


def parted(
    schema: Schema, parameters: Mapping[str, JsonValue]
) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    """Return the parameters as everybody may see them, and those that are hidden, as they are.

    What is empty is no secret, and is seen to be empty.
    """
    names = secret_names(schema, parameters)
    hidden = {name: value for name, value in parameters.items() if name in names and value not in _EMPTY}
    return {name: _masked(value) if name in hidden else value for name, value in parameters.items()}, hidden


def is_hidden(shown: JsonValue) -> bool:
    """Return whether something was hidden in a parameter as everybody sees it."""
    return MASK in texts_of({"": shown})


def _masked(value: JsonValue) -> JsonValue:
    """Lists and mappings keep their shape, so that what names a part of one can still be shown."""
    if isinstance(value, dict):
        return {name: _masked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return value if value in _EMPTY else MASK


class HiddenParameters(frozenset[str]):
    """The names of a run's hidden parameters: under `HIDDEN` in the scope over which is rendered what is shown."""

    def are_named(self, references: Iterable[Reference]) -> bool:
        """Return whether an expression names one: what it makes of it is not shown either."""
        return any(found.root == "params" and self & set(found.members[:1]) for found in references)


def texts_of(hidden: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Return every text and number in hidden parameters, for a Masker."""
    return tuple(dict.fromkeys(_scalars(list(hidden.values()))))


def discreet(field: str, message: str, secrets: Collection[str]) -> tuple[str, str]:
    """Return what is wrong with a parameter, and with which one, so that it tells nothing of what a secret is."""
    if not field:
        is_quoted = bool(secrets) and message.startswith(WHOLE)
        return field, f"{WHOLE} do not fit their schema." if is_quoted else message
    if field.split(".")[0] not in secrets or message.endswith(TELLING_NOTHING):
        return field, message
    if GIVEN in message:
        return field, f"{message.partition(GIVEN)[0]}."
    return field, f"{field} does not fit its schema."


def _scalars(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _scalars(list(value.values()))
    elif isinstance(value, list):
        for item in value:
            yield from _scalars(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _properties(schema: Schema) -> Iterator[tuple[str, object]]:
    """Every property of the parameters, wherever the schema says something of it."""
    for resolved in _schemas([schema], schema, _COMBINED):
        properties = resolved.get("properties")
        if isinstance(properties, Mapping):
            yield from ((str(name), inner) for name, inner in properties.items())


def _is_secret(schema: object, root: Schema) -> bool:
    """Whether it says so itself, or any schema in it."""
    return any(
        found.get("writeOnly") is True or found.get("format") == "password"
        for found in _schemas([schema], root)
    )


def _schemas(parts: list[object], root: Schema, keywords: Iterable[str] | None = None) -> Iterator[Schema]:
    """Each mapping in `parts` once, references followed, and what is below these `keywords` (None: all but data)."""
    pending, seen = list(parts), set[int]()
    while pending:
        part = pending.pop()
        if isinstance(part, list):
            pending += part
        elif isinstance(part, Mapping) and id(part) not in seen:
            seen.add(id(part))
            reference = part.get("$ref")
            pending += [pointed(root, reference)] if isinstance(reference, str) else []
            pending += [part[key] for key in part.keys() - _DATA if keywords is None or key in keywords]
            yield part
