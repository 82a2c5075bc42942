"""Checking the parameters of a runbook: the JSON Schema itself, its `required` and its defaults."""

from collections.abc import Iterator, Mapping

from core.definitions.documents import Document
from core.definitions.json_schema import deref, schema_errors, schema_problems
from core.definitions.parameters import declared, default_of, required
from core.definitions.problems import Problem, suggest
from core.definitions.secret_parameters import secret_names

Schema = Mapping[str, object]


def check_schema(document: Document) -> Iterator[Problem]:
    """Answer what is wrong with the `parameters` of a runbook document."""
    schema = document.data.get("parameters")
    if not isinstance(schema, Mapping):
        return
    found = [document.problem(("parameters", *path), message) for path, message in schema_problems(schema)]
    yield from found
    if not found:
        yield from _check_required(schema, document)
        yield from _check_defaults(schema, document)
        yield from _check_secrets(schema, document)


def _check_required(schema: Schema, document: Document) -> Iterator[Problem]:
    properties = declared(schema)
    for index, name in enumerate(required(schema)):
        if name not in properties and not schema.get("additionalProperties"):
            hint = suggest(name, properties, plural="Parameters")
            message = f"{name} is required but not declared under properties."
            yield document.problem(("parameters", "required", index), message, hint)


def _check_secrets(schema: Schema, document: Document) -> Iterator[Problem]:
    """A secret is given with each run: what stands in the definition everybody reads."""
    for name in sorted(secret_names(schema) & declared(schema).keys()):
        inner = deref(declared(schema)[name], schema)
        for keyword in ("default", "const", "enum", "examples"):
            if inner.get(keyword) not in (None, "", [], [""], {}):
                path = ("parameters", "properties", name, keyword)
                message = f"{name} is a secret, and its {keyword} is no secret: it stands here."
                yield document.problem(path, message, "Leave it out, or use a secret of the kind: secret.")


def _check_defaults(schema: Schema, document: Document) -> Iterator[Problem]:
    for name, inner in declared(schema).items():
        default = default_of(inner, schema)
        if default is None:
            continue
        # The definitions that a reference leads to live at the root.
        wrapped = {"$defs": schema.get("$defs", {}), "properties": {name: deref(inner, schema)}}
        for _, message in schema_errors(wrapped, {name: default[0]}):
            path = ("parameters", "properties", name, "default")
            yield document.problem(path, f"The default does not fit its own schema: {message}")
