"""The reference pages of runbooks, workflows, triggers and secrets, generated from their classes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from cli.reference.markdown import fence, fields, page, paragraphs
from core.definitions.actions import ActionDefinition, action_types
from core.definitions.fields import fields_by_key, inner_models
from core.definitions.kinds import model_schema
from core.definitions.runbook import RunbookDefinition
from core.definitions.secret import SecretDefinition
from core.definitions.steps import StepDefinition, step_types
from core.definitions.workflow import WorkflowDefinition

Part: TypeAlias = StepDefinition | ActionDefinition

EDITOR = """
An editor with the YAML language server completes and checks the file as you write, using the schema that
`runbook schema {kind}` prints:
"""
HINT = """
# yaml-language-server: $schema=./{kind}.schema.json
kind: {kind}
"""
SECRETS = """
kind: secret
name: DB_API
source: {env: RUNBOOK_SECRET_DB_API}
teams: [database]
hosts: [db-api.internal, "*.db.internal:8443"]
---
kind: secret
name: SSH_KEY
source: {file: /run/secrets/ssh}
teams: [database]
types: [shell]
---
kind: secret
name: PAGER
source: {vault: kv/pager, field: token}
hosts: [pager.example]
"""
HIDDEN = frozenset({"JsonValue"})
COMMON_MODELS = ("Retry", "Poll")  # of the fields that every step has


def steps_page() -> str:
    schema = model_schema(RunbookDefinition)
    cases = ("Case", "FakeAnswer", "CaseIncident", "Expectation")
    return page(
        "Runbooks and their steps",
        *_document(RunbookDefinition, "runbook"),
        "## Tests",
        "`runbook test PATH…` simulates the cases under `tests:` by the rules of a real run. No external system is "
        "contacted: a step that needs an answer gets the one in the case, and time passes instantly.",
        *_models(schema, cases),
        "## Step types",
        *_types(StepDefinition, step_types(), "step"),
    )


def secrets_page() -> str:
    schema = model_schema(SecretDefinition)
    sources = ("EnvironmentSource", "FileSource", "VaultSource")
    return page(
        "Secrets",
        paragraphs(SecretDefinition.__doc__),
        fields(schema),
        *_models(schema, sources),
        fence(SECRETS),
        EDITOR.format(kind="secret"),
        fence(HINT.format(kind="secret")),
    )


def actions_page() -> str:
    return page(
        "Workflows and their actions",
        *_document(WorkflowDefinition, "workflow"),
        "[Triggers](triggers.md) start a workflow.",
        "## Action types",
        *_types(ActionDefinition, action_types(), "action"),
    )


def triggers_page() -> str:
    parts: list[str] = []
    for model in inner_models(fields_by_key(WorkflowDefinition)["trigger"]):
        (name,) = model.model_fields["on"].annotation.__args__  # type: ignore[union-attr]  # a Literal
        members = sorted(getattr(model, "event_members", ()))
        known = ", ".join(f"`event.{member}`" for member in members)
        parts += [
            f"## `{name}`",
            paragraphs(model.__doc__),
            fields(model_schema(model)),
            f"The workflow's `when` may use {known}." if known else "",
        ]
    return page("Triggers", "The kinds of `trigger` that a workflow may have.", *parts)


def _document(model: type[RunbookDefinition | WorkflowDefinition], kind: str) -> Iterable[str]:
    return (
        paragraphs(model.__doc__),
        fields(model_schema(model)),
        EDITOR.format(kind=kind),
        fence(HINT.format(kind=kind)),
    )


def _types(base: type[Part], types: Mapping[str, type[Part]], noun: str) -> Iterator[str]:
    yield f"Every {noun} has these fields:"
    common = model_schema(base)
    yield fields(common)
    yield from _models(common, COMMON_MODELS)
    for name, model in types.items():
        schema = model_schema(model)
        yield f"### `{name}`"
        yield paragraphs(model.__doc__)
        own = [
            field for field, about in schema["properties"].items() if about != common["properties"].get(field)
        ]
        own.remove("type")
        yield fields(schema, own)
        yield from _models(schema, _own_models(model, schema))
        yield fence(model.example)


def _own_models(model: type[Part], schema: Mapping[str, Mapping[str, object]]) -> Iterable[str]:
    """Return the models of a type's fields, unless it contains other types, which list theirs themselves."""
    names = schema.get("$defs", {})
    return () if model.__name__ in names else (name for name in names if name not in COMMON_MODELS)


def _models(schema: Mapping[str, object], names: Iterable[str]) -> Iterator[str]:
    """Yield a table for each named model of the schema, except enumerations."""
    definitions = schema.get("$defs", {})
    assert isinstance(definitions, dict)
    for name in names:
        inner = definitions.get(name, {})
        if name not in HIDDEN and "properties" in inner:
            yield f"**{name}**: {paragraphs(inner.get('description'))}"
            yield fields(inner, models=definitions)
