"""The `values` of a runbook, in its cases and in its plan."""

from typing import Any

from core.definitions.runbook import Case, RunbookDefinition
from core.simulation.simulate import Simulation, simulate

VALUES = {
    "base": '"https://" + params.host',
    "pager": 'incident.labels.pager == "yes"',
    "url": 'values.base + "/" + incident.severity',
}
TOLD = {"id": "told", "type": "message", "text": "{{ values.url }}"}
PAGED = {"id": "paged", "type": "message", "text": "now", "if": "values.pager"}
PARAMETERS = {"properties": {"host": {"type": "string", "default": "db-1"}}}


def played(values: dict[str, str], **case: Any) -> Simulation:
    document = {
        "kind": "runbook",
        "name": "x",
        "parameters": PARAMETERS,
        "values": values,
        "steps": [TOLD, PAGED],
    }
    made = Case.model_validate({"name": "a", "expect": {"status": "failed"}, **case})
    return simulate(RunbookDefinition.model_validate(document), made)


def test_a_case_has_them() -> None:
    simulation = played(VALUES, parameters={"host": "db-7"}, incident={"labels": {"pager": "yes"}})
    assert simulation.execution is not None
    assert [step.status.value for step in simulation.execution.steps] == ["succeeded", "succeeded"]
    assert "https://db-7/high" in str(simulation.requests["told"])


def test_one_that_fails_fails_the_run_before_its_first_step() -> None:
    simulation = played(VALUES | {"half": "1 / size(incident.description)"})
    assert simulation.execution is not None
    assert simulation.execution.status.value == "failed"
    assert [step.status.value for step in simulation.execution.steps] == ["pending", "pending"]
    assert "no step was started. values.half:" in str(simulation.execution.error)
