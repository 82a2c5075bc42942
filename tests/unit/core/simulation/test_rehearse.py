"""Cases, played: by the rules of a real run, and nothing outside is touched."""

import sys
from typing import Any

import pytest

from core.definitions.runbook import Case, RunbookDefinition
from core.simulation.differences import Difference, differences
from core.simulation.simulate import Simulation, simulate
from core.statuses import Status, WaitingFor

CALL = {
    "id": "call",
    "type": "http",
    "method": "POST",
    "url": "https://{{ secrets.HOST }}/{{ params.cluster }}",
}
SAVING = {"id": "lag", "type": "http", "url": "https://x", "save": {"seconds": "response.json.seconds"}}
GATE = {"id": "gate", "type": "approval", "expires": "15m", "message": "for {{ incident.title }}"}
COMMAND = {"id": "check", "type": "shell", "argv": ["dbctl", "{{ params.cluster }}"]}
WAIT = {"id": "pause", "type": "wait", "for": "10d"}
SAFE = {"safe": True, "attempts": 3, "backoff": "1h", "max_backoff": "2h"}
PARAMETERS = {"properties": {"cluster": {"type": "string", "default": "orders", "enum": ["orders", "users"]}}}


def runbook(*steps: dict[str, Any], **fields: Any) -> RunbookDefinition:
    document = {"kind": "runbook", "name": "x", "parameters": PARAMETERS, "steps": list(steps), **fields}
    return RunbookDefinition.model_validate(document)


def played(*steps: dict[str, Any], **case: Any) -> Simulation:
    return simulate(
        runbook(*steps), Case.model_validate({"name": "a", "expect": {"status": "failed"}, **case})
    )


def statuses(simulation: Simulation) -> list[str]:
    assert simulation.execution
    return [step.status.value for step in simulation.execution.steps]


def wrong(expect: dict[str, Any], *steps: dict[str, Any], **case: Any) -> list[Difference]:
    made = Case.model_validate({"name": "a", "expect": expect, **case})
    return differences(made, simulate(runbook(*steps), made))


def test_a_step_is_judged_by_its_own_expectation() -> None:
    step = CALL | {"expect": "response.json.ok"}
    assert statuses(played(step, steps={"call": {"json": {"ok": True}}})) == ["succeeded"]
    assert statuses(played(step, steps={"call": {"json": {"ok": False}}})) == ["failed"]
    assert statuses(played(CALL, steps={"call": {"status": 404}})) == ["failed"]


def test_what_a_step_saves_the_next_one_renders() -> None:
    next_ = CALL | {"json": {"lag": "{{ steps.lag.saved.seconds }}"}}
    simulation = played(SAVING, next_, steps={"lag": {"json": {"seconds": 2}}, "call": {"status": 200}})
    assert simulation.requests["call"]["body"] == '{"lag": 2}'  # type: ignore[index, call-overload]  # a mapping


def test_an_answer_as_text_that_is_json_is_read_as_json() -> None:
    assert statuses(played(SAVING, steps={"lag": {"text": '{"seconds": 1}'}})) == ["succeeded"]
    assert statuses(played(SAVING, steps={"lag": {"text": "none"}})) == ["failed"]


def test_the_request_is_rendered_and_its_secrets_are_masked_as_in_a_real_run() -> None:
    simulation = played(CALL, steps={"call": {"status": 200}}, secrets={"HOST": "db.example"})
    assert simulation.requests["call"]["url"] == "https://{{ secrets.HOST }}/orders"  # type: ignore[index, call-overload]


def test_a_secret_that_the_case_does_not_give_is_made_up() -> None:
    assert statuses(played(CALL, steps={"call": {"status": 200}})) == ["succeeded"]


def test_each_attempt_gets_the_next_answer_and_further_ones_the_last() -> None:
    step = CALL | {"retry": SAFE}
    simulation = played(step, steps={"call": [{"no_answer": True}, {"status": 503}, {"status": 200}]})
    assert statuses(simulation) == ["succeeded"]
    assert simulation.execution
    assert simulation.execution.steps[0].attempt == 3
    assert statuses(played(step, steps={"call": {"status": 503}})) == ["failed"]


