"""The names, and their shapes, that each expression in a document may use, and the walk over all expressions."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from pydantic import BaseModel

from core.definitions.actions import action_types
from core.definitions.cel.expressions import compile_expression
from core.definitions.checks.expressions import Scope, check_marked
from core.definitions.checks.values import check_values, values_shape
from core.definitions.checks.walking import Part, all_steps, in_order, inner_lists
from core.definitions.documents import Document, Path
from core.definitions.fields import fields_by_key, inner_models, marked_values
from core.definitions.json_schema import deref
from core.definitions.parameters import declared, default_of, required
from core.definitions.problems import Problem
from core.definitions.runbook import RunbookDefinition
from core.definitions.shapes import (
    ACTION,
    EXECUTION,
    EXECUTION_AT_ITS_END,
    INCIDENT,
    OPEN,
    SECRETS,
    TEXT,
    Shape,
    callbacks_shape,
    event_shape,
    step_shape,
)
from core.definitions.steps import step_types, types_called_back, types_that_ask
from core.definitions.workflow import WorkflowDefinition
from core.errors import ExpressionError

_SAMPLES: Mapping[object, tuple[object]] = {"string": ("",), "integer": (0,), "boolean": (True,)}
# With these keywords, whether a parameter must be given can depend on other parameters.
_CONDITIONS = frozenset(
    {"allOf", "anyOf", "oneOf", "if", "dependentRequired", "dependentSchemas", "minProperties", "$ref"}
)


def params_shape(schema: Mapping[str, object]) -> Shape:
    """Return the shape of `params`: the declared parameters, and which of them may be missing at run time."""
    properties = declared(schema)
    is_plain = not _CONDITIONS & schema.keys()
    missing = {
        name
        for name, inner in properties.items()
        if is_plain and name not in required(schema) and default_of(inner, schema) is None
    }
    return Shape(
        {name: _property_shape(deref(inner, schema)) for name, inner in properties.items()},
        optional=frozenset(missing),
        plural="Parameters",
        empty="Declare it under parameters.properties.",
    )


def entered_shape(schema: Mapping[str, object]) -> Shape:
    """Return the shape of a step that asks for values. One that may be left out is null then, so of no one type."""
    asked = params_shape(schema)
    members = {
        name: replace(shape, sample=None, choices=()) if name in asked.optional else shape
        for name, shape in (asked.members or {}).items()
    }
    empty = "That step asks for no values: declare them under schema.properties."
    return step_shape((), Shape(members, plural="It asks for", empty=empty))


def _property_shape(schema: Mapping[str, object]) -> Shape:
    choices = schema.get("enum")
    if schema.get("type") == "string" and isinstance(choices, list) and choices:
        texts = tuple(choice for choice in choices if isinstance(choice, str))
        return Shape({}, sample=("",), choices=texts)
    kind = schema.get("type")
    sample = _SAMPLES.get(kind) if isinstance(kind, str) else None
    return Shape({}, sample=sample) if sample else OPEN


def check_runbook(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with the expressions of a runbook; the document need not be valid otherwise."""
    schema = document.data.get("parameters")
    params = params_shape(schema if isinstance(schema, Mapping) else {})
    scope = {"params": params, "incident": INCIDENT, "execution": EXECUTION}
    for marked in marked_values(RunbookDefinition, document.data):
        if marked.path != ("values",):
            yield from check_marked(marked, {**scope, "secrets": SECRETS}, document)
    yield from check_values(document, scope)
    scope["values"] = values_shape(document, scope)
    inside = {**scope, "secrets": SECRETS, "callbacks": callbacks_shape(_callback_steps(document))}
    earlier: dict[str, Shape] = {}
    yield from _check_steps(document, document.data.get("steps"), ("steps",), inside, earlier)
    ending = {**inside, "execution": EXECUTION_AT_ITS_END}
    yield from _check_steps(document, document.data.get("finally"), ("finally",), ending, earlier)


