"""How runbooks and workflows do: every figure, from runs whose times are known."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from starlette.testclient import TestClient

from core.tables import Approval, RunbookExecution, StepExecution, WorkflowExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.documents import WORKFLOW
from tests.acceptance.rest.test_incidents import opened
from tests.acceptance.rest.test_runs import execute
from tests.conftest import RecordedJobs
from tests.world import apply_documents, new_executor, work_off

BEGIN = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)
History = Callable[..., str]


@pytest.fixture
def history(unit_of_work: UnitOfWorkFactory, responder: TestClient) -> History:
    """Make one ended run of say-hello, which took `seconds`; answers its id."""
    incident = opened(responder)["id"]

    def make(seconds: float, status: str = "succeeded", *, error: str | None = None, at: int = 0) -> str:
        run = str(execute(responder, incident, "say-hello").json()["execution"]["id"])
        with unit_of_work.begin() as work:
            row = work.session.get_one(RunbookExecution, run)
            row.created_at = row.started_at = BEGIN + timedelta(days=at)
            row.finished_at, row.status, row.wake_at = (
                row.started_at + timedelta(seconds=seconds),
                status,
                None,
            )
            step = work.session.get_one(StepExecution, (run, 0))
            step.status, step.error = status, error
        return run

    return make


def analytics(client: TestClient, address: str = "runbooks/say-hello", **query: str) -> Any:
    answer = client.get(f"/api/{address}/analytics", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["analytics"]


def near(**seconds: float) -> Any:
    """Percentiles as they are told: within 2.5 %."""
    return pytest.approx(seconds, rel=0.025)


def test_a_runbook_that_never_ran_has_no_figures(responder: TestClient) -> None:
    assert analytics(responder) == {
        "since": None,
        "executions": 0,
        "ended": 0,
        "succeeded": 0,
        "success_rate": None,
        "duration_seconds": None,
        "approval_seconds": None,
        "last_success": None,
        "failures": [],
    }


def test_runs_are_counted_and_measured(history: History, responder: TestClient) -> None:
    for seconds in range(10):
        history(seconds, at=seconds)
    for error in ("no disk", "no disk", "no net"):
        history(10, "failed", error=error)
    history(11, "timed_out", error="too slow")
    history(12, "cancelled")
    seen = analytics(responder)

    assert (seen["executions"], seen["ended"], seen["succeeded"]) == (15, 15, 10)
    assert seen["success_rate"] == pytest.approx(10 / 15)
    assert seen["duration_seconds"] == near(p50=7.0, p95=11.3)
    assert seen["failures"] == [{"step": "pause", "executions": 4, "error": "no disk"}]
    assert datetime.fromisoformat(seen["last_success"]) == BEGIN + timedelta(days=9, seconds=9)


def test_an_active_run_is_counted_and_not_measured(history: History, responder: TestClient) -> None:
    history(5)
    execute(responder, opened(responder)["id"], "say-hello")
    seen = analytics(responder)

    assert (seen["executions"], seen["ended"], seen["success_rate"]) == (2, 1, 1.0)
    assert seen["duration_seconds"] == near(p50=5.0, p95=5.0)


def test_only_what_was_asked_for_since_then_is_counted(history: History, responder: TestClient) -> None:
    for day in range(3):
        history(1, at=day)
    since = (BEGIN + timedelta(days=1)).isoformat()

    seen = analytics(responder, since=since)
    assert seen["executions"] == 2
    assert datetime.fromisoformat(seen["since"]) == datetime(2026, 1, 6, tzinfo=UTC)
    wrong = responder.get("/api/runbooks/say-hello/analytics", params={"since": "yesterday"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "since")


def test_the_time_to_approve_is_measured(
    unit_of_work: UnitOfWorkFactory, history: History, responder: TestClient
) -> None:
    for seconds, status in ((60, "approved"), (120, "approved"), (3600, "expired")):
        run = history(1)
        with unit_of_work.begin() as work:
            times = {"opened_at": BEGIN, "closed_at": BEGIN + timedelta(seconds=seconds)}
            place = {"id": f"apr_{seconds}", "execution_id": run, "position": 0, "attempt": 1}
            work.session.add(Approval(**place, **times, policy={}, message="", status=status))

    assert analytics(responder)["approval_seconds"] == near(p50=90.0, p95=117.0)


def test_of_a_global_runbook_each_team_sees_its_own_runs(
    history: History, responder: TestClient, other: TestClient
) -> None:
    history(1, "failed", error="a secret of team database")

    assert analytics(responder)["executions"] == 1
    assert analytics(other)["executions"] == 0
    assert analytics(other)["failures"] == []


def test_what_another_team_owns_is_not_there(unit_of_work: UnitOfWorkFactory, other: TestClient) -> None:
    apply_documents(unit_of_work, WORKFLOW)

    assert other.get("/api/runbooks/db-check/analytics").status_code == 404
    assert other.get("/api/workflows/critical-db-incident/analytics").status_code == 404


def test_a_workflow_is_measured_alike(unit_of_work: UnitOfWorkFactory, responder: TestClient) -> None:
    apply_documents(unit_of_work, WORKFLOW)
    opened(responder, severity="critical")
    with unit_of_work.begin() as work:
        run = work.session.scalars(select(WorkflowExecution)).one()
        run.started_at, run.finished_at = BEGIN, BEGIN + timedelta(seconds=4)
        run.status, run.wake_at = "succeeded", None
    seen = analytics(responder, "workflows/critical-db-incident")

    assert (seen["executions"], seen["succeeded"]) == (1, 1)
    assert seen["duration_seconds"] == near(p50=4.0, p95=4.0)


FAILING = """
kind: workflow
name: calls
trigger: {on: incident.created}
actions: [{id: call, type: webhook, url: "http://127.0.0.1:9/"}]
"""


def test_where_a_workflow_fails_and_with_what_is_told(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, recorded_jobs: RecordedJobs
) -> None:
    apply_documents(unit_of_work, FAILING)
    for _ in range(2):
        opened(responder)
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    seen = analytics(responder, "workflows/calls")

    assert (seen["ended"], seen["success_rate"], seen["last_success"]) == (2, 0.0, None)
    [failure] = seen["failures"]
    assert (failure["step"], failure["executions"]) == ("call", 2)
    assert failure["error"].startswith("No connection to 127.0.0.1:9")


def test_a_page_of_runs_takes_as_many_queries_as_one(
    unit_of_work: UnitOfWorkFactory, history: History, responder: TestClient
) -> None:
    history(1)
    asked: list[str] = []

    def note(*given: Any) -> None:
        asked.append(given[2])

    def queries() -> int:
        asked.clear()
        assert responder.get("/api/incidents/inc-1/runbooks/executions").status_code == 200
        return len(asked)

    event.listen(unit_of_work.engine, "before_cursor_execute", note)
    try:
        one = queries()
        for _ in range(5):
            history(1)
        assert queries() == one
        asked.clear()
        analytics(responder)
        assert len([statement for statement in asked if "tallies" in statement]) == 1
    finally:
        event.remove(unit_of_work.engine, "before_cursor_execute", note)