def test_each_look_of_a_poll_gets_the_next_answer_and_no_time_passes_for_it() -> None:
    step = SAVING | {"poll": {"until": "saved.seconds < 5", "every": "10s", "for": "1m"}}
    behind, level = {"json": {"seconds": 60}}, {"json": {"seconds": 1}}
    assert statuses(played(step, steps={"lag": [behind, {"status": 503}, {"no_answer": True}, level]})) == [
        "succeeded"
    ]
    assert statuses(played(step, steps={"lag": behind})) == ["failed"]


def test_a_step_that_is_not_safe_is_never_repeated_and_no_answer_is_a_doubt() -> None:
    simulation = played(CALL, steps={"call": [{"no_answer": True}, {"status": 200}]})
    assert simulation.execution
    assert statuses(simulation) == ["unknown"]
    assert simulation.execution.waiting_for is WaitingFor.VERDICT


def test_a_command_is_judged_by_its_exit_status_and_one_cut_short_is_a_doubt() -> None:
    assert statuses(played(COMMAND, steps={"check": {"exit_code": 0}})) == ["succeeded"]
    assert statuses(played(COMMAND, steps={"check": {"exit_code": 3}})) == ["failed"]
    assert statuses(played(COMMAND, steps={"check": {"no_answer": True}})) == ["unknown"]


@pytest.mark.parametrize(
    ("decision", "status"), [("approve", "succeeded"), ("reject", "failed"), ("expire", "timed_out")]
)
def test_a_gate_is_decided_as_the_case_says(decision: str, status: str) -> None:
    simulation = played(GATE, decisions={"gate": decision})
    assert statuses(simulation) == [status]
    assert simulation.execution
    assert simulation.execution.status.value == status


def test_without_a_decision_the_run_stops_at_the_gate_with_its_message() -> None:
    simulation = played(GATE, CALL, incident={"title": "Orders down"})
    assert statuses(simulation) == ["waiting", "pending"]
    assert simulation.requests["gate"]["message"] == "for Orders down"  # type: ignore[index, call-overload]


def test_an_empty_answer_is_a_good_one() -> None:
    assert statuses(played(CALL, COMMAND, steps={"call": {}, "check": {}})) == ["succeeded"] * 2


def test_a_gate_that_never_expires_cannot_expire_in_a_case() -> None:
    simulation = played(GATE | {"expires": None}, decisions={"gate": "expire"})
    assert simulation.problem == "The approval gate never expires."


def test_time_passes_at_once_and_is_that_of_the_case() -> None:
    simulation = played(WAIT, incident={"created_at": "2026-05-01T12:00:00Z"})
    assert simulation.execution
    assert simulation.execution.status is Status.SUCCEEDED
    assert f"{simulation.execution.finished_at:%F %T}" == "2026-05-11 12:01:00"


def test_a_condition_sees_the_incident_of_the_case() -> None:
    step = WAIT | {"if": 'incident.labels.pager == "yes" && incident.severity == "critical"'}
    incident = {"labels": {"pager": "yes"}, "severity": "critical"}
    assert statuses(played(step, incident=incident)) == ["succeeded"]
    assert statuses(played(step)) == ["skipped"]


def test_a_failed_step_that_goes_on_lets_the_next_one_run() -> None:
    step = COMMAND | {"on_failure": "continue"}
    assert statuses(played(step, WAIT, steps={"check": {"exit_code": 1}})) == ["failed", "succeeded"]


def test_a_step_without_an_answer_is_named_and_nothing_happens() -> None:
    simulation = played(CALL)
    assert simulation.problem
    assert "The step call needs an answer, and the case has none." in simulation.problem


