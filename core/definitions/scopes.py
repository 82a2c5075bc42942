"""Which names each part of a document may use, and the walk over all its expressions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

from pydantic import BaseModel

from core.actions.base import ActionDefinition
from core.actions.registry import action_types
from core.definitions.expression_checks import Scope, check_marked
from core.definitions.marks import marked_values
from core.definitions.parameters import declared
from core.definitions.problems import Problem
from core.definitions.runbook import RunbookDefinition
from core.definitions.shapes import ACTION, EVENT, EXECUTION, INCIDENT, OPEN, Shape, params_shape, step_shape
from core.definitions.sources import Document, Path
from core.definitions.workflow import WorkflowDefinition
from core.steps.base import StepDefinition
from core.steps.registry import step_types

Part = Mapping[str, object]
ShapeOf = Callable[[Part, type[BaseModel]], Shape]


def check_runbook(document: Document) -> Iterator[Problem]:
    """Answer what is wrong with the expressions of a runbook; the document need not be valid otherwise."""
    schema = document.data.get("parameters")
    params = params_shape(declared(schema) if isinstance(schema, Mapping) else ())
    scope = {"params": params, "incident": INCIDENT, "secrets": OPEN, "execution": EXECUTION}
    own = (marked for marked in marked_values(RunbookDefinition, document.data))
    return chain(
        chain.from_iterable(check_marked(marked, scope, document) for marked in own),
        _check_parts(document, "steps", step_types(), scope, _shape_of_step),
    )


def check_workflow(document: Document) -> Iterator[Problem]:
    """Answer what is wrong with the expressions of a workflow; the document need not be valid otherwise."""
    scope = {"incident": INCIDENT, "event": EVENT, "secrets": OPEN}
    own = marked_values(WorkflowDefinition, document.data)
    return chain(
        chain.from_iterable(check_marked(marked, scope, document) for marked in own),
        _check_parts(document, "actions", action_types(), scope, lambda _part, _model: ACTION),
    )


def _check_parts(
    document: Document,
    name: str,
    types: Mapping[str, type[StepDefinition]] | Mapping[str, type[ActionDefinition]],
    scope: Scope,
    shape_of: ShapeOf,
) -> Iterator[Problem]:
    parts = document.data.get(name)
    if not isinstance(parts, list):
        return
    later = dict.fromkeys(_ids(parts), f"It comes later: only earlier {name} are known here.")
    earlier: dict[str, Shape] = {}
    for index, part in enumerate(parts):
        model = types.get(str(part.get("type"))) if isinstance(part, Mapping) else None
        if model is None:
            continue
        empty = f"No {name} come before this one."
        known = {**scope, name: Shape(dict(earlier), plural=f"Earlier {name}", hints=later, empty=empty)}
        yield from _check_part(document, (name, index), model, known)
        earlier[str(part.get("id"))] = shape_of(part, model)


def _check_part(document: Document, path: Path, model: type[BaseModel], scope: Scope) -> Iterator[Problem]:
    part = document.data
    for key in path:
        part = part[key]  # type: ignore[assignment,index]
    for marked in marked_values(model, part, path):
        yield from check_marked(marked, scope, document)


def _ids(parts: Sequence[object]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Mapping) and isinstance(part.get("id"), str):
            yield str(part["id"])


def _shape_of_step(part: Part, _model: type[BaseModel]) -> Shape:
    saved = part.get("save")
    return step_shape(saved if isinstance(saved, Mapping) else ())