def _check_steps(
    document: Document, steps: object, path: Path, scope: Scope, earlier: dict[str, Shape]
) -> Iterator[Problem]:
    """Check a list of steps. `earlier`: the shapes of the steps before it; those of this list are added to it.

    Steps inside a step see what it sees, the item, and each other, but nothing outside sees them.
    """
    listed = [step for step in steps if isinstance(step, Mapping)] if isinstance(steps, list) else []
    later = {str(step.get("id")): "It comes later; only earlier steps are known here." for step in listed}
    for at, step in enumerate(steps if isinstance(steps, list) else ()):
        if not isinstance(step, Mapping):
            continue
        model, here = step_types().get(str(step.get("type"))), (*path, at)
        empty = "No steps come before this one."
        known = Shape(dict(earlier), plural="Earlier steps", hints=later, empty=empty)
        if model:
            item = {"parameters": _item_of(step)}
            yield from _check_part(document, step, here, model, {**scope, "steps": known}, item)
            for place, inner in inner_lists(step, model):
                names = {**scope, **_item_of(step)}
                yield from _check_steps(document, inner, (*here, *place), names, dict(earlier))
        earlier.setdefault(str(step.get("id")), _shape_of_step(step) if model else OPEN)


def _item_of(step: Part) -> Mapping[str, Shape]:
    """Return the name that the steps inside a step see besides: the item of its `foreach`."""
    return {str(step.get("as", "item")): OPEN} if "foreach" in step else {}


def _callback_steps(document: Document) -> Iterator[str]:
    """Yield the ids of all callback steps: an earlier step passes on the URL of a later one."""
    called_back = types_called_back()
    for _, step in all_steps(document):
        if str(step.get("type")) in called_back:
            yield str(step.get("id"))


def check_workflow(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with the expressions of a workflow; the document need not be valid otherwise."""
    members = _event_members(document.data.get("trigger"))
    scope = {"incident": INCIDENT, "event": event_shape(members)}
    for marked in marked_values(WorkflowDefinition, document.data):
        # A schedule opens its incident; before that, there is only the event.
        known = {"event": scope["event"]} if marked.path[0] == "trigger" else scope
        yield from check_marked(marked, known, document)
    inside = {"incident": INCIDENT, "event": event_shape({**members, "id": TEXT}), "secrets": SECRETS}
    yield from _check_actions(document, inside)


def _event_members(trigger: object) -> Mapping[str, Shape]:
    on = trigger.get("on") if isinstance(trigger, Mapping) else None
    for model in inner_models(fields_by_key(WorkflowDefinition)["trigger"]):
        if on in getattr(model.model_fields["on"].annotation, "__args__", ()):
            members: Mapping[str, Shape] = getattr(model, "event_members", {})
            return members
    return {}


def _check_actions(document: Document, scope: Scope) -> Iterator[Problem]:
    models = action_types()
    actions = list(in_order(document.data.get("actions"), ("actions",), models))
    hint = "It comes later; only earlier actions are known here."
    later = {str(action.get("id")): hint for _, action in actions}
    earlier: dict[str, Shape] = {}
    for path, action in actions:
        model = models.get(str(action.get("type")))
        empty = "No actions come before this one."
        known = Shape(dict(earlier), plural="Earlier actions", hints=later, empty=empty)
        if model:
            yield from _check_part(document, action, path, model, {**scope, "actions": known})
        earlier.setdefault(str(action.get("id")), ACTION if model else OPEN)


def _check_part(
    document: Document,
    part: Part,
    path: Path,
    model: type[BaseModel],
    scope: Scope,
    more: Mapping[str, Scope] = MappingProxyType({}),
) -> Iterator[Problem]:
    """Check the expressions of one part. `more`: the names that only one of its fields knows, by field."""
    inside = dict(scope)
    if "params" in scope:
        inside["params"] = scope["params"].without_optional(_asked_by_condition(part.get("if")))
    for marked in marked_values(model, part, path):
        names = scope if marked.path[-1] == "if" else {**inside, **more.get(str(marked.path[len(path)]), {})}
        yield from check_marked(marked, names, document)


def _asked_by_condition(condition: object) -> Iterator[str]:
    """Yield the parameters that `if: has(params.x)` checks: if the part runs, they exist."""
    try:
        references = compile_expression(condition).references if isinstance(condition, str) else ()
    except ExpressionError:
        return
    for reference in references:
        if reference.in_has and reference.root == "params" and reference.members:
            yield reference.members[0]


def _shape_of_step(part: Part) -> Shape:
    if str(part.get("type")) in types_that_ask():
        schema = part.get("schema")
        return entered_shape(schema if isinstance(schema, Mapping) else {})
    saved = part.get("save")
    return step_shape(map(str, saved) if isinstance(saved, Mapping) else ())
