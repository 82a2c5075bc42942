"""`/runbook stats NAME`: how a runbook, or a workflow, does."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from core.tables import Approval, RunbookExecution, StepExecution, WorkflowExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.requests import Slack
from tests.acceptance.slack.world import DB_CHANNEL, DB_OPS, start
from tests.world import apply_documents

BEGIN = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)
WORKFLOW = """
kind: workflow
name: look
team: database
trigger: {on: manual}
actions: [{id: call, type: message, text: hello}]
"""


def ended(company: UnitOfWorkFactory, seconds: float, status: str, error: str | None = None) -> str:
    """A run of db-failover that took so long; answers its id."""
    run = start(company, "db-failover", DB_OPS, cluster="orders")
    with company.begin() as work:
        row = work.session.get_one(RunbookExecution, run)
        row.created_at = row.started_at = BEGIN
        row.finished_at, row.status, row.wake_at = BEGIN + timedelta(seconds=seconds), status, None
        step = work.session.get_one(StepExecution, (run, 0))
        step.status, step.error = status, error
    return run


def approved(company: UnitOfWorkFactory, run: str, seconds: float) -> None:
    with company.begin() as work:
        place = {"id": f"apr_{run}", "execution_id": run, "position": 0, "attempt": 1}
        times = {"opened_at": BEGIN, "closed_at": BEGIN + timedelta(seconds=seconds)}
        work.session.add(Approval(**place, **times, policy={}, message="", status="approved"))


def test_every_figure_of_a_runbook_is_told(company: UnitOfWorkFactory, slack: Slack) -> None:
    for seconds in (100, 100, 100):
        run = ended(company, seconds, "succeeded")
    approved(company, run, 30)
    ended(company, 7200, "failed", "no disk")
    start(company, "db-failover", DB_OPS, cluster="orders")
    said = slack.types(DB_OPS, DB_CHANNEL, "stats db-failover")

    assert "5 runs, 4 ended" in said
    assert "75% succeeded" in said
    assert "duration median 1 min 38 s, p95 1 h 41 min" in said  # within 2.5 % of 100 s and 6,135 s
    assert "time to approve median 30 s, p95 30 s" in said
    assert f"last success <!date^{int(BEGIN.timestamp()) + 100}^" in said
    assert "failed at *gate* in 1 run: `no disk`" in said


def test_a_workflow_is_told_of_in_the_same_way(company: UnitOfWorkFactory, slack: Slack) -> None:
    apply_documents(company, WORKFLOW)
    slack.types(DB_OPS, DB_CHANNEL, "workflow run look")
    with company.begin() as work:
        run = work.session.scalars(select(WorkflowExecution)).one()
        run.started_at, run.finished_at = BEGIN, BEGIN + timedelta(seconds=4)
        run.status, run.wake_at = "succeeded", None
    said = slack.types(DB_OPS, DB_CHANNEL, "stats look")

    assert "1 run, 1 ended" in said
    assert "duration median 3.9 s, p95 3.9 s" in said
