"""Which workflows an incident's event starts."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.definitions.expressions import compile_expression
from core.definitions.workflow import WorkflowDefinition
from core.errors import ExpressionError


@dataclass(frozen=True, slots=True)
class IncidentHappening:
    """An event of an incident, with the incident as expressions see it."""

    type: str
    team: str
    incident: Mapping[str, object]
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Match:
    """The workflow starts; with an error, it starts and fails at once, so that somebody hears of it."""

    error: str | None = None


def match(workflow: WorkflowDefinition, happening: IncidentHappening) -> Match | None:
    """Whether the event starts the workflow: its team, its trigger and its condition must all fit."""
    if workflow.team is not None and workflow.team != happening.team:
        return None
    if workflow.trigger.on != happening.type or not workflow.enabled:
        return None
    return _condition(workflow.when, happening)


def _condition(when: str | None, happening: IncidentHappening) -> Match | None:
    if when is None:
        return Match()
    scope = {"incident": happening.incident, "event": happening.details}
    try:
        return Match() if compile_expression(when).is_true(scope) else None
    except ExpressionError as error:
        return Match(error=f"Its condition could not be evaluated: {error.message}")
