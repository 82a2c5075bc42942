"""Which workflows an incident's event starts."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.decisions.policy import reaches
from core.definitions.cel.expressions import at_most, compile_expression
from core.definitions.workflow import WorkflowDefinition
from core.errors import ExpressionError

MOST_WORK = 200_000  # units of `cost` per condition, since the person changing the incident waits meanwhile
MOST_WORK_AN_EVENT = 1_000_000  # for the conditions of all workflows that one event might start


@dataclass(frozen=True, slots=True)
class IncidentHappening:
    """An event of an incident, with the incident and the event's `details` as expressions see them."""

    type: str
    team: str
    incident: Mapping[str, object]
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Match:
    """The workflow starts. With an error, it starts and fails at once, so that its failure is visible."""

    error: str | None = None


def match(workflow: WorkflowDefinition, happening: IncidentHappening) -> Match | None:
    """Return whether the event starts the workflow: its team, trigger and condition must all match."""
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
        condition = compile_expression(when)
        with at_most(MOST_WORK):
            return Match() if condition.is_true(scope) else None
    except ExpressionError as error:
        return Match(error=f"Its condition could not be evaluated: {error.message}")
