"""Secrets in definitions: secrets used by name, and secret parameters of runbooks.

A secret is used only whole, as `{{ secrets.NAME }}` in a text, so a text can be shown with its secrets marked, and no
expression can inspect one. A parameter is secret if its JSON Schema, or a part of it, has `writeOnly: true` (JSON
Schema Validation, section 9.4) or `format: password` (OpenAPI). It is hidden completely, since nobody can tell which
part of a mapping would reveal another.
"""

import json
import re
from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping

from pydantic import JsonValue

from core.definitions.cel.tokens import Reference
from core.definitions.cel.values import LazyScope
from core.definitions.json_text import pointed
from core.definitions.masking import MASK
from core.errors import ExpressionError

ROOT = "secrets"
MISUSED = (
    "A secret can only be used whole: {{ secrets.NAME }} in a text, without functions, operators or indexes."
)
HINT = "Transform it where it is received, or store the final form as a separate secret."
_WHOLE = re.compile(r"secrets\.([A-Za-z][A-Za-z0-9_]*)")
_PLACE = re.compile(r"\{\{\s*secrets\.([A-Za-z][A-Za-z0-9_]*)\s*\}\}")
_IN_KEY = re.compile(r"\{\{[^}]*\bsecrets\b")


class Withheld(LazyScope):
    """The value of `secrets` for expressions: every use is an error."""

    def resolve(self, asked: tuple[Reference, ...]) -> Mapping[str, object]:  # noqa: ARG002 as in LazyScope
        """Raise ExpressionError."""
        raise ExpressionError(MISUSED, hint=HINT)


class SecretTaker(Withheld):
    """The value of `secrets` in a scope, which templates ask for each `{{ secrets.NAME }}`."""

    @abstractmethod
    def take(self, name: str) -> str:
        """Return the text to insert. Raises RunbookError if the secret may not be used."""


class SecretPlaces(SecretTaker):
    """Inserts `{{ secrets.NAME }}` in place of each secret, for texts that are shown and stored."""

    def take(self, name: str) -> str:
        return place(name)


def whole_secret(source: str) -> str | None:
    """Return the secret's name if the expression consists only of a secret; otherwise None."""
    found = _WHOLE.fullmatch(source)
    return found[1] if found else None


def place(name: str) -> str:
    """Return how a secret is shown: `{{ secrets.NAME }}`."""
    return f"{{{{ secrets.{name} }}}}"


def is_place(source: str, rendered: str) -> bool:
    """Return whether the placeholder `source` was filled with `{{ secrets.NAME }}` and not with the secret."""
    name = whole_secret(source)
    return name is not None and rendered == place(name)


def with_places_masked(text: str, mask: str) -> str:
    """Replace each `{{ secrets.NAME }}` in a shown text by `mask`, as if the secret itself had been masked."""
    return _PLACE.sub(mask, text)


def names_secrets_in_key(key: str) -> bool:
    return _IN_KEY.search(key) is not None


def named_secrets(document: object) -> set[str]:
    """Return the names of the secrets that a document (plain JSON) uses, in any field."""
    return set(_PLACE.findall(json.dumps(document, ensure_ascii=False)))


Schema = Mapping[str, object]
_COMBINED = ("allOf", "anyOf", "oneOf", "then", "else")
_DATA = frozenset({"enum", "const", "default", "examples"})
HIDDEN = "hidden parameters"  # not a possible name in an expression
GIVEN = "; you gave "  # followed by the value that was given
TELLING_NOTHING = (" is missing.", " is given twice.")
WHOLE = "The parameters"
_EMPTY: tuple[object, ...] = (None, "", [], {})


def secret_names(schema: Schema, given: Iterable[str] = ()) -> frozenset[str]:
    """Return the names of the secret parameters, among those that are declared and those that are `given`."""
    found = {name for name, inner in _properties(schema) if _is_secret(inner, schema)}
    others = [schema.get("additionalProperties"), schema.get("patternProperties")]
    if _is_secret(others, schema):
        found |= set(given) - {name for name, _ in _properties(schema)}
    return frozenset(found)


def parted(
    schema: Schema, parameters: Mapping[str, JsonValue]
) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    """Split the parameters into those for display and the hidden ones with their values.

    An empty value is not secret and is displayed as it is.
    """
    names = secret_names(schema, parameters)
    hidden = {name: value for name, value in parameters.items() if name in names and value not in _EMPTY}
    return {name: _masked(value) if name in hidden else value for name, value in parameters.items()}, hidden


def is_hidden(shown: JsonValue) -> bool:
    """Return whether a part of a displayed parameter is hidden."""
    return MASK in texts_of({"": shown})


def _masked(value: JsonValue) -> JsonValue:
    """Mask a value; lists and mappings keep their shape, so that expressions over them can still be displayed."""
    if isinstance(value, dict):
        return {name: _masked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return value if value in _EMPTY else MASK


class HiddenParameters(frozenset[str]):
    """The names of a run's hidden parameters, stored under `HIDDEN` in the scope for rendering what is displayed."""

    def are_named(self, references: Iterable[Reference]) -> bool:
        """Return whether an expression uses a hidden parameter; its result is hidden, too."""
        return any(found.root == "params" and self & set(found.members[:1]) for found in references)


def texts_of(hidden: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Return every text and number in hidden parameters, for a Masker."""
    return tuple(dict.fromkeys(_scalars(list(hidden.values()))))


def discreet(field: str, message: str, secrets: Collection[str]) -> tuple[str, str]:
    """Return the field and the message of a parameter problem without anything that reveals a secret."""
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
    """Yield every property of the parameters, wherever the schema describes it."""
    for resolved in _schemas([schema], schema, _COMBINED):
        properties = resolved.get("properties")
        if isinstance(properties, Mapping):
            yield from ((str(name), inner) for name, inner in properties.items())


def _is_secret(schema: object, root: Schema) -> bool:
    """Return whether the schema, or any schema in it, is marked as secret."""
    return any(
        found.get("writeOnly") is True or found.get("format") == "password"
        for found in _schemas([schema], root)
    )


def _schemas(parts: list[object], root: Schema, keywords: Iterable[str] | None = None) -> Iterator[Schema]:
    """Yield each mapping in `parts` once, following references, and what is under these `keywords` (None: all but
    data).
    """
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
