"""One approval covers one attempt: a repeated step needs approval again, from somebody other than who repeats it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from core.execution.executor import Executor
from core.tables import StepExecution
from tests.attacks.deployment import DATA_ADMIN, DATA_OPS, PLATFORM, TEAMS, Deployment
from tests.attacks.gates import Answer, approve, button_value, decided_in_slack, execute, gate_of, press, seen
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
def _promotion(deployment: Deployment, target: Target) -> None:
    deployment.apply(TEAMS.replace("members:", f"members:\n  - {{slack: {SECOND}, role: admin}}", 1))
    declare(deployment.unit_of_work, "TARGET")
    deployment.apply(RUNBOOK % "")
    deployment.executor = worker(deployment, target)


def worker(deployment: Deployment, target: Target) -> Executor:
    return new_executor(deployment.unit_of_work, secrets={"TARGET": target.url})


def failed(deployment: Deployment) -> str:
    """A run that was approved by data's admin, and failed behind its gate."""
    run = execute(deployment, DATA_OPS, "promotion", deployment.incident("data").id)
    assert approve(deployment, DATA_ADMIN, gate_of(deployment, run)).status_code == 200
    deployment.work()
    assert seen(deployment, run)["status"] == "failed"
    return run


def retry(deployment: Deployment, person: str, run: str, **body: str) -> str:
    answer = deployment.rest(person).post(f"/api/runbooks/executions/{run}/retry", json=body)
    assert answer.status_code == 201, answer.text
    deployment.work()
    return str(answer.json()["execution"]["id"])


def test_a_retry_asks_again_for_what_runs_again(deployment: Deployment, target: Target) -> None:
    """Red before: /promote was called four times on one approval."""
    run = failed(deployment)
    for _ in range(3):
        run = retry(deployment, DATA_OPS, run)
        assert seen(deployment, run)["waiting_for"] == "approval"
        assert target.paths().count("/promote") == 1
        deployment.rest(DATA_OPS).post(f"/api/runbooks/executions/{run}/cancel")


def test_a_retry_in_slack_asks_again_too(deployment: Deployment, target: Target) -> None:
    """Red before: the button went on without a question."""
    run = failed(deployment)
    press(deployment, DATA_OPS, "run.retry", run, silent=True)
    deployment.work()

    assert gate_of(deployment, str(seen(deployment, run)["retried_as"])) is not None
    assert target.paths().count("/promote") == 1


def test_what_was_done_is_not_done_again_once_it_is_approved(deployment: Deployment, target: Target) -> None:
    retried = retry(deployment, DATA_OPS, failed(deployment))
    target.answers.clear()
    statuses = [(step["status"], step["carried_over"]) for step in seen(deployment, retried)["steps"]]
    assert statuses[:3] == [("succeeded", True), ("waiting", False), ("succeeded", True)]
    assert approve(deployment, DATA_ADMIN, gate_of(deployment, retried)).status_code == 200
    deployment.work()

    assert seen(deployment, retried)["status"] == "succeeded"
    assert target.paths() == ["/lag", "/before", "/promote", "/promote", "/verify"]


def test_the_gate_of_a_retry_shows_what_runs_again_and_nothing_else(deployment: Deployment) -> None:
    gate = gate_of(deployment, retry(deployment, DATA_OPS, failed(deployment)))
    assert [step["step"] for step in gate["shown"]] == ["promote", "verify"]
    assert "retried this run" in gate["asked_again"]


def test_who_retries_does_not_approve(deployment: Deployment) -> None:
    """Red before: the approver retried what they had approved, and nobody was asked."""
    retried = retry(deployment, DATA_ADMIN, failed(deployment))
    gate = gate_of(deployment, retried)

    for person, reason in ((DATA_ADMIN, "You retried this run"), (DATA_OPS, "You requested this run")):
        refused = approve(deployment, person, gate)
        assert refused.status_code == 403
        assert reason in refused.json()["detail"]
        assert reason in decided_in_slack(deployment, person, gate)
    assert approve(deployment, SECOND, gate).status_code == 200


def test_who_retried_before_does_not_approve_a_later_retry(deployment: Deployment) -> None:
    """Red before: each retry knew only its own requester."""
    first = retry(deployment, DATA_ADMIN, failed(deployment))
    deployment.rest(DATA_OPS).post(f"/api/runbooks/executions/{first}/cancel")
    gate = gate_of(deployment, retry(deployment, DATA_OPS, first))

    assert approve(deployment, DATA_ADMIN, gate).status_code == 403
    assert {each["who"] for each in gate["initiators"]} == {DATA_OPS, DATA_ADMIN}


def test_going_on_from_a_chosen_step_asks_again(deployment: Deployment, target: Target) -> None:
    """Red before: `--from verify` went behind the gate on the old approval."""
    retried = retry(deployment, DATA_ADMIN, failed(deployment), **{"from": "verify"})
    assert [step["step"] for step in gate_of(deployment, retried)["shown"]] == ["verify"]
    assert "/verify" not in target.paths()


