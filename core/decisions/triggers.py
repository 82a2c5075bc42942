"""Which workflows an incident's event starts."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.decisions.policy import reaches
from core.definitions.expressions import compile_expression
from core.definitions.workflow import WorkflowDefinition
from core.errors import ExpressionError


@dataclass(frozen=True, slots=True)
class IncidentHappening:
    """An event of an incident, with the incident and the event's `details` as expressions see them."""

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
    if not reaches(workflow.team, happening.team):
        return None
    if workflow.trigger.on != happening.type or not workflow.enabled:
        return None
    scope = {"incident": happening.incident, "event": happening.details}
    return _condition(workflow.when, scope) if workflow.trigger.accepts(scope) else None


def _condition(when: str | None, scope: Mapping[str, object]) -> Match | None:
    if when is None:
        return Match()
    try:
        return Match() if compile_expression(when).is_true(scope) else None
    except ExpressionError as error:
        return Match(error=f"Its condition could not be evaluated: {error.message}")
