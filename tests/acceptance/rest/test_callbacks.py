"""Callbacks: an outside system is given an address by one step, and answers to another."""

from collections.abc import Iterator
from dataclasses import replace as replaced
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from freezegun import freeze_time
from sqlalchemy import select
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.web import create_web
from core.callbacks import CallbackLinks
from core.execution.executor import Executor
from core.execution.preparation import Ports
from core.io.egress import EgressPolicy
from core.io.http import HttpCaller
from core.tables import Callback, StepExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import RecordedJobs
from tests.world import Target, apply_documents, running_target, secrets_of, work_off

LINKS = CallbackLinks("https://runbooks.example", "the secret")
RUNBOOK = """
kind: runbook
name: db-rebuild
team: database
steps:
  - {id: ask, type: http, method: POST, url: "{{ secrets.API }}/rebuild?tell={{ callbacks.done }}"}
  - id: done
    type: callback
    expires: 30m
    expect: callback.json.ok == true
    save: {rows: callback.json.rows}
  - {id: tell, type: message, text: "{{ steps.done.saved.rows }} rows"}
"""


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as running:
        yield running


@pytest.fixture
def executor(unit_of_work: UnitOfWorkFactory, target: Target) -> Executor:
    secrets = secrets_of(unit_of_work, {"API": target.url, "KEY": "hunter-22"})
    ports = Ports(HttpCaller(EgressPolicy.parse(["127.0.0.1"])), None, secrets, callbacks=LINKS)
    return Executor(unit_of_work, ports, "worker-1")


@pytest.fixture
def web(web: ASGIApp, unit_of_work: UnitOfWorkFactory, links: RunLinks) -> ASGIApp:
    apply_documents(unit_of_work, RUNBOOK)
    rest = RestSettings(callbacks=LINKS)
    return create_web(unit_of_work, slack=None, rest=rest, pages=PageSettings(links), newest_revision=None)


def start(client: TestClient, runbook: str = "db-rebuild") -> str:
    incident = opened(client)["id"]
    answer = client.post(f"/api/incidents/{incident}/runbooks/{runbook}/execute")
    run: str = answer.json()["execution"]["id"]
    return run


def seen(client: TestClient, run: str) -> dict[str, Any]:
    execution: dict[str, Any] = client.get(f"/api/runbooks/executions/{run}").json()["execution"]
    return execution


@pytest.fixture
def waiting(
    responder: TestClient, unit_of_work: UnitOfWorkFactory, executor: Executor, recorded_jobs: RecordedJobs
) -> str:
    """A run that waits for its callback; its id."""
    run = start(responder)
    work_off(unit_of_work, executor, recorded_jobs.enqueued)
    assert seen(responder, run)["waiting_for"] == "callback"
    return run


def address(target: Target) -> str:
    """What the target was told to call."""
    [path] = target.paths()
    return unquote(path).partition("?tell=https://runbooks.example")[2]


def test_a_run_goes_on_with_what_came(
    responder: TestClient,
    stranger: TestClient,
    unit_of_work: UnitOfWorkFactory,
    executor: Executor,
    recorded_jobs: RecordedJobs,
    target: Target,
    waiting: str,
) -> None:
    answer = stranger.post(address(target), json={"ok": True, "rows": 12})
    assert answer.status_code == 200, answer.text
    assert answer.json()["callback"]["step"] == "done"
    assert recorded_jobs.enqueued == [("runbook", waiting)]
    work_off(unit_of_work, executor, recorded_jobs.enqueued)

    execution = seen(responder, waiting)
    assert execution["status"] == "succeeded"
    assert [step["attempt"] for step in execution["steps"]] == [1, 1, 1]
    assert execution["steps"][1]["output"]["body"] == {"ok": True, "rows": 12}
    assert execution["steps"][2]["output"] == {"text": "12 rows"}


def test_a_callback_is_good_for_once(
    stranger: TestClient,
    unit_of_work: UnitOfWorkFactory,
    executor: Executor,
    recorded_jobs: RecordedJobs,
    target: Target,
    waiting: str,
) -> None:
    assert stranger.post(address(target), json={"ok": True, "rows": 1}).status_code == 200
    again = stranger.post(address(target), json={"ok": False})
    assert (again.status_code, again.json()["code"]) == (409, "already_done")
    work_off(unit_of_work, executor, recorded_jobs.enqueued)
    assert stranger.post(address(target), json={"ok": True}).status_code == 409


def test_a_callback_that_comes_before_its_step_is_kept_for_it(
    responder: TestClient,
    stranger: TestClient,
    unit_of_work: UnitOfWorkFactory,
    executor: Executor,
    recorded_jobs: RecordedJobs,
) -> None:
    run = start(responder)
    early = stranger.post(f"/api/callbacks/{LINKS.token(run, 'done')}", json={"ok": True, "rows": 3})
    assert early.status_code == 200
    work_off(unit_of_work, executor, recorded_jobs.enqueued)

    assert seen(responder, run)["status"] == "succeeded"


