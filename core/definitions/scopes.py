"""Which names each part of a document may use, and the walk over all its expressions."""

from collections.abc import Callable, Iterator, Mapping

from pydantic import BaseModel

from core.actions.registry import action_types
from core.definitions.documents import Document, Path
from core.definitions.expression_checks import Scope, check_marked
from core.definitions.expressions import compile_expression
from core.definitions.marks import fields_by_key, inner_models, marked_values, registered
from core.definitions.parameter_shapes import params_shape
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
from core.definitions.workflow import WorkflowDefinition
from core.errors import ExpressionError
from core.steps.registry import step_types, types_called_back

Part = Mapping[str, object]
ShapeOf = Callable[[Part], Shape]
Models = Mapping[str, type[BaseModel]]


def check_runbook(document: Document) -> Iterator[Problem]:
    """Answer what is wrong with the expressions of a runbook; the document need not be valid otherwise."""
    schema = document.data.get("parameters")
    params = params_shape(schema if isinstance(schema, Mapping) else {})
    scope = {"params": params, "incident": INCIDENT, "execution": EXECUTION}
    for marked in marked_values(RunbookDefinition, document.data):
        yield from check_marked(marked, {**scope, "secrets": SECRETS}, document)
    inside = {**scope, "secrets": SECRETS, "callbacks": callbacks_shape(_callback_steps(document))}
    yield from _check_parts(document, "steps", step_types(), inside, _shape_of_step)


def _callback_steps(document: Document) -> Iterator[str]:
    """All of them: an earlier step is what gives the address of a later one away."""
    steps, called_back = document.data.get("steps"), types_called_back()
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, Mapping) and str(step.get("type")) in called_back:
            yield str(step.get("id"))


def check_workflow(document: Document) -> Iterator[Problem]:
    """Answer what is wrong with the expressions of a workflow; the document need not be valid otherwise."""
    told = _event_members(document.data.get("trigger"))
    scope = {"incident": INCIDENT, "event": event_shape(told)}
    for marked in marked_values(WorkflowDefinition, document.data):
        yield from check_marked(marked, scope, document)
    inside = {"incident": INCIDENT, "event": event_shape({**told, "id": TEXT}), "secrets": SECRETS}
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
    later = {str(part.get("id")): f"It comes later: only earlier {name} are known here." for _, part in parts}
    earlier: dict[str, Shape] = {}
    for path, part in parts:
        model = models.get(str(part.get("type")))
        empty = f"No {name} come before this one."
        known = Shape(dict(earlier), plural=f"Earlier {name}", hints=later, empty=empty)
        if model:
            yield from _check_part(document, part, path, model, {**scope, name: known})
        earlier.setdefault(str(part.get("id")), shape_of(part) if model else OPEN)


def in_order(parts: object, path: Path, models: Models) -> Iterator[tuple[Path, Part]]:
    """Answer the parts with their paths, those within another one behind it."""
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
    """Answer the parameters that `if: has(params.x)` asks for: where the part runs, they are there."""
    try:
        references = compile_expression(condition).references if isinstance(condition, str) else ()
    except ExpressionError:
        return
    for reference in references:
        if reference.in_has and reference.root == "params" and reference.members:
            yield reference.members[0]


def _shape_of_step(part: Part) -> Shape:
    saved = part.get("save")
    return step_shape(map(str, saved) if isinstance(saved, Mapping) else ())
