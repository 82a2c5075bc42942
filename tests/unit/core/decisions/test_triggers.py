"""Which workflows an incident's event starts."""

import pytest

from core.decisions.triggers import IncidentHappening, Match, match
from core.definitions.cel.expressions import compile_expression
from core.definitions.workflow import WorkflowDefinition

INCIDENT: dict[str, object] = {"severity": "critical", "service": "orders-db", "labels": {"pager": "yes"}}


def workflow(**values: object) -> WorkflowDefinition:
    document: dict[str, object] = {
        "kind": "workflow",
        "name": "critical",
        "team": "database",
        "trigger": {"on": "incident.created"},
        "actions": [{"id": "say", "type": "message", "text": "hello"}],
    }
    return WorkflowDefinition.model_validate(document | values)


def happening(type_: str = "incident.created", team: str = "database") -> IncidentHappening:
    return IncidentHappening(type_, team, INCIDENT, {})


@pytest.mark.parametrize("team", ["database", None])
def test_a_workflow_of_the_team_and_a_global_one_start(team: str | None) -> None:
    assert match(workflow(team=team), happening()) == Match()


def test_a_workflow_of_another_team_does_not_start() -> None:
    assert match(workflow(), happening(team="web")) is None


def test_another_event_starts_nothing() -> None:
    assert match(workflow(), happening("incident.status_changed")) is None


def test_a_disabled_workflow_does_not_start() -> None:
    assert match(workflow(enabled=False), happening()) is None


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ('incident.severity == "critical"', Match()),
        ('incident.severity == "low"', None),
        ('incident.severity == "critical" && incident.labels.pager == "yes"', Match()),
    ],
)
def test_the_condition_decides(when: str, expected: Match | None) -> None:
    assert match(workflow(when=when), happening()) == expected


def test_a_condition_that_cannot_be_evaluated_starts_the_workflow_with_an_error() -> None:
    found = match(workflow(when="incident.labels.pager > 3"), happening())
    assert found is not None
    assert found.error is not None
    assert found.error.startswith("Its condition could not be evaluated: ")


def test_a_condition_may_cost_little_for_whoever_changes_the_incident_waits() -> None:
    """A condition may cost less than a step's expression, for which only its worker waits."""
    loops = "incident.list.filter(x, x > 0).size() > 0"
    long = IncidentHappening("incident.created", "database", INCIDENT | {"list": list(range(700))}, {})
    found = match(workflow(when=loops), long)
    assert found is not None
    assert "together would take too long" in str(found.error)
    assert compile_expression(loops).is_true({"incident": long.incident})