def test_what_a_step_comes_to_may_be_said_by_the_case() -> None:
    given = {"output": {"a": 1}, "saved": {"seconds": 4}}
    simulation = played(SAVING, steps={"lag": given})
    assert simulation.execution
    assert simulation.execution.steps[0].saved == {"seconds": 4}
    assert statuses(
        played({"id": "said", "type": "message", "text": "a"}, steps={"said": {"error": "x"}})
    ) == ["failed"]


def test_a_run_that_is_refused_never_begins() -> None:
    simulation = played(WAIT, parameters={"cluster": "mars"})
    assert simulation.execution is None
    assert simulation.refused
    assert "cluster must be one of orders, users" in simulation.refused


def test_a_lock_that_cannot_be_named_refuses_the_run() -> None:
    definition = runbook(WAIT, lock="{{ params.nope }}")
    case = Case.model_validate({"name": "a", "expect": {"status": "refused"}})
    assert differences(case, simulate(definition, case)) == []


def test_nothing_outside_is_touched() -> None:
    seen: list[str] = []
    watched = (
        "socket.connect",
        "socket.getaddrinfo",
        "subprocess.Popen",
        "os.posix_spawn",
        "os.fork",
        "os.exec",
    )
    watching = [True]

    def hook(event: str, _arguments: object) -> None:
        if watching and event in watched:
            seen.append(event)

    sys.addaudithook(hook)  # it stays; emptying the list silences it
    try:
        played(CALL, COMMAND, steps={"call": {"status": 200}, "check": {"exit_code": 0}})
    finally:
        watching.clear()
    assert seen == []


def test_an_act_that_goes_through_no_port_is_never_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.steps.http.HttpStep.acts_through", None)
    monkeypatch.setattr("core.simulation.context.FakeHttp.call", lambda *_: pytest.fail("it was called"))
    assert statuses(played(SAVING, steps={"lag": {"saved": {"seconds": 1}}})) == ["succeeded"]


def test_what_came_as_expected_is_no_difference() -> None:
    expect = {
        "status": "succeeded",
        "path": {"lag": "succeeded", "call": "succeeded"},
        "saved": {"lag": {"seconds": 2}},
        "requests": {"call": {"url": "https://db.example/orders", "json": {"a": [1, {"b": 2}]}}},
    }
    step = CALL | {"json": {"a": [1, {"b": 2, "c": 3}], "d": 4}}
    answers = {"lag": {"json": {"seconds": 2}}, "call": {"status": 201}}
    assert wrong(expect, SAVING, step, steps=answers, secrets={"HOST": "db.example"}) == []


@pytest.mark.parametrize(
    ("expect", "difference"),
    [
        ({"status": "failed"}, Difference("status", "failed", "succeeded")),
        ({"waiting_for": "approval"}, Difference("waiting_for", "approval", "nothing")),
        ({"path": {}}, Difference("path.lag", "pending", "succeeded")),
        ({"path": {"lag": "failed"}}, Difference("path.lag", "failed", "succeeded")),
        ({"saved": {"lag": {"seconds": 3}}}, Difference("saved.lag.seconds", "3", "2")),
        ({"saved": {"lag": {"seconds": "2"}}}, Difference("saved.lag.seconds", '"2"', "2")),
        ({"saved": {"lag": {"other": 1}}}, Difference("saved.lag.other", "1", "nothing")),
        ({"requests": {"lag": {"method": "PUT"}}}, Difference("requests.lag.method", '"PUT"', '"GET"')),
        ({"error": "late"}, Difference("error", 'a text containing "late"', "nothing")),
    ],
)
def test_what_came_otherwise_is_told_with_both(expect: dict[str, Any], difference: Difference) -> None:
    assert wrong(expect, SAVING, steps={"lag": {"json": {"seconds": 2}}}) == [difference]


def test_true_is_not_one() -> None:
    (difference,) = wrong(
        {"saved": {"lag": {"seconds": 1}}}, SAVING, steps={"lag": {"json": {"seconds": True}}}
    )
    assert (difference.expected, difference.got) == ("1", "true")


