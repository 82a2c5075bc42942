"""The names, and their shapes, that each expression in a document may use, and the walk over all expressions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from pydantic import BaseModel

from core.definitions.actions import action_types
from core.definitions.cel.expressions import compile_expression
from core.definitions.checks.expressions import Scope, check_marked
from core.definitions.checks.values import check_values, values_shape
from core.definitions.documents import Document, Path
from core.definitions.fields import fields_by_key, inner_models, marked_values, registered
from core.definitions.json_schema import deref
from core.definitions.parameters import declared, default_of, required
from core.definitions.problems import Problem
from core.definitions.runbook import RunbookDefinition
from core.definitions.shapes import (
    ACTION,
    EXECUTION,
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


Part = Mapping[str, object]
ShapeOf = Callable[[Part], Shape]
Models = Mapping[str, type[BaseModel]]


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
    yield from _check_parts(document, "steps", step_types(), inside, _shape_of_step)


def _callback_steps(document: Document) -> Iterator[str]:
    """Yield the ids of all callback steps: an earlier step passes on the URL of a later one."""
    steps, called_back = document.data.get("steps"), types_called_back()
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, Mapping) and str(step.get("type")) in called_back:
            yield str(step.get("id"))


def check_workflow(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with the expressions of a workflow; the document need not be valid otherwise."""
    members = _event_members(document.data.get("trigger"))
    scope = {"incident": INCIDENT, "event": event_shape(members)}
    for marked in marked_values(WorkflowDefinition, document.data):
        yield from check_marked(marked, scope, document)
    inside = {"incident": INCIDENT, "event": event_shape({**members, "id": TEXT}), "secrets": SECRETS}
    yield from _check_parts(document, "actions", action_types(), inside, lambda _part: ACTION)


def _event_members(trigger: object) -> Mapping[str, Shape]:
    on = trigger.get("on") if isinstance(trigger, Mapping) else None
    for model in inner_models(fields_by_key(WorkflowDefinition)["trigger"]):
        if on in getattr(model.model_fields["on"].annotation, "__args__", ()):
            members: Mapping[str, Shape] = getattr(model, "event_members", {})
            return members
    return {}


def _check_parts(
    document: Document, name: str, models: Models, scope: Scope, shape_of: ShapeOf
) -> Iterator[Problem]:
    parts = list(in_order(document.data.get(name), (name,), models))
    later = {str(part.get("id")): f"It comes later; only earlier {name} are known here." for _, part in parts}
    earlier: dict[str, Shape] = {}
    for path, part in parts:
        model = models.get(str(part.get("type")))
        empty = f"No {name} come before this one."
        known = Shape(dict(earlier), plural=f"Earlier {name}", hints=later, empty=empty)
        if model:
            yield from _check_part(document, part, path, model, {**scope, name: known})
        earlier.setdefault(str(part.get("id")), shape_of(part) if model else OPEN)


def in_order(parts: object, path: Path, models: Models) -> Iterator[tuple[Path, Part]]:
    """Yield the parts with their paths, each nested part after the one that contains it."""
    for index, part in enumerate(parts if isinstance(parts, list) else ()):
        if isinstance(part, Mapping):
            here = (*path, index)
            yield here, part
            for key in _keys_of_parts(models.get(str(part.get("type")))):
                yield from in_order(part.get(key), (*here, key), models)


def _keys_of_parts(model: type[BaseModel] | None) -> Iterator[str]:
    for key, field in fields_by_key(model).items() if model else ():
        if registered(field):
            yield key


def _check_part(
    document: Document, part: Part, path: Path, model: type[BaseModel], scope: Scope
) -> Iterator[Problem]:
    inside = dict(scope)
    if "params" in scope:
        inside["params"] = scope["params"].without_optional(_asked_by_condition(part.get("if")))
    for marked in marked_values(model, part, path):
        yield from check_marked(marked, scope if marked.path[-1] == "if" else inside, document)


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