def test_two_gates_in_a_row_are_both_asked_again(deployment: Deployment, target: Target) -> None:
    """What two kinds of people had to agree to is not asked of one of them."""
    deployment.apply(
        RUNBOOK.replace("  - {id: before", "  - {id: more, type: approval}\n  - {id: before") % ""
    )
    run = execute(deployment, DATA_OPS, "promotion", deployment.incident("data").id)
    for _ in range(2):
        assert approve(deployment, DATA_ADMIN, gate_of(deployment, run)).status_code == 200
        deployment.work()
    retried = retry(deployment, DATA_OPS, run)

    assert gate_of(deployment, retried)["step"] == "gate"
    assert approve(deployment, DATA_ADMIN, gate_of(deployment, retried)).status_code == 200
    deployment.work()
    assert gate_of(deployment, retried)["step"] == "more"
    assert target.paths().count("/promote") == 1


def test_a_gate_that_was_skipped_does_not_hide_the_one_before(deployment: Deployment, target: Target) -> None:
    """Red before: nobody was asked. The approval before the skipped gate is what the step had."""
    skipped = "  - {id: more, type: approval, if: 'false'}\n  - {id: promote"
    deployment.apply(RUNBOOK.replace("  - {id: promote", skipped) % "")
    retried = retry(deployment, DATA_OPS, failed(deployment))

    assert gate_of(deployment, retried)["step"] == "gate"
    assert target.paths().count("/promote") == 1


COVERS = ", approval_covers: retries, covers_for: 30m"


def test_an_approval_covers_retries_where_the_definition_says_so_and_as_long(
    deployment: Deployment, target: Target
) -> None:
    deployment.apply(RUNBOOK % COVERS)
    run = failed(deployment)
    retried = retry(deployment, DATA_OPS, run)
    assert target.paths().count("/promote") == 2
    assert seen(deployment, retried)["status"] == "failed"
    with deployment.unit_of_work.begin() as work:
        finished = work.session.get_one(StepExecution, (retried, 1))
        assert finished.finished_at is not None
        finished.finished_at -= timedelta(minutes=31)
    assert gate_of(deployment, retry(deployment, DATA_OPS, retried)) is not None
    assert target.paths().count("/promote") == 2


def test_what_an_old_approval_did_not_show_is_asked_for_even_where_it_covers_retries(
    deployment: Deployment, target: Target
) -> None:
    """The incident was changed meanwhile: the retry would send something else."""
    document = RUNBOOK.replace("/promote", "/promote/{{ incident.severity }}") % COVERS
    deployment.apply(document)
    target.answers["/promote/medium"] = 500
    run = failed(deployment)
    body = {"severity": "critical"}
    incident = seen(deployment, run)["incident_id"]
    assert deployment.rest(DATA_OPS).post(f"/api/incidents/{incident}/escalate", json=body).is_success
    retried = retry(deployment, DATA_OPS, run)

    assert "promote would now send something different" in gate_of(deployment, retried)["asked_again"]
    assert "/promote/critical" not in target.paths()


def in_doubt(deployment: Deployment) -> Answer:
    """A run whose promotion nobody knows the truth of."""
    run = execute(deployment, DATA_OPS, "promotion", deployment.incident("data").id)
    assert approve(deployment, DATA_ADMIN, gate_of(deployment, run)).status_code == 200
    with deployment.unit_of_work.begin() as work:
        promote = work.session.get_one(StepExecution, (run, 3))
        promote.status, promote.attempt, promote.started_at = "running", 1, work.now
        before = work.session.get_one(StepExecution, (run, 2))
        before.status, before.attempt, before.finished_at = "succeeded", 1, work.now
    deployment.work()
    assert seen(deployment, run)["waiting_for"] == "verdict"
    return seen(deployment, run)


def test_a_verdict_that_runs_a_step_again_asks_again(deployment: Deployment, target: Target) -> None:
    """Red before: who had asked for the run ran the step again and again on one approval."""
    run = in_doubt(deployment)
    body = {"verdict": "run_again", "step": "promote", "attempt": 1}
    answer = deployment.rest(SECOND).post(f"/api/runbooks/executions/{run['id']}/verdict", json=body)
    assert answer.status_code == 200, answer.text
    deployment.work()
    gate = gate_of(deployment, run["id"])

    assert "/promote" not in target.paths()
    assert approve(deployment, SECOND, gate).status_code == 403
    assert "You had a step of this run repeated" in decided_in_slack(deployment, SECOND, gate)
    assert approve(deployment, PLATFORM, gate).status_code == 200
    deployment.work()
    assert target.paths().count("/promote") == 1


def test_the_old_gates_button_does_not_answer_the_new_one(deployment: Deployment) -> None:
    run = execute(deployment, DATA_OPS, "promotion", deployment.incident("data").id)
    old = gate_of(deployment, run)
    value = button_value(deployment, old["id"], "approval.approve")
    assert approve(deployment, DATA_ADMIN, old).status_code == 200
    deployment.work()
    retried = retry(deployment, DATA_OPS, run)

    assert "Nothing is left to decide" in press(deployment, DATA_ADMIN, "approval.approve", value)
    assert gate_of(deployment, retried)["status"] == "open"
