"""Freezes over REST: nothing starts while one is in force, nothing is lost, and everybody can read why."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from freezegun import freeze_time
from sqlalchemy import select
from starlette.testclient import TestClient

from core.tables import AuditEntry, IdempotentAnswer, Notice, RunbookExecution, WorkflowExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.documents import WORKFLOW
from tests.acceptance.rest.test_incidents import opened
from tests.acceptance.rest.test_runs import execute
from tests.conftest import ADMIN, RecordedJobs
from tests.world import Target, apply_documents, new_executor, running_target, work_off
from workers.scheduler import tidy

STEPS = """
kind: runbook
name: two-calls
team: database
steps:
  - {id: first, type: http, url: "{{ secrets.TARGET }}/first"}
  - {id: second, type: http, url: "{{ secrets.TARGET }}/second"}
---
kind: runbook
name: gated
team: database
steps:
  - {id: gate, type: approval, approvers: {people: [U0DBADMIN]}, expires: 1h}
  - {id: call, type: http, url: "{{ secrets.TARGET }}/call"}
"""


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as running:
        yield running


class SimulationContext:
    """Runs of two teams, a worker, and clients of those who freeze."""

    def __init__(
        self, unit_of_work: UnitOfWorkFactory, jobs: RecordedJobs, target: Target, client_of: ClientOf
    ) -> None:
        self.unit_of_work, self.jobs, self.target = unit_of_work, jobs, target
        self.responder, self.team_admin = client_of("U0DBOPS"), client_of("U0DBADMIN")
        self.platform, self.web = client_of(ADMIN), client_of("U0WEB")
        apply_documents(unit_of_work, STEPS)
        self.executor = new_executor(unit_of_work, secrets={"TARGET": target.url})
        self.incident = opened(self.responder)["id"]

    def work(self) -> None:
        work_off(self.unit_of_work, self.executor, self.jobs.enqueued)

    def begin(self, runbook: str) -> str:
        answer = execute(self.responder, self.incident, runbook)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["execution"]["id"])

    def see(self, run: str) -> Any:
        return self.responder.get(f"/api/runbooks/executions/{run}").json()["execution"]

    def freeze(self, team: str | None = "database", client: TestClient | None = None) -> Any:
        body = {"reason": "Migration"} | ({"team": team} if team else {})
        answer = (client or self.platform).post("/api/freezes", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["freeze"]

    def lift(self, freeze: Any) -> None:
        assert self.platform.delete(f"/api/freezes/{freeze['id']}").status_code == 200


@pytest.fixture
def stage(
    unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs, target: Target, client_of: ClientOf
) -> SimulationContext:
    return SimulationContext(unit_of_work, recorded_jobs, target, client_of)


@pytest.mark.parametrize("team", ["database", None])
def test_a_new_run_is_refused_with_the_reason_and_who(stage: SimulationContext, team: str | None) -> None:
    freeze = stage.freeze(team)
    answer = execute(stage.responder, stage.incident, "two-calls")

    assert (answer.status_code, answer.json()["code"]) == (409, "frozen")
    assert all(word in answer.json()["detail"] for word in (ADMIN, "Migration"))
    stage.lift(freeze)
    assert execute(stage.responder, stage.incident, "two-calls").status_code == 201


def test_a_retry_is_refused_too(stage: SimulationContext) -> None:
    run = stage.begin("gated")
    stage.responder.post(f"/api/runbooks/executions/{run}/cancel")
    stage.freeze()

    assert stage.responder.post(f"/api/runbooks/executions/{run}/retry").status_code == 409


def test_another_teams_runs_go_on(stage: SimulationContext) -> None:
    stage.freeze()
    incident = opened(stage.web, team="web")["id"]

    assert execute(stage.web, incident, "web-restart").status_code == 201


def test_another_teams_run_that_is_under_way_goes_on(stage: SimulationContext) -> None:
    apply_documents(
        stage.unit_of_work, STEPS.replace("name: ", "name: web-").replace("team: database", "team: web")
    )
    stage.target.during["/first"] = stage.freeze
    answer = execute(stage.web, opened(stage.web, team="web")["id"], "web-two-calls")
    stage.work()

    run = answer.json()["execution"]["id"]
    assert stage.web.get(f"/api/runbooks/executions/{run}").json()["execution"]["status"] == "succeeded"
    assert stage.target.paths() == ["/first", "/second"]


def test_a_run_is_held_before_its_next_step_and_goes_on_afterwards(stage: SimulationContext) -> None:
    made: list[Any] = []
    stage.target.during["/first"] = lambda: made.append(stage.freeze())
    run = stage.begin("two-calls")
    stage.work()
    seen = stage.see(run)

    assert stage.target.paths() == ["/first"]
    assert (seen["status"], seen["waiting_for"]) == ("waiting", "freeze")
    assert [step["status"] for step in seen["steps"]] == ["succeeded", "pending"]
    assert seen["freeze"]["reason"] == "Migration"
    with stage.unit_of_work.begin() as work:
        row = work.session.get_one(RunbookExecution, run)
        assert (row.worker, row.wake_at) == (None, None)
    stage.lift(made[0])
    assert stage.jobs.enqueued == [("runbook", run)]
    stage.work()
    assert stage.see(run)["status"] == "succeeded"
    assert stage.target.paths() == ["/first", "/second"]


def test_a_run_that_was_asked_for_before_does_not_begin(stage: SimulationContext) -> None:
    run = stage.begin("two-calls")
    freeze = stage.freeze()
    stage.work()

    assert stage.target.paths() == []
    assert stage.see(run)["started_at"] is None
    stage.lift(freeze)
    stage.work()
    assert stage.see(run)["status"] == "succeeded"


def test_a_gate_is_decided_and_nothing_starts(stage: SimulationContext) -> None:
    run = stage.begin("gated")
    stage.work()
    freeze = stage.freeze()
    gate = stage.see(run)["approval"]["id"]
    assert stage.team_admin.post(f"/api/approvals/{gate}/approve").status_code == 200
    stage.work()

    assert stage.target.paths() == []
    assert stage.see(run)["waiting_for"] == "freeze"
    stage.lift(freeze)
    stage.work()
    assert stage.target.paths() == ["/call"]


def test_a_held_run_can_be_cancelled(stage: SimulationContext) -> None:
    run = stage.begin("two-calls")
    stage.freeze()
    stage.work()
    stage.responder.post(f"/api/runbooks/executions/{run}/cancel")

    assert stage.see(run)["status"] == "cancelled"
    assert stage.see(run)["freeze"] is None


def test_two_freezes_hold_until_both_are_lifted(stage: SimulationContext) -> None:
    run = stage.begin("two-calls")
    own, all_ = stage.freeze("database"), stage.freeze(None)
    stage.work()
    stage.lift(all_)
    stage.work()
    assert stage.see(run)["waiting_for"] == "freeze"
    stage.lift(own)
    stage.work()
    assert stage.see(run)["status"] == "succeeded"


def test_a_workflow_that_an_event_starts_is_held_and_not_lost(stage: SimulationContext) -> None:
    apply_documents(stage.unit_of_work, WORKFLOW)
    freeze = stage.freeze()
    opened(stage.responder, severity="critical")
    stage.work()

    def ran() -> list[str]:
        with stage.unit_of_work.begin() as work:
            return list(work.session.scalars(select(WorkflowExecution.status)))

    assert ran() == ["waiting"]
    stage.lift(freeze)
    stage.work()
    assert ran() == ["succeeded"]


def test_every_card_of_a_run_shows_it(stage: SimulationContext) -> None:
    run = stage.begin("gated")
    stage.work()

    def wanted() -> dict[str, int]:
        with stage.unit_of_work.begin() as work:
            found = work.session.scalars(select(Notice).where(Notice.kind.in_(["headline", "gate"])))
            return {notice.kind: notice.wanted for notice in found}

    before = wanted()
    freeze = stage.freeze()
    assert wanted() == {kind: number + 1 for kind, number in before.items()}
    assert stage.see(run)["freeze"]["frozen_by"] == ADMIN
    stage.lift(freeze)
    assert wanted() == {kind: number + 2 for kind, number in before.items()}
    assert stage.see(run)["freeze"] is None


def test_who_may_freeze(stage: SimulationContext) -> None:
    for client, body, status in (
        (stage.responder, {"team": "database"}, 403),
        (stage.team_admin, {}, 403),
        (stage.team_admin, {"team": "web"}, 403),
        (stage.team_admin, {"team": "database"}, 201),
        (stage.platform, {"team": "database"}, 409),
        (stage.platform, {}, 201),
        (stage.platform, {"team": "nobody"}, 404),
        (stage.platform, {"team": "web", "reason": ""}, 422),
    ):
        answer = client.post("/api/freezes", json={"reason": "Migration"} | body)
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize("reason", ["", " \n"])
def test_a_freeze_without_a_reason_is_refused(stage: SimulationContext, reason: str) -> None:
    answer = stage.platform.post("/api/freezes", json={"reason": reason})

    assert (answer.status_code, answer.json()["field"]) == (422, "reason")
    assert stage.platform.get("/api/freezes").json()["freezes"] == []


def test_freezes_are_listed_shown_and_lifted_by_who_may(stage: SimulationContext) -> None:
    own, all_ = stage.freeze("database", stage.team_admin), stage.freeze(None)

    def listed(client: TestClient) -> list[str]:
        return [freeze["id"] for freeze in client.get("/api/freezes").json()["freezes"]]

    assert listed(stage.responder) == [own["id"], all_["id"]]
    assert listed(stage.web) == [all_["id"]]
    assert stage.web.get(f"/api/freezes/{own['id']}").status_code == 404
    assert stage.responder.delete(f"/api/freezes/{own['id']}").status_code == 403
    assert stage.team_admin.delete(f"/api/freezes/{all_['id']}").status_code == 403
    assert stage.team_admin.delete(f"/api/freezes/{own['id']}").json()["freeze"]["lifted_by"] == "U0DBADMIN"
    assert stage.team_admin.delete(f"/api/freezes/{own['id']}").status_code == 409
    assert listed(stage.responder) == [all_["id"]]
    with stage.unit_of_work.begin() as work:
        of_freeze = select(AuditEntry.action).where(AuditEntry.subject_id == own["id"])
        trail = work.session.scalars(of_freeze.order_by(AuditEntry.number))
        assert list(trail) == ["freeze.begun", "freeze.lifted"]


def test_answers_are_kept_for_a_day(unit_of_work: UnitOfWorkFactory) -> None:
    def kept_after(moment: str) -> int:
        with freeze_time(moment, tick=True, ignore=["psycopg"]):
            tidy(unit_of_work)
        with unit_of_work.begin() as work:
            return work.session.query(IdempotentAnswer).count()

    with unit_of_work.begin() as work:
        written = datetime(2026, 1, 5, 3, 12, tzinfo=UTC)
        answer = {"fingerprint": "f", "status_code": 200, "body": {}, "created_at": written}
        work.session.add(IdempotentAnswer(token_id="t", key="k", **answer))
    assert kept_after("2026-01-06 03:11:58") == 1
    assert kept_after("2026-01-06 03:12:01") == 0
