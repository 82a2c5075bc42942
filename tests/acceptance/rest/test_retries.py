"""Retrying over REST: a new run goes on where one ended, and nothing that happened happens again."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.tables import AuditEntry, StepExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.test_incidents import opened
from tests.acceptance.rest.test_runs import execute
from tests.conftest import RecordedJobs
from tests.world import Target, apply_documents, new_executor, running_target, work_off

PROMOTION = """
kind: runbook
name: promotion
team: database
parameters: {type: object, properties: {cluster: {type: string, default: orders}}}
lock: db/{{ params.cluster }}
steps:
  - {id: lag, type: http, url: "{{ secrets.TARGET }}/lag", save: {seconds: response.json.seconds}}
  - {id: gate, type: approval, approvers: {people: [U0DBADMIN]}}
  - {id: promote, type: http, method: POST, url: "{{ secrets.TARGET }}/promote/{{ steps.lag.saved.seconds }}"}
  - {id: verify, type: http, url: "{{ secrets.TARGET }}/verify"}
"""
PROMOTE = "/promote/1.5"


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as running:
        running.answers[PROMOTE] = 500
        yield running


class SimulationContext:
    """The promotion, and a worker for it."""

    def __init__(
        self, unit_of_work: UnitOfWorkFactory, jobs: RecordedJobs, target: Target, client_of: ClientOf
    ) -> None:
        self.unit_of_work, self.jobs, self.target = unit_of_work, jobs, target
        self.responder, self.admin = client_of("U0DBOPS"), client_of("U0DBADMIN")
        apply_documents(unit_of_work, PROMOTION)
        self.executor = new_executor(unit_of_work, secrets={"TARGET": target.url})
        self.incident = opened(self.responder)["id"]

    def work(self) -> None:
        work_off(self.unit_of_work, self.executor, self.jobs.enqueued)

    def begin(self) -> str:
        """The id of a run that waits at its gate."""
        answer = execute(self.responder, self.incident, "promotion")
        assert answer.status_code == 201, answer.text
        self.work()
        return str(answer.json()["execution"]["id"])

    def decide(self, run: str, verb: str = "approve") -> None:
        gate = self.see(run)["approval"]["id"]
        assert self.admin.post(f"/api/approvals/{gate}/{verb}").status_code == 200
        self.work()

    def failed(self) -> str:
        """The id of a run whose promotion failed."""
        run = self.begin()
        self.decide(run)
        assert self.see(run)["status"] == "failed"
        return run

    def see(self, run: str) -> Any:
        return self.responder.get(f"/api/runbooks/executions/{run}").json()["execution"]

    def retry(self, run: str, client: TestClient | None = None, **options: Any) -> Any:
        return (client or self.responder).post(f"/api/runbooks/executions/{run}/retry", **options)


@pytest.fixture
def stage(
    unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs, target: Target, client_of: ClientOf
) -> SimulationContext:
    return SimulationContext(unit_of_work, recorded_jobs, target, client_of)


def statuses(execution: Any) -> list[tuple[str, bool]]:
    return [(step["status"], step["carried_over"]) for step in execution["steps"]]


def test_a_retry_goes_on_from_the_step_that_failed_with_what_was_saved(stage: SimulationContext) -> None:
    run = stage.failed()
    stage.target.answers.clear()
    answer = stage.retry(run)
    made = answer.json()["execution"]

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/runbooks/executions/{made['id']}"
    assert (made["retry_of"], made["requested_by"]) == (run, "U0DBOPS")
    assert made["parameters"] == {"cluster": "orders"}
    assert made["runbook_version"] == stage.see(run)["runbook_version"]
    assert statuses(made) == [
        ("succeeded", True),
        ("pending", False),  # the approval was for one attempt
        ("pending", False),
        ("pending", False),
    ]
    stage.work()
    stage.decide(made["id"])
    ended = stage.see(made["id"])
    assert ended["status"] == "succeeded"
    assert stage.target.paths() == ["/lag", PROMOTE, PROMOTE, "/verify"]
    assert stage.see(run)["retried_as"] == made["id"]
    assert stage.see(run)["status"] == "failed"
    told = stage.responder.get(f"/api/incidents/{stage.incident}/timeline").json()["timeline"]
    assert [line["text"] for line in told].count("promotion: step lag (http) succeeded") == 1


def test_a_retry_is_in_the_audit_trail(stage: SimulationContext) -> None:
    run = stage.failed()
    made = stage.retry(run).json()["execution"]["id"]

    with stage.unit_of_work.begin() as work:
        (entry,) = work.session.query(AuditEntry).filter_by(action="runbook_execution.retried")
        assert (entry.actor, entry.subject_id) == ("U0DBOPS", made)
        asked = {"of": run, "from": "promote", "version": 1}
        assert entry.details == asked | {"before": None, "after": {"status": "pending"}}


def test_a_run_is_retried_once_and_its_retry_can_be_retried(stage: SimulationContext) -> None:
    run = stage.failed()
    made = stage.retry(run).json()["execution"]["id"]
    again = stage.retry(run, stage.admin)

    assert (again.status_code, again.json()["code"]) == (409, "already_done")
    assert made in again.json()["detail"]
    stage.work()
    stage.responder.post(f"/api/runbooks/executions/{made}/cancel")
    second = stage.retry(made)
    assert second.status_code == 201
    assert statuses(second.json()["execution"])[:2] == [("succeeded", True), ("pending", False)]


def test_one_delivery_makes_one_retry(stage: SimulationContext) -> None:
    run = stage.failed()
    first, second = (stage.retry(run, headers={"Idempotency-Key": "again"}) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()


def test_a_rejected_gate_asks_again(stage: SimulationContext) -> None:
    run = stage.begin()
    stage.decide(run, "reject")
    made = stage.retry(run).json()["execution"]
    stage.work()

    assert statuses(made)[:2] == [("succeeded", True), ("pending", False)]
    assert stage.see(made["id"])["waiting_for"] == "approval"


def test_no_retry_goes_around_a_gate_that_nobody_approved(stage: SimulationContext) -> None:
    run = stage.begin()
    stage.decide(run, "reject")
    answer = stage.retry(run, stage.admin, json={"from": "promote"})

    assert answer.status_code == 409
    assert "Step gate is an approval that was never given" in answer.json()["detail"]


@pytest.mark.parametrize("end", ["running", "succeeded"])
def test_what_has_not_failed_is_not_retried(stage: SimulationContext, end: str) -> None:
    run = stage.begin()
    if end == "succeeded":
        stage.target.answers.clear()
        stage.decide(run)
    answer = stage.retry(run)

    assert answer.status_code == 409
    assert ("has not ended" if end == "running" else "succeeded") in answer.json()["detail"]


def test_a_cancelled_run_is_retried(stage: SimulationContext) -> None:
    run = stage.begin()
    stage.responder.post(f"/api/runbooks/executions/{run}/cancel")

    assert stage.retry(run).status_code == 201


def test_only_an_admin_of_the_team_chooses_the_step(stage: SimulationContext) -> None:
    run = stage.failed()
    refused = stage.retry(run, json={"from": "lag"})
    assert refused.status_code == 403
    assert "Only an admin of team database may choose the step" in refused.json()["detail"]

    made = stage.retry(run, stage.admin, json={"from": "verify"}).json()["execution"]
    assert [step["status"] for step in made["steps"]] == ["succeeded", "pending", "skipped", "pending"]
    assert made["steps"][2]["output"] == {"reason": "It did not succeed; <@U0DBADMIN> continued from verify."}


def test_an_unknown_step_is_named_with_the_nearest(stage: SimulationContext) -> None:
    answer = stage.retry(stage.failed(), stage.admin, json={"from": "promte"})

    assert (answer.status_code, answer.json()["field"]) == (422, "from")
    assert "Did you mean promote?" in answer.json()["detail"]


def test_a_step_in_doubt_is_not_repeated_unless_an_admin_says_so(stage: SimulationContext) -> None:
    run = stage.failed()
    with stage.unit_of_work.begin() as work:
        work.session.get_one(StepExecution, (run, 2)).status = "unknown"
    refused = stage.retry(run)

    assert refused.status_code == 409
    assert "Nobody knows whether step promote happened" in refused.json()["detail"]
    made = stage.retry(run, stage.admin, json={"from": "promote"}).json()["execution"]
    assert made["steps"][2]["status"] == "pending"


def test_a_changed_runbook_is_not_retried(stage: SimulationContext) -> None:
    run = stage.failed()
    apply_documents(stage.unit_of_work, PROMOTION.replace("/verify", "/look"))
    answer = stage.retry(run)

    assert (answer.status_code, answer.json()["code"]) == (409, "superseded")


def test_a_run_of_a_deleted_runbook_is_not_retried(stage: SimulationContext) -> None:
    run = stage.failed()
    assert stage.admin.delete("/api/runbooks/promotion").status_code == 204
    answer = stage.retry(run)

    assert (answer.status_code, answer.json()["code"]) == (409, "not_runnable")


def test_a_retry_takes_the_lock_anew(stage: SimulationContext) -> None:
    run = stage.failed()
    holder = stage.begin()
    answer = stage.retry(run)

    assert answer.status_code == 409
    assert f"db/orders is locked by promotion ({holder})" in answer.json()["detail"]
    stage.responder.post(f"/api/runbooks/executions/{holder}/cancel")
    assert stage.retry(run).status_code == 201
    assert execute(stage.responder, stage.incident, "promotion").status_code == 409


def test_another_teams_responder_finds_nothing_to_retry(stage: SimulationContext, other: TestClient) -> None:
    assert stage.retry(stage.failed(), other).status_code == 404
