"""Checks of what parameters say about their fields in Slack: `x-slack` and `x-choices`."""

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from core.definitions.checks.expressions import check_marked
from core.definitions.choices import KEYWORD, MOST, Choices, written_choices
from core.definitions.documents import Document, Path
from core.definitions.fields import marked_values
from core.definitions.json_schema import deref
from core.definitions.parameters import declared
from core.definitions.problems import Problem, one_of
from core.definitions.secrets import secret_names
from core.definitions.shapes import INCIDENT, SECRETS

IN_PARAMETERS: Path = ("parameters", "properties")
X_SLACK = {"user": "string", "channel": "string", "long": "string"}
Schema = Mapping[str, object]


def check_fields(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with `x-slack` and `x-choices` of a runbook's parameters."""
    schema = document.data.get("parameters")
    if not isinstance(schema, Mapping):
        return
    for name, inner in declared(schema).items():
        resolved = deref(inner, schema)
        yield from _check_x_slack(resolved, document, (*IN_PARAMETERS, name))
        items = resolved.get("items")
        if isinstance(items, Mapping):
            yield from _check_x_slack(deref(items, schema), document, (*IN_PARAMETERS, name, "items"))
    yield from _check_choices(schema, document)


def _check_x_slack(schema: Schema, document: Document, path: Path) -> Iterator[Problem]:
    kind = schema.get("x-slack")
    if kind is None:
        return
    if not isinstance(kind, str) or kind not in X_SLACK:
        yield document.problem(
            (*path, "x-slack"), "x-slack has no such value.", f"Use {one_of(list(X_SLACK))}."
        )
    elif schema.get("type") != "string":
        hint = "Set type to string; for several people or channels, put x-slack into items."
        yield document.problem((*path, "x-slack"), f"x-slack: {kind} is for text.", hint)


def _check_choices(schema: Schema, document: Document) -> Iterator[Problem]:
    secrets = secret_names(schema)
    for index, (name, written) in enumerate(written_choices(schema)):
        path = (*IN_PARAMETERS, name, KEYWORD)
        if index == MOST:
            yield document.problem(path, f"At most {MOST} parameters may have x-choices.", "Remove one.")
        if name in secrets:
            yield document.problem(path, f"{name} is a secret, and choices are shown.", "Remove x-choices.")
        yield from _check_one(written, document, path)


def _check_one(written: object, document: Document, path: Path) -> Iterator[Problem]:
    try:
        Choices.model_validate(written)
    except ValidationError as error:
        for details in error.errors(include_url=False)[:10]:
            place = (*path, *details["loc"])
            said = details["msg"] if details["type"] != "extra_forbidden" else "There is no such field here."
            yield document.problem(place, f"{'.'.join(map(str, place[3:]))}: {said.rstrip('.')}.")
        return
    assert isinstance(written, Mapping), "it is valid"
    for marked in marked_values(Choices, written, path):
        yield from check_marked(marked, {"incident": INCIDENT, "secrets": SECRETS}, document)