def test_what_is_not_as_expected_fails_the_step(
    responder: TestClient,
    stranger: TestClient,
    unit_of_work: UnitOfWorkFactory,
    executor: Executor,
    recorded_jobs: RecordedJobs,
    target: Target,
    waiting: str,
) -> None:
    stranger.post(address(target), json={"ok": False})
    work_off(unit_of_work, executor, recorded_jobs.enqueued)

    execution = seen(responder, waiting)
    assert (execution["status"], execution["steps"][1]["status"]) == ("failed", "failed")
    assert (
        execution["error"] == "Step done: The callback does not meet the condition callback.json.ok == true"
    )


@pytest.mark.parametrize(("seconds", "status"), [(-1, "waiting"), (0, "timed_out")])
def test_nobody_is_waited_for_longer_than_it_says(
    responder: TestClient,
    stranger: TestClient,
    unit_of_work: UnitOfWorkFactory,
    executor: Executor,
    recorded_jobs: RecordedJobs,
    seconds: int,
    status: str,
) -> None:
    began = datetime(2026, 3, 2, 3, 12, tzinfo=UTC)
    with freeze_time(began):
        run = start(responder)
        work_off(unit_of_work, executor, recorded_jobs.enqueued)
    with freeze_time(began + timedelta(minutes=30, seconds=seconds)):
        work_off(unit_of_work, executor, [("runbook", run)])
        assert seen(responder, run)["status"] == status
        late = stranger.post(f"/api/callbacks/{LINKS.token(run, 'done')}", json={"ok": True, "rows": 1})
    assert late.status_code == (200 if status == "waiting" else 409)


def test_an_address_that_we_did_not_sign_is_not_there(stranger: TestClient, waiting: str) -> None:
    forged = replaced(LINKS, secret="another").token(waiting, "done")

    for token in (
        forged,
        f"{waiting}.done.x",
        "x",
        LINKS.token("rbx_none", "done"),
        LINKS.token(waiting, "x"),
    ):
        assert stranger.post(f"/api/callbacks/{token}", json={}).status_code == 404


def test_a_cancelled_run_takes_no_callback(
    responder: TestClient, stranger: TestClient, target: Target, waiting: str
) -> None:
    responder.post(f"/api/runbooks/executions/{waiting}/cancel")
    late = stranger.post(address(target), json={"ok": True})

    assert (late.status_code, late.json()["code"]) == (409, "superseded")


def test_nobody_reads_the_address_in_the_run_and_no_secret_that_came_back(
    responder: TestClient,
    stranger: TestClient,
    unit_of_work: UnitOfWorkFactory,
    executor: Executor,
    recorded_jobs: RecordedJobs,
    target: Target,
    waiting: str,
) -> None:
    assert LINKS.token(waiting, "done") not in str(seen(responder, waiting))
    stranger.post(address(target), json={"ok": True, "rows": "hunter-22"})
    work_off(unit_of_work, executor, recorded_jobs.enqueued)

    assert seen(responder, waiting)["status"] == "succeeded"
    assert "hunter-22" not in str(seen(responder, waiting))
    with unit_of_work.begin() as work:
        assert work.session.scalars(select(Callback.body)).all() == [None]
        assert "hunter-22" not in str(work.session.scalars(select(StepExecution.saved)).all())


def test_a_body_that_cannot_be_kept_is_refused_and_the_callback_still_good(
    stranger: TestClient, target: Target, waiting: str
) -> None:
    assert stranger.post(address(target), json=["no", "object"]).status_code == 422
    assert stranger.post(address(target), json={"text": "nul \0"}).json()["field"] == "text"
    assert stranger.post(address(target), json={"text": "x" * 70_000}).status_code == 422
    assert stranger.post(address(target), json={"ok": True}).status_code == 200


def test_where_nobody_could_call_back_the_run_fails_before_anything_happens(
    responder: TestClient, unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs, target: Target
) -> None:
    run = start(responder)
    ports = Ports(
        HttpCaller(EgressPolicy.parse(["127.0.0.1"])),
        None,
        secrets_of(unit_of_work, {"API": target.url}),
    )
    work_off(unit_of_work, Executor(unit_of_work, ports, "worker-1"), recorded_jobs.enqueued)

    assert "PUBLIC_URL is not set" in seen(responder, run)["error"]
    assert target.calls == []


def test_a_callback_is_in_the_timeline(
    responder: TestClient, stranger: TestClient, target: Target, waiting: str
) -> None:
    stranger.post(address(target), json={"ok": True})
    incident = seen(responder, waiting)["incident_id"]
    told = responder.get(f"/api/incidents/{incident}/timeline").json()["timeline"]

    assert told[-1]["text"] == "db-rebuild: the callback for step done was received"
