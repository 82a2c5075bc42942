"""`run --wait` and `status`: what is told as it goes, and the outcome as an exit status; lists without N+1."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Engine, event

from cli.client import following, watching
from core.tables import Incident
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.cli.conftest import Cli
from tests.conftest import RecordedJobs
from tests.world import apply_documents, new_executor, new_incident, see, start_run, work_off

DOCUMENTS = """
kind: runbook
name: fine
team: database
steps: [{id: first, type: message, text: a}, {id: second, type: message, text: b}]
---
kind: runbook
name: broken
team: database
steps: [{id: first, type: message, text: a}, {id: bad, type: http, url: "http://127.0.0.1:1/"}]
---
kind: runbook
name: short
team: database
timeout: 1s
steps: [{id: pause, type: wait, for: 1h}]
"""


@pytest.fixture(autouse=True)
def soon(origin: str, monkeypatch: pytest.MonkeyPatch, unit_of_work: UnitOfWorkFactory) -> None:
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.02)
    apply_documents(unit_of_work, DOCUMENTS)


@contextmanager
def at_work(
    unit_of_work: UnitOfWorkFactory, jobs: RecordedJobs, then: Callable[[], object] = lambda: None
) -> Iterator[None]:
    """A worker beside the terminal; `then`: what a person does as soon as something runs."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            if jobs.enqueued:
                work_off(unit_of_work, new_executor(unit_of_work), jobs.enqueued)
                then()
            time.sleep(0.02)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    over.set()
    thread.join(10)


@contextmanager
def at_work_once_watched(
    unit_of_work: UnitOfWorkFactory, jobs: RecordedJobs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A worker that begins when the run has been seen before its start."""
    with ExitStack() as stack:

        def answers(*arguments: Any) -> Iterator[Any]:
            stack.enter_context(at_work(unit_of_work, jobs))
            return following.answers(*arguments)

        monkeypatch.setattr(watching, "answers", answers)
        yield


@pytest.mark.parametrize(("name", "status", "last"), [("fine", 0, "succeeded"), ("broken", 1, "failed")])
def test_the_outcome_is_the_exit_status_and_each_step_is_told(
    cli: Cli,
    incident: Incident,
    unit_of_work: UnitOfWorkFactory,
    recorded_jobs: RecordedJobs,
    name: str,
    status: int,
    last: str,
) -> None:
    with at_work(unit_of_work, recorded_jobs):
        outcome = cli("run", name, "--incident", incident.id, "--wait")
    assert outcome.status == status, outcome.err
    lines = outcome.out.splitlines()
    assert "Requested" in lines[0]
    assert any(line.strip().startswith("1/2 first succeeded") for line in lines)
    assert lines[-1].startswith(f"{name} {last}")


def test_what_it_waits_for_is_told_and_a_cancel_has_a_status_of_its_own(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> None:
    seen: list[str] = []

    def cancel() -> None:
        time.sleep(0.3)
        with unit_of_work.begin() as work:
            seen.extend(
                work.session.connection().exec_driver_sql("SELECT id FROM runbook_executions").scalars()
            )
            work.session.connection().exec_driver_sql(
                "UPDATE runbook_executions SET status = 'cancelled', waiting_for = NULL, wake_at = NULL"
            )

    with at_work(unit_of_work, recorded_jobs, cancel):
        outcome = cli("run", "db-failover", "--incident", incident.id, "--wait")
    assert outcome.status == 3, outcome.out
    assert "waiting for approval" in outcome.out
    assert "runbook approve apr_" in outcome.out
    assert cli("status", seen[0]).status == 3


def test_as_json_the_end_alone_is_told(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> None:
    with at_work(unit_of_work, recorded_jobs):
        outcome = cli("run", "broken", "--incident", incident.id, "--wait", "--json")
    assert outcome.status == 1
    assert json.loads(outcome.out)["execution"]["status"] == "failed"


def test_a_watched_run_is_told_change_by_change_and_its_outcome_is_the_exit_status(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> None:
    run = start_run(unit_of_work, incident, "broken")
    with at_work(unit_of_work, recorded_jobs):
        outcome = cli("status", run, "--watch")
    assert outcome.status == 1, outcome.err
    lines = outcome.out.splitlines()
    assert any(line.strip().startswith("1/2 first succeeded") for line in lines)
    assert lines[-1].startswith("broken failed")


def test_a_watched_run_is_redrawn_in_a_terminal_and_stays_there_when_it_has_ended(
    cli: Cli,
    incident: Incident,
    unit_of_work: UnitOfWorkFactory,
    recorded_jobs: RecordedJobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes the output for a terminal
    run = start_run(unit_of_work, incident, "fine")
    with at_work_once_watched(unit_of_work, recorded_jobs, monkeypatch):
        outcome = cli("status", run, "--watch")
    assert outcome.status == 0, outcome.err
    assert "\x1b[1A" in outcome.out  # back up, over what was drawn
    assert "fine v1, succeeded" in outcome.out.rsplit("\x1b[2K", 1)[-1]


def test_as_json_each_change_of_a_watched_run_is_a_line(
    cli: Cli,
    incident: Incident,
    unit_of_work: UnitOfWorkFactory,
    recorded_jobs: RecordedJobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = start_run(unit_of_work, incident, "fine")
    with at_work_once_watched(unit_of_work, recorded_jobs, monkeypatch):
        outcome = cli("status", run, "--watch", "--json")
    states = [json.loads(line) for line in outcome.out.splitlines()]
    assert (states[0]["status"], states[-1]["status"]) == ("pending", "succeeded")
    assert all(before != after for before, after in pairwise(states))


@pytest.mark.parametrize("what", [(), ("inc-1",)])
def test_one_run_is_watched(cli: Cli, incident: Incident, what: tuple[str, ...]) -> None:
    outcome = cli("status", *what, "--watch")
    assert outcome.status == 2
    assert "give its id, rbx_" in outcome.err


@pytest.mark.parametrize(
    ("state", "status"), [("failed", 1), ("cancelled", 3), ("timed_out", 4), ("succeeded", 0), ("running", 0)]
)
def test_the_status_of_a_run_is_an_exit_status(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory, state: str, status: int
) -> None:
    run = start_run(unit_of_work, incident, "fine")
    with unit_of_work.begin() as work:
        work.session.connection().exec_driver_sql("UPDATE runbook_executions SET status = %s", (state,))
    assert cli("status", run).status == status
    assert cli("status", run, "--json").status == status


def statements(engine: Engine, act: Callable[[], object]) -> int:
    said: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    act()
    event.remove(engine, "before_cursor_execute", note)
    return len(said)


def test_a_list_of_runs_costs_the_same_however_many_incidents_there_are(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory
) -> None:
    start_run(unit_of_work, incident, "fine")
    cli("status")
    few = statements(unit_of_work.engine, lambda: cli("status"))
    for _ in range(8):
        start_run(unit_of_work, new_incident(unit_of_work), "fine")
    assert statements(unit_of_work.engine, lambda: cli("status")) == few
    assert len(json.loads(cli("status", "--json").out)["executions"]) == 9
    assert see(unit_of_work, json.loads(cli("status", "--json").out)["executions"][0]["id"]).runbook == "fine"
