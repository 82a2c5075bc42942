"""Checks of the steps that ask people for values: the schema of the values, and the defaults of a run."""

import re
from collections.abc import Iterator, Mapping

from core.definitions.checks.cases import check_form
from core.definitions.checks.values import secret_parameters, secrets_in
from core.definitions.documents import Document, Path
from core.definitions.fields import CEL_RESERVED
from core.definitions.parameters import declared
from core.definitions.problems import Problem, suggest
from core.definitions.secrets import secret_names
from core.definitions.steps import types_that_ask
from core.definitions.templates import FoundExpression, UnclosedTemplate, find_expressions

Schema = Mapping[str, object]
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
ANY_OTHER = "A value that is not declared"  # not a possible name
SECRET = (
    "{name} is secret, and an input step cannot ask for one: its answer is shown in the channel and stored."
)
SECRET_HINT = "Make it a secret parameter of the runbook, or declare it with kind: secret."


def check_inputs(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with the steps that ask for values; the document need not be valid otherwise."""
    steps, asking = document.data.get("steps"), types_that_ask()
    for index, step in enumerate(steps if isinstance(steps, list) else ()):
        if isinstance(step, Mapping) and str(step.get("type")) in asking:
            schema = step.get("schema")
            if isinstance(schema, Mapping):
                yield from _check_schema(schema, document, ("steps", index, "schema"))
                yield from _check_defaults(step, schema, document, ("steps", index, "defaults"))


def _check_schema(schema: Schema, document: Document, path: Path) -> Iterator[Problem]:
    found = list(check_form(schema, document, path))
    yield from found
    if found:
        return
    properties = declared(schema)
    if not properties:
        yield document.problem(path, "The step asks for no values.", "Declare them under properties.")
    for name in properties:
        if not NAME.fullmatch(name) or name in CEL_RESERVED:
            message = f"{name} cannot be the name of a value: expressions read it as steps.ID.saved.NAME."
            hint = "Use small letters, digits and _, and no reserved word of CEL."
            yield document.problem((*path, "properties", name), message, hint, key=True)
    for name in sorted(secret_names(schema, [ANY_OTHER])):
        where = (*path, "properties", name) if name in properties else path
        yield document.problem(where, SECRET.format(name=name), SECRET_HINT)


def _check_defaults(
    step: Mapping[str, object], schema: Schema, document: Document, path: Path
) -> Iterator[Problem]:
    defaults, known = step.get("defaults"), declared(schema)
    for name in defaults if isinstance(defaults, Mapping) else ():
        if name not in known:
            hint = suggest(str(name), known, plural="Values")
            yield document.problem((*path, str(name)), f"There is no value {name}.", hint, key=True)
    secrets = secret_parameters(document)
    for found in _expressions(defaults):
        for used in secrets_in(found.source, secrets):
            message = f"A default uses the secret parameter {used}, but a form shows its defaults."
            yield document.problem((*path, *found.path), message, "Leave it out.")


def _expressions(defaults: object) -> list[FoundExpression]:
    try:
        return find_expressions(defaults)
    except UnclosedTemplate:
        return []
