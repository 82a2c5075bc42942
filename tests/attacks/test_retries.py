"""One approval, one attempt: what runs again behind a gate is asked for again, and not of who wants it again."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from core.execution.executor import Executor
from core.tables import StepExecution
from tests.attacks.gates import Answer, approve, button_value, decided_in_slack, execute, gate_of, press, seen
from tests.attacks.house import DATA_ADMIN, DATA_OPS, PLATFORM, TEAMS, House
from tests.world import Target, declare, new_executor, running_target

SECOND = "U0DATASECOND"
RUNBOOK = """
kind: runbook
name: promotion
team: data
steps:
  - {id: lag, type: http, url: "{{ secrets.TARGET }}/lag"}
  - {id: gate, type: approval, approvers: {team: data, role: admin}%s}
  - {id: before, type: http, method: POST, url: "{{ secrets.TARGET }}/before"}
  - {id: promote, type: http, method: POST, url: "{{ secrets.TARGET }}/promote"}
  - {id: verify, type: http, url: "{{ secrets.TARGET }}/verify"}
"""


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as running:
        running.answers["/promote"] = 500
        yield running


@pytest.fixture(autouse=True)
def _promotion(house: House, target: Target) -> None:
    house.apply(TEAMS.replace("members:", f"members:\n  - {{slack: {SECOND}, role: admin}}", 1))
    declare(house.unit_of_work, "TARGET")
    house.apply(RUNBOOK % "")
    house.executor = worker(house, target)


def worker(house: House, target: Target) -> Executor:
    return new_executor(house.unit_of_work, secrets={"TARGET": target.url})


def failed(house: House) -> str:
    """A run that was approved by data's admin, and failed behind its gate."""
    run = execute(house, DATA_OPS, "promotion", house.incident("data").id)
    assert approve(house, DATA_ADMIN, gate_of(house, run)).status_code == 200
    house.work()
    assert seen(house, run)["status"] == "failed"
    return run


def retry(house: House, person: str, run: str, **body: str) -> str:
    answer = house.rest(person).post(f"/api/runbooks/executions/{run}/retry", json=body)
    assert answer.status_code == 201, answer.text
    house.work()
    return str(answer.json()["execution"]["id"])


def test_a_retry_asks_again_for_what_runs_again(house: House, target: Target) -> None:
    """Red before: /promote was called four times on one approval."""
    run = failed(house)
    for _ in range(3):
        run = retry(house, DATA_OPS, run)
        assert seen(house, run)["waiting_for"] == "approval"
        assert target.paths().count("/promote") == 1
        house.rest(DATA_OPS).post(f"/api/runbooks/executions/{run}/cancel")


def test_a_retry_in_slack_asks_again_too(house: House, target: Target) -> None:
    """Red before: the button went on without a question."""
    run = failed(house)
    press(house, DATA_OPS, "run.retry", run, silent=True)
    house.work()

    assert gate_of(house, str(seen(house, run)["retried_as"])) is not None
    assert target.paths().count("/promote") == 1


def test_what_was_done_is_not_done_again_once_it_is_approved(house: House, target: Target) -> None:
    retried = retry(house, DATA_OPS, failed(house))
    target.answers.clear()
    statuses = [(step["status"], step["carried_over"]) for step in seen(house, retried)["steps"]]
    assert statuses[:3] == [("succeeded", True), ("waiting", False), ("succeeded", True)]
    assert approve(house, DATA_ADMIN, gate_of(house, retried)).status_code == 200
    house.work()

    assert seen(house, retried)["status"] == "succeeded"
    assert target.paths() == ["/lag", "/before", "/promote", "/promote", "/verify"]


def test_the_gate_of_a_retry_shows_what_runs_again_and_nothing_else(house: House) -> None:
    gate = gate_of(house, retry(house, DATA_OPS, failed(house)))
    assert [step["step"] for step in gate["shown"]] == ["promote", "verify"]
    assert "retries this run" in gate["asked_again"]


def test_who_retries_does_not_approve(house: House) -> None:
    """Red before: the approver retried what they had approved, and nobody was asked."""
    retried = retry(house, DATA_ADMIN, failed(house))
    gate = gate_of(house, retried)

    for person, reason in ((DATA_ADMIN, "You retried this run"), (DATA_OPS, "You requested this run")):
        refused = approve(house, person, gate)
        assert refused.status_code == 403
        assert reason in refused.json()["detail"]
        assert reason in decided_in_slack(house, person, gate)
    assert approve(house, SECOND, gate).status_code == 200


def test_who_retried_before_does_not_approve_a_later_retry(house: House) -> None:
    """Red before: each retry knew only its own requester."""
    first = retry(house, DATA_ADMIN, failed(house))
    house.rest(DATA_OPS).post(f"/api/runbooks/executions/{first}/cancel")
    gate = gate_of(house, retry(house, DATA_OPS, first))

    assert approve(house, DATA_ADMIN, gate).status_code == 403
    assert {each["who"] for each in gate["initiators"]} == {DATA_OPS, DATA_ADMIN}


