"""JSON Schema (draft 2020-12) without surprises: nothing is fetched, and errors are sentences."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

from core.definitions.problems import suggest

Schema = Mapping[str, object]
Path = tuple[str | int, ...]
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
    """Answer a schema with its local `$ref` followed; an empty schema where there is nothing to follow."""
    for _ in range(16):
        if not isinstance(schema, Mapping):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        schema = {**_pointed(root, reference), **{key: item for key, item in schema.items() if key != "$ref"}}
    return {}


def _pointed(root: Schema, reference: str) -> Schema:
    found: object = root
    for part in reference.removeprefix("#").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list):
            found = found[int(name)] if name.isdecimal() and int(name) < len(found) else None
        else:
            found = found.get(name) if isinstance(found, Mapping) else None
    return found if reference.startswith("#") and isinstance(found, Mapping) else {}


def schema_problems(schema: Schema) -> Iterator[tuple[Path, str]]:
    """Answer what is wrong with a schema itself: the path in it, and a sentence."""
    meta = Draft202012Validator(
        Draft202012Validator.META_SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    for error in meta.iter_errors(schema):
        path = tuple(error.absolute_path)
        yield path, _meta_sentence(error, str(path[-1]) if path else "It")
        return
    if schema.get("type", "object") != "object":
        yield ("type",), "Parameters are a mapping: type must be object."
    for path, keyword, value in _keywords(schema, ()):
        reason = _keyword_problem(schema, keyword, value)
        if reason:
            yield (*path, keyword), reason


def _meta_sentence(error: ValidationError, name: str) -> str:
    if name == "type":
        near = suggest(str(error.instance), _KINDS, plural="Types")
        return f"JSON Schema has no type {_shown(error.instance)}. {near}"
    if error.validator == "format" and error.validator_value == "regex":
        return f"The {name} {error.instance!r} is no regular expression: {error.cause}."
    return f"This is no JSON Schema: {_sentence(error, name)}"


def _keywords(node: object, path: Path) -> Iterator[tuple[Path, str, str]]:
    if isinstance(node, Mapping):
        for key, item in node.items():
            if isinstance(item, str):
                yield path, key, item
            elif key not in {"default", "const", "enum", "examples"}:
                yield from _keywords(item, (*path, key))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _keywords(item, (*path, index))


def _keyword_problem(schema: Schema, keyword: str, value: str) -> str | None:
    if keyword in {"$ref", "$dynamicRef"}:
        if not value.startswith("#"):
            return f"{keyword} may only lead into this document; {value} is never fetched."
        if value != "#" and not _pointed(schema, value):
            return f"{keyword} leads nowhere: there is no {value} here."
    return None


def schema_errors(schema: Schema, value: object) -> list[tuple[str, str]]:
    """Answer what the schema has against a value: the name of the property and a sentence, one for each place."""
    validator = Draft202012Validator(
        schema, registry=Registry(), format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    try:
        found = sorted(
            validator.iter_errors(value), key=lambda error: [str(part) for part in error.absolute_path]
        )
        return [pair for error in found for pair in _pairs(error)]
    except (RecursionError, Unresolvable) as error:
        return [("", f"The schema of the parameters cannot be used: {type(error).__name__}.")]


def _pairs(error: ValidationError) -> Iterator[tuple[str, str]]:
    path = [str(part) for part in error.absolute_path]
    if error.validator == "required" and isinstance(error.instance, Mapping):
        for name in required_names(error.schema):
            if name not in error.instance and f"'{name}'" in error.message:
                yield ".".join([*path, name]), f"{'.'.join([*path, name])} is missing."
        return
    name = ".".join(path)
    yield name, _sentence(error, name or "The parameters")


def required_names(schema: object) -> list[str]:
    """Answer the properties that a schema requires."""
    names = schema.get("required") if isinstance(schema, Mapping) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _sentence(error: ValidationError, name: str) -> str:
    wanted: Any = error.validator_value
    given = f"; you gave {_shown(error.instance)}."
    match error.validator:
        case "enum":
            return f"{name} must be one of {', '.join(_plain(choice) for choice in wanted)}{given}"
        case "const":
            return f"{name} must be {_plain(wanted)}{given}"
        case "type":
            kinds = [wanted] if isinstance(wanted, str) else wanted
            return f"{name} must be {' or '.join(_KINDS.get(kind, kind) for kind in kinds)}{given}"
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            return f"{name} must be {_BOUNDS[error.validator]} {wanted}{given}"
        case "minLength" | "maxLength" | "minItems" | "maxItems":
            return f"{name} must have {_BOUNDS[error.validator].format(wanted)}{given}"
        case "pattern":
            return f"{name} must match the pattern {wanted}{given}"
        case "format":
            return f"{name} must be a valid {wanted}{given}"
    return f"{name}: {error.message[:300].rstrip('.')}."


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
