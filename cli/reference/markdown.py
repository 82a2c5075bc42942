"""Markdown building blocks of the reference pages."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]
REPLACED = {"JsonValue": "anything"}
KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true`, `false`"}


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, with line breaks and bars in cells escaped."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def page(title: str, *parts: str) -> str:
    """Return a page made of paragraphs, tables and fences; empty parts are left out."""
    return "\n\n".join([f"# {title}", *(part.strip("\n") for part in parts if part.strip())]) + "\n"


def fence(text: str, language: str = "yaml") -> str:
    return f"```{language}\n{text.strip()}\n```"


def paragraphs(docstring: str | None) -> str:
    """Return a docstring without its indentation."""
    return "\n".join(line.strip() for line in (docstring or "").strip().splitlines())


def fields(schema: Schema, names: Iterable[str] | None = None, models: Schema | None = None) -> str:
    """Return a table of the schema's fields, or of those in `names`. `models`: the referenced models by name."""
    properties, required = schema["properties"], schema.get("required", [])
    known = schema.get("$defs", {}) if models is None else models
    rows = [
        (
            f"`{name}`",
            _kind(properties[name], known),
            _default(name, properties[name], required),
            str(properties[name].get("description", "")),
        )
        for name in (properties if names is None else names)
    ]
    return table(("field", "type", "default", "description"), rows)


def _default(name: str, schema: Schema, required: Sequence[str]) -> str:
    if name in required:
        return "**required**"
    default = schema.get("default")
    if default in (None, "") or isinstance(default, (dict, list)):
        return ""
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def _kind(schema: Schema, models: Schema) -> str:
    """Return the type of a field in a few words."""
    if "$ref" in schema:
        name = referred(schema["$ref"])
        is_choice = "enum" in models.get(name, {})
        return _kind(models[name], models) if is_choice else REPLACED.get(name, name)
    if "enum" in schema or "const" in schema:
        choices = schema.get("enum", [schema.get("const")])
        return ", ".join(
            f"`{choice if isinstance(choice, str) else json.dumps(choice)}`" for choice in choices
        )
    branches = [branch for branch in schema.get("anyOf", ()) if branch.get("type") != "null"]
    if branches:
        return " or ".join(dict.fromkeys(_kind(branch, models) for branch in branches))
    if "30s" in schema.get("examples", ()):
        return "duration"
    return _plain_kind(schema, models)


def _plain_kind(schema: Schema, models: Schema) -> str:
    kind = schema.get("type")
    if kind == "array":
        inner = schema.get("items", {})
        return "list" if "oneOf" in inner else f"list of {_kind(inner, models)}"
    if kind == "object":
        inner = next(iter(schema.get("patternProperties", {}).values()), schema.get("additionalProperties"))
        return f"mapping to {_kind(inner, models)}" if isinstance(inner, Mapping) and inner else "mapping"
    return KINDS.get(str(kind), "anything")


def referred(reference: str) -> str:
    """Return the name of the model that a `$ref` refers to."""
    return reference.rpartition("/")[2]
