"""Steps that ask for values, in the cases of a runbook and in its plan."""

from datetime import UTC, datetime
from typing import Any

from core.definitions.runbook import Case, RunbookDefinition
from core.simulation.context import SimulationContext
from core.simulation.plan import PlannedStep, plan_steps
from core.simulation.simulate import Simulation, simulate

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ASK = {
    "id": "which",
    "type": "input",
    "message": "Which replica of {{ params.cluster }}?",
    "schema": {
        "required": ["replica"],
        "properties": {
            "replica": {"type": "string"},
            "weight": {"type": "integer", "default": 2},
            "note": {"type": "string"},
        },
    },
    "expires": "15m",
}
TOLD = {"id": "told", "type": "message", "text": "{{ steps.which.saved.replica }}"}
PARAMETERS = {"properties": {"cluster": {"type": "string", "default": "orders"}}}
INCIDENT = {"id": "inc_1", "title": "Down", "team": "database", "severity": "high"}


def runbook(*steps: dict[str, Any]) -> RunbookDefinition:
    document = {"kind": "runbook", "name": "x", "parameters": PARAMETERS, "steps": list(steps)}
    return RunbookDefinition.model_validate(document)


def played(*steps: dict[str, Any], **case: Any) -> Simulation:
    made = Case.model_validate({"name": "a", "expect": {"status": "failed"}, **case})
    return simulate(runbook(*steps), made)


def statuses(simulation: Simulation) -> list[str]:
    assert simulation.execution is not None
    return [step.status.value for step in simulation.execution.steps]


def test_what_a_case_enters_the_next_step_reads() -> None:
    simulation = played(ASK, TOLD, inputs={"which": {"replica": "db-2"}})
    assert statuses(simulation) == ["succeeded", "succeeded"]
    assert simulation.execution is not None
    which = simulation.execution.steps[0]
    assert which.saved == {"replica": "db-2", "weight": 2, "note": None}
    assert which.output == {"values": {"replica": "db-2", "weight": 2}, "by": "<@U0RESPONDENT>"}
    assert simulation.requests["told"]["text"] == "db-2"  # type: ignore[index, call-overload]  # a mapping


def test_without_values_the_run_stops_there() -> None:
    simulation = played(ASK, TOLD)
    assert statuses(simulation) == ["waiting", "pending"]


def test_nobody_answers_in_time() -> None:
    assert statuses(played(ASK, TOLD, inputs={"which": "expire"})) == ["timed_out", "pending"]
    passing = ASK | {"on_failure": "continue"}
    after = {**TOLD, "text": "late"}
    assert statuses(played(passing, after, inputs={"which": "expire"})) == ["timed_out", "succeeded"]
    assert "never expires" in str(played(ASK | {"expires": None}, inputs={"which": "expire"}).problem)


def test_values_that_the_form_would_refuse_are_a_mistake_in_the_case() -> None:
    simulation = played(ASK, inputs={"which": {"replica": 7}})
    assert "The values for which are refused: replica must be text" in str(simulation.problem)


def test_a_default_that_depends_on_the_run_must_fit() -> None:
    fits = ASK | {"defaults": {"replica": "{{ params.cluster }}-1"}}
    simulation = played(fits, TOLD, inputs={"which": {}})
    assert simulation.execution is not None
    assert simulation.execution.steps[0].saved["replica"] == "orders-1"
    wrong = played(ASK | {"defaults": {"weight": "{{ params.cluster }}"}}, inputs={"which": {}})
    assert statuses(wrong) == ["failed"]


def planned(*steps: dict[str, Any]) -> list[PlannedStep]:
    return plan_steps(SimulationContext(runbook(*steps), {"cluster": "orders"}, INCIDENT, "U0OPS"), NOW)


def test_a_plan_says_what_is_asked_of_whom_and_for_how_long() -> None:
    which, told = planned(ASK, TOLD)
    assert isinstance(which.request, dict)
    assert which.request["message"] == "Which replica of orders?"
    assert which.request["from"] == "a responder of team database"
    assert which.wait is not None
    assert which.wait.total_seconds() == 900
    assert told.request == {"text": "‹which.replica›", "channel": None} or "‹which.replica›" in str(
        told.request
    )
