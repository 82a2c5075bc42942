"""JSON Schema (draft 2020-12) validation: nothing is fetched, work is bounded, and errors are sentences.

Regular expressions are matched by an engine that is linear in the length of the text (https://docs.rs/regex) and
supports neither lookaround nor backreferences.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any

from jsonschema_rs import (
    Draft202012Validator,
    FancyRegexOptions,
    RegexOptions,
    ValidationError,
    ValidationErrorKind,
)

from core.definitions.json_text import pointed
from core.definitions.problems import suggest
from core.definitions.schema_bounds import SchemaSize, Unbounded, size_of_schema, size_of_value

Schema = Mapping[str, object]
Path = tuple[str | int, ...]
META = "https://json-schema.org/draft/2020-12/schema"  # bundled with the library
MOST_ERRORS = 50
LARGEST_PATTERN = 256 * 1024  # bytes, compiled
LINEAR = RegexOptions(size_limit=LARGEST_PATTERN, dfa_size_limit=LARGEST_PATTERN)
# Runbooks stored while lookaround was still allowed keep working, within these limits and for short values.
LOOKAROUND = FancyRegexOptions(
    backtrack_limit=1_000, size_limit=LARGEST_PATTERN, dfa_size_limit=LARGEST_PATTERN
)
MOST_CHARACTERS_WITH_LOOKAROUND = 2_000
LONGEST_EXPLAINED = 200
_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def deref(schema: object, root: Schema) -> Schema:
    """Return a schema with its local `$ref`s resolved; an empty schema if a reference leads nowhere."""
    for _ in range(16):
        if not isinstance(schema, Mapping):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        found = pointed(root, reference)
        others = {key: item for key, item in schema.items() if key != "$ref"}
        schema = {**(found if isinstance(found, Mapping) else {}), **others}
    return {}


def schema_problems(schema: Schema) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with a schema itself: the path in it, and a sentence."""
    try:
        size_of_schema(schema)
    except Unbounded as error:
        yield error.path, str(error)
        return
    wrong = next(iter(_meta().iter_errors(schema)), None) or _not_compiled(schema)
    if wrong is not None:
        path = tuple(wrong.instance_path)
        yield path, _meta_sentence(wrong, str(path[-1]) if path else "It")
    elif schema.get("type", "object") != "object":
        yield ("type",), "The parameters must be a mapping: set type to object."


@cache
def _meta() -> Draft202012Validator:
    return Draft202012Validator({"$ref": META}, offline=True, validate_formats=False, pattern_options=LINEAR)


def _not_compiled(schema: Schema) -> ValidationError | None:
    """Return the engine's error for the schema, such as an unsupported regular expression, or None."""
    try:
        _validator(schema, LINEAR)
    except ValidationError as error:
        return error
    return None


def _validator(schema: Schema, patterns: RegexOptions | FancyRegexOptions) -> Draft202012Validator:
    return Draft202012Validator(dict(schema), offline=True, validate_formats=True, pattern_options=patterns)


def _meta_sentence(error: ValidationError, name: str) -> str:
    if name == "type":
        near = suggest(str(error.instance), _KINDS, plural="Types")
        return f"JSON Schema has no type {_shown(error.instance)}. {near}"
    if error.kind.name == "format" and isinstance(error.instance, str):
        shown = _shown(error.instance)
        return f"The {name} {shown!r} is not a valid regular expression: {_why_no_pattern(error.instance)}."
    return f"This is not a valid JSON Schema: {_sentence(error, name)}"


def _why_no_pattern(pattern: str) -> str:
    """Explain with Python's parser, which gives better messages; it only parses the pattern, and only a short one."""
    try:
        re.compile(pattern[:LONGEST_EXPLAINED] if len(pattern) <= LONGEST_EXPLAINED else "")
    except re.error as error:
        return str(error)
    return "it is too large, or it uses lookaround or a backreference, which are not supported"


def schema_errors(schema: Schema, value: object) -> list[tuple[str, str]]:
    """Return the name of the property and a sentence for each place where the value does not fit the schema.

    At most 50. If validation would take too long, return an error that says so instead of validating.
    """
    try:
        size = size_of_schema(schema)
        why_not, validator = _prepared(schema, size, value)
    except (Unbounded, ValidationError) as error:
        return [("", f"The schema of the parameters cannot be used: {str(error).splitlines()[0]}")]
    if why_not is not None:
        return [("", why_not)]
    found = sorted(
        islice(validator.iter_errors(value), MOST_ERRORS),
        key=lambda error: [str(part) for part in error.instance_path],
    )
    return [_pair(error, schema) for error in found]


def _prepared(schema: Schema, size: SchemaSize, value: object) -> tuple[str | None, Draft202012Validator]:
    values, characters = size_of_value(value)
    try:
        return size.why_too_much(values, characters), _validator(schema, LINEAR)
    except ValidationError as error:
        if error.kind.name != "format":
            raise
        is_long = characters > MOST_CHARACTERS_WITH_LOOKAROUND
        why_not = f"The value has {characters:,} characters, too many for a pattern with lookaround."
        return why_not if is_long else None, _validator(schema, LOOKAROUND)


def _pair(error: ValidationError, schema: Schema) -> tuple[str, str]:
    path = [str(part) for part in error.instance_path]
    if isinstance(error.kind, ValidationErrorKind.Required):
        name = ".".join([*path, str(error.kind.value)])
        return name, f"{name} is missing."
    name = ".".join(path)
    return name, _sentence(error, name or "The parameters", schema)


def required_names(schema: object) -> list[str]:
    """Return the properties that a schema requires."""
    names = schema.get("required") if isinstance(schema, Mapping) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _sentence(error: ValidationError, name: str, schema: Schema | None = None) -> str:
    keyword, wanted, given = error.kind.name, _wanted(error, schema), f"; you gave {_shown(error.instance)}."
    match keyword:
        case "enum":
            return f"{name} must be one of {', '.join(_plain(choice) for choice in wanted)}{given}"
        case "const":
            return f"{name} must be {_plain(wanted)}{given}"
        case "type":
            kinds = [wanted] if isinstance(wanted, str) else wanted
            return f"{name} must be {' or '.join(_KINDS.get(kind, kind) for kind in kinds)}{given}"
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            return f"{name} must be {_BOUNDS[keyword]} {wanted}{given}"
        case "minLength" | "maxLength" | "minItems" | "maxItems":
            return f"{name} must have {_BOUNDS[keyword].format(wanted)}{given}"
        case "pattern":
            return f"{name} must match the pattern {wanted}{given}"
        case "format":
            return f"{name} must be a valid {wanted}{given}"
    return f"{name}: {error.message[:300].rstrip('.')}."


def _wanted(error: ValidationError, schema: Schema | None) -> Any:
    """Return the schema's own value for the keyword; the library reorders types."""
    found: Any = schema
    for part in error.schema_path:
        is_there = (
            part in found if isinstance(found, Mapping) else isinstance(found, list) and isinstance(part, int)
        )
        found = found[part] if is_there else None
    return error.kind.value if found is None or found is schema else found


_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
}


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f'"{value[:100]}"' if value == "" or value.strip() != value else value[:100]
    return _plain(value)[:100]