def test_a_refusal_that_nobody_expected_is_a_difference() -> None:
    found = wrong({"path": {}}, WAIT, parameters={"cluster": "mars"})
    assert [each.where for each in found] == ["error"]
    assert wrong({"status": "refused", "error": "one of orders"}, WAIT, parameters={"cluster": "mars"}) == []


def test_a_case_that_could_not_be_played_never_holds() -> None:
    (difference,) = wrong({"saved": {}}, CALL)
    assert "the case has none" in difference.got


def test_a_step_that_never_asked_has_no_request() -> None:
    (difference,) = wrong({"requests": {"call": {"method": "POST"}}}, GATE, CALL)
    assert difference == Difference("requests.call", '{"method": "POST"}', "nothing")


BUILT: dict[str, Any] = {
    "id": "built",
    "type": "callback",
    "expect": 'callback.json.result == "green"',
    "save": {"number": "callback.json.number"},
}
TOLD = {"id": "told", "type": "message", "text": "Build {{ steps.built.saved.number }}"}


@pytest.mark.parametrize(
    ("result", "path"), [("green", ["succeeded", "succeeded"]), ("red", ["failed", "pending"])]
)
def test_a_callback_is_judged_by_its_steps_own_expectation(result: str, path: list[str]) -> None:
    simulation = played(BUILT, TOLD, callbacks={"built": {"result": result, "number": 7}})
    assert statuses(simulation) == path
    if result == "green":
        assert simulation.requests["told"] == {"text": "Build 7"}


def test_a_callback_that_does_not_come_is_waited_for() -> None:
    simulation = played(BUILT, TOLD)
    assert statuses(simulation) == ["waiting", "pending"]
    assert simulation.execution
    assert simulation.execution.waiting_for is WaitingFor.CALLBACK


def test_a_callback_that_its_step_cannot_read_fails_it() -> None:
    simulation = played(BUILT, callbacks={"built": None})
    assert statuses(simulation) == ["failed"]


EACH = {
    "id": "each",
    "type": "runbook",
    "foreach": '["a", "b", "c"]',
    "steps": [{**CALL, "id": "inner", "url": "https://x/{{ item }}", "save": {"n": "response.json.n"}}],
}


def test_children_are_played_one_after_another_and_share_the_answers() -> None:
    simulation = played(EACH, steps={"inner": [{"json": {"n": 1}}, {"status": 500}, {"json": {"n": 3}}]})
    assert simulation.execution
    step = simulation.execution.steps[0]
    assert (step.status, step.error) == (
        Status.FAILED,
        "1 of 3 child runs succeeded; all must. Did not succeed: b.",
    )
    assert isinstance(step.output, dict)
    assert [child["status"] for child in step.output["children"]] == ["succeeded", "failed"]  # type: ignore[index, call-overload, union-attr]


def test_what_children_saved_the_next_step_reads() -> None:
    told = {"id": "told", "type": "message", "text": "{{ steps.each.output.children[2].saved.n }}"}
    simulation = played(EACH, told, steps={"inner": {"json": {"n": 7}}})
    assert simulation.execution
    assert simulation.execution.steps[1].output == {"text": "7"}


def test_a_child_that_waits_for_people_stops_the_case_there() -> None:
    asks = {"id": "both", "type": "parallel", "branches": {"one": [{"id": "ask", "type": "approval"}]}}
    simulation = played(asks)
    assert simulation.execution
    assert simulation.execution.waiting_for is WaitingFor.CHILDREN
    assert statuses(played(asks, decisions={"ask": "approve"})) == ["succeeded"]


def test_a_runbook_that_a_step_runs_is_not_played_but_answered() -> None:
    step = {"id": "inner", "type": "runbook", "runbook": "other"}
    assert "runs the runbook other" in str(played(step).problem)
    assert statuses(played(step, steps={"inner": {"output": {"children": []}}})) == ["succeeded"]
