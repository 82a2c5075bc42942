"""Plans: what each step would do, prepared as for a real run, with placeholders for what is not known yet."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.definitions.runbook import RunbookDefinition
from core.simulation.context import SimulationContext
from core.simulation.plan import PlannedStep, plan_steps

NOW = datetime(2026, 1, 1, tzinfo=UTC)
INCIDENT = {"id": "inc_1", "title": "Orders down", "team": "database", "severity": "high", "labels": {}}
LAG = {"id": "lag", "type": "http", "url": "https://x", "save": {"seconds": "response.json.seconds"}}


def planned(*steps: dict[str, Any]) -> list[PlannedStep]:
    document = {"kind": "runbook", "name": "x", "steps": list(steps)}
    stage = SimulationContext(
        RunbookDefinition.model_validate(document), {"cluster": "orders"}, INCIDENT, "U0DBOPS"
    )
    return plan_steps(stage, NOW)


def after_lag(**fields: Any) -> PlannedStep:
    return planned(LAG, {"id": "call", "type": "http", "url": "https://y", **fields})[1]


def test_a_request_is_rendered_as_it_would_be_sent_without_the_key_of_a_run() -> None:
    (step,) = planned(
        {"id": "call", "type": "http", "url": "https://x/{{ params.cluster }}", "query": {"a": 1}}
    )
    assert step.request == {"method": "GET", "url": "https://x/orders", "query": {"a": 1}}
    assert (step.runs, step.is_rendered) == ("yes", True)


def test_a_secret_is_not_read_and_stands_as_it_is_masked() -> None:
    (step,) = planned({"id": "call", "type": "http", "url": "https://{{ secrets.NOT_SET_ANYWHERE }}/x"})
    assert step.request == {"method": "GET", "url": "https://{{ secrets.NOT_SET_ANYWHERE }}/x"}


@pytest.mark.parametrize(
    ("expression", "placeholder"),
    [
        ("steps.lag.saved.seconds", "‹lag.seconds›"),
        ("steps.lag.output.status", "‹lag.output.status›"),
        ("steps.lag.saved.seconds * 2", "‹steps.lag.saved.seconds * 2›"),
        ('steps.lag.status == "failed" ? "a" : "b"', '‹steps.lag.status == "failed" ? "a" : "b"›'),
        ("execution.id", "‹execution.id›"),
    ],
)
def test_what_earlier_steps_bring_is_a_placeholder_and_the_rest_is_rendered(
    expression: str, placeholder: str
) -> None:
    step = after_lag(json={"deep": ["{{ %s }} of {{ params.cluster }}" % expression]})  # noqa: UP031 braces
    assert isinstance(step.request, dict)
    assert json.loads(str(step.request["body"])) == {"deep": [f"{placeholder} of orders"]}


def test_a_header_takes_a_placeholder_too() -> None:
    step = after_lag(
        headers={"X-Lag": "{{ steps.lag.saved.seconds }}"}, json={"a": "{{ steps.lag.saved.seconds }}"}
    )
    assert step.is_rendered
    assert step.request == {
        "method": "GET",
        "url": "https://y",
        "headers": {"X-Lag": "<lag.seconds>"},
        "body": '{"a": "<lag.seconds>"}',
    }


def test_a_condition_that_can_be_told_is_told() -> None:
    wait = {"id": "pause", "type": "wait", "for": "1h"}
    assert planned(wait | {"if": 'incident.severity == "high"'})[0].runs == "yes"
    assert planned(wait | {"if": 'incident.severity == "low"'})[0].runs == "no"


def test_a_condition_over_earlier_steps_is_left_open_and_the_step_is_shown() -> None:
    step = after_lag(**{"if": "steps.lag.saved.seconds > 1"})
    assert (step.runs, step.request) == ("depends", {"method": "GET", "url": "https://y"})


def test_a_gate_says_who_would_be_asked_and_how_long() -> None:
    gate = {"id": "gate", "type": "approval", "approvers": {"role": "admin", "count": 2}, "expires": "15m"}
    (step,) = planned(gate | {"message": "{{ incident.title }}"})
    assert step.policy
    assert (step.policy.team, step.policy.role, step.policy.count) == ("database", "admin", 2)
    assert (step.wait, step.request) == (timedelta(minutes=15), {"message": "Orders down"})


def test_a_wait_says_how_long_and_a_message_what() -> None:
    pause, said = planned(
        {"id": "pause", "type": "wait", "for": "2h"},
        {"id": "said", "type": "message", "text": "{{ incident.title }}", "channel": "C0X"},
    )
    assert pause.wait == timedelta(hours=2)
    assert said.request == {"text": "Orders down", "channel": "C0X"}


def test_a_command_is_shown() -> None:
    (step,) = planned({"id": "check", "type": "shell", "argv": ["dbctl", "{{ params.cluster }}"]})
    assert step.request == {"argv": ["dbctl", "orders"]}


def test_a_step_that_would_fail_says_why() -> None:
    (step,) = planned({"id": "call", "type": "http", "url": "https://x/{{ params.nope }}"})
    assert step.error
    assert "nope" in step.error


def test_what_no_placeholder_can_stand_in_for_is_shown_as_it_is_written() -> None:
    step = after_lag(headers={"X": "{{ steps.lag.saved.seconds }}"}, body="{{ params.nope }}")
    assert not step.is_rendered
    assert step.request == {
        "url": "https://y",
        "headers": {"X": "{{ steps.lag.saved.seconds }}"},
        "body": "{{ params.nope }}",
    }