def test_going_on_from_a_chosen_step_asks_again(house: House, target: Target) -> None:
    """Red before: `--from verify` went behind the gate on the old approval."""
    retried = retry(house, DATA_ADMIN, failed(house), **{"from": "verify"})
    assert [step["step"] for step in gate_of(house, retried)["shown"]] == ["verify"]
    assert "/verify" not in target.paths()


def test_two_gates_in_a_row_are_both_asked_again(house: House, target: Target) -> None:
    """What two kinds of people had to agree to is not asked of one of them."""
    house.apply(RUNBOOK.replace("  - {id: before", "  - {id: more, type: approval}\n  - {id: before") % "")
    run = execute(house, DATA_OPS, "promotion", house.incident("data").id)
    for _ in range(2):
        assert approve(house, DATA_ADMIN, gate_of(house, run)).status_code == 200
        house.work()
    retried = retry(house, DATA_OPS, run)

    assert gate_of(house, retried)["step"] == "gate"
    assert approve(house, DATA_ADMIN, gate_of(house, retried)).status_code == 200
    house.work()
    assert gate_of(house, retried)["step"] == "more"
    assert target.paths().count("/promote") == 1


def test_a_gate_that_was_skipped_does_not_hide_the_one_before(house: House, target: Target) -> None:
    """Red before: nobody was asked. The approval before the skipped gate is what the step had."""
    skipped = "  - {id: more, type: approval, if: 'false'}\n  - {id: promote"
    house.apply(RUNBOOK.replace("  - {id: promote", skipped) % "")
    retried = retry(house, DATA_OPS, failed(house))

    assert gate_of(house, retried)["step"] == "gate"
    assert target.paths().count("/promote") == 1


COVERS = ", approval_covers: retries, covers_for: 30m"


def test_an_approval_covers_retries_where_the_definition_says_so_and_as_long(
    house: House, target: Target
) -> None:
    house.apply(RUNBOOK % COVERS)
    run = failed(house)
    retried = retry(house, DATA_OPS, run)
    assert target.paths().count("/promote") == 2
    assert seen(house, retried)["status"] == "failed"
    with house.unit_of_work.begin() as work:
        finished = work.session.get_one(StepExecution, (retried, 1))
        assert finished.finished_at is not None
        finished.finished_at -= timedelta(minutes=31)
    assert gate_of(house, retry(house, DATA_OPS, retried)) is not None
    assert target.paths().count("/promote") == 2


def test_what_an_old_approval_did_not_show_is_asked_for_even_where_it_covers_retries(
    house: House, target: Target
) -> None:
    """The incident was changed meanwhile: the retry would send something else."""
    document = RUNBOOK.replace("/promote", "/promote/{{ incident.severity }}") % COVERS
    house.apply(document)
    target.answers["/promote/medium"] = 500
    run = failed(house)
    body = {"severity": "critical"}
    incident = seen(house, run)["incident_id"]
    assert house.rest(DATA_OPS).post(f"/api/incidents/{incident}/escalate", json=body).is_success
    retried = retry(house, DATA_OPS, run)

    assert "promote renders otherwise" in gate_of(house, retried)["asked_again"]
    assert "/promote/critical" not in target.paths()


def in_doubt(house: House) -> Answer:
    """A run whose promotion nobody knows the truth of."""
    run = execute(house, DATA_OPS, "promotion", house.incident("data").id)
    assert approve(house, DATA_ADMIN, gate_of(house, run)).status_code == 200
    with house.unit_of_work.begin() as work:
        promote = work.session.get_one(StepExecution, (run, 3))
        promote.status, promote.attempt, promote.started_at = "running", 1, work.now
        before = work.session.get_one(StepExecution, (run, 2))
        before.status, before.attempt, before.finished_at = "succeeded", 1, work.now
    house.work()
    assert seen(house, run)["waiting_for"] == "verdict"
    return seen(house, run)


def test_a_verdict_that_runs_a_step_again_asks_again(house: House, target: Target) -> None:
    """Red before: who had asked for the run ran the step again and again on one approval."""
    run = in_doubt(house)
    body = {"verdict": "run_again", "step": "promote", "attempt": 1}
    answer = house.rest(SECOND).post(f"/api/runbooks/executions/{run['id']}/verdict", json=body)
    assert answer.status_code == 200, answer.text
    house.work()
    gate = gate_of(house, run["id"])

    assert "/promote" not in target.paths()
    assert approve(house, SECOND, gate).status_code == 403
    assert "You had a step of this run repeated" in decided_in_slack(house, SECOND, gate)
    assert approve(house, PLATFORM, gate).status_code == 200
    house.work()
    assert target.paths().count("/promote") == 1


def test_the_old_gates_button_does_not_answer_the_new_one(house: House) -> None:
    run = execute(house, DATA_OPS, "promotion", house.incident("data").id)
    old = gate_of(house, run)
    value = button_value(house, old["id"], "approval.approve")
    assert approve(house, DATA_ADMIN, old).status_code == 200
    house.work()
    retried = retry(house, DATA_OPS, run)

    assert "already approved" in press(house, DATA_ADMIN, "approval.approve", value)
    assert gate_of(house, retried)["status"] == "open"
