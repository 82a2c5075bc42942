"""The step `input` over REST: asked, answered, wrong, refused, expired, and killed in between."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun import freeze_time
from starlette.testclient import TestClient

from core.services.executions.loading import LEASE
from core.tables import RunbookExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import RecordedJobs
from tests.world import apply_documents, new_executor, work_off
from workers.scheduler import enqueue_what_is_due

CHOOSE = """
kind: runbook
name: choose
team: database
steps:
  - id: which
    type: input
    message: "Which replica of {{ incident.title }}?"
    schema:
      type: object
      required: [replica]
      properties:
        replica: {type: string, enum: [db-1, db-2]}
        weight: {type: integer, minimum: 1, default: 2}
        note: {type: string}
    expires: 15m
  - {id: told, type: message, text: "{{ steps.which.saved.replica }} x {{ steps.which.saved.weight }}"}
"""
Answer = dict[str, Any]


@pytest.fixture
def run(unit_of_work: UnitOfWorkFactory, responder: TestClient, recorded_jobs: RecordedJobs) -> Answer:
    """A run of U0DBOPS that waits for values."""
    apply_documents(unit_of_work, CHOOSE)
    incident = opened(responder)["id"]
    answer = responder.post(f"/api/incidents/{incident}/runbooks/choose/execute")
    assert answer.status_code == 201, answer.text
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    found: Answer = responder.get(answer.headers["Location"]).json()["execution"]
    return found


def give(client: TestClient, run: Answer, values: object, **about: object) -> Any:
    return client.post(f"/api/runbooks/executions/{run['id']}/input", json={"values": values, **about})


def test_a_run_says_what_it_asks_for(run: Answer) -> None:
    assert (run["status"], run["waiting_for"]) == ("waiting", "input")
    asked = run["input"]
    assert asked["message"] == "Which replica of Orders down?"
    assert (asked["step"], asked["attempt"], asked["status"]) == ("which", 1, "open")
    assert asked["respondents"] == "a responder of team database"
    assert asked["schema"]["required"] == ["replica"]


def test_an_answer_wakes_the_run_and_is_recorded(
    run: Answer, responder: TestClient, unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> None:
    answer = give(responder, run, {"replica": "db-2"}, step="which", attempt=1)
    given = answer.json()["input"]

    assert (answer.status_code, given["status"], given["answered_by"]) == (200, "answered", "U0DBOPS")
    assert (given["values"], given["schema"]["required"]) == ({"replica": "db-2", "weight": 2}, ["replica"])
    assert recorded_jobs.enqueued == [("runbook", run["id"])]
    execution = responder.get(f"/api/runbooks/executions/{run['id']}").json()["execution"]
    assert execution["input"] is None
    assert execution["steps"][0]["output"] == {
        "values": {"replica": "db-2", "weight": 2},
        "by": "<@U0DBOPS>",
    }
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    after = responder.get(f"/api/runbooks/executions/{run['id']}").json()["execution"]
    assert (after["status"], after["steps"][0]["status"]) == ("succeeded", "succeeded")


def test_wrong_values_are_named_and_nothing_is_answered(run: Answer, responder: TestClient) -> None:
    wrong = give(responder, run, {"replica": "db-9", "weight": 0, "colour": "red"})

    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_input")
    assert {each["field"] for each in wrong.json()["errors"]} == {"replica", "weight", "colour"}
    assert give(responder, run, {}).json()["errors"][0]["detail"] == "replica is missing."
    huge = give(responder, run, {"replica": "db-1", "note": "x" * 70_000})
    assert (huge.status_code, "characters of JSON" in huge.json()["detail"]) == (422, True)
    assert give(responder, run, {"replica": "db-1"}).status_code == 200


def test_a_second_answer_is_refused_and_says_who_answered(
    run: Answer, responder: TestClient, client_of: ClientOf
) -> None:
    assert give(responder, run, {"replica": "db-1"}).status_code == 200
    second = give(client_of("U0DBADMIN"), run, {"replica": "db-2"})

    assert (second.status_code, second.json()["code"]) == (409, "already_done")
    assert "<@U0DBOPS> has already answered this on 20" in second.json()["detail"]


def test_the_same_request_counts_once(run: Answer, responder: TestClient) -> None:
    def again() -> Any:
        address, body = f"/api/runbooks/executions/{run['id']}/input", {"values": {"replica": "db-1"}}
        return responder.post(address, json=body, headers={"Idempotency-Key": "k-1"})

    assert again().json() == again().json()


def test_another_step_or_attempt_is_not_answered(run: Answer, responder: TestClient) -> None:
    for about in ({"step": "told"}, {"step": "which", "attempt": 2}):
        refused = give(responder, run, {"replica": "db-1"}, **about)
        assert (refused.status_code, refused.json()["code"]) == (409, "superseded")


def test_a_stranger_is_answered_as_if_there_were_no_such_run(run: Answer, other: TestClient) -> None:
    hidden = give(other, run, {"replica": "db-1"})
    unknown = give(other, {"id": "rbx_0000000000000000"}, {"replica": "db-1"})

    assert hidden.status_code == unknown.status_code == 404
    assert hidden.content.replace(run["id"].encode(), b"rbx_0000000000000000") == unknown.content


BEGAN = datetime(2026, 3, 2, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize("is_noticed", [False, True], ids=["before the clock", "after the clock"])
@pytest.mark.parametrize(
    ("seconds", "answered", "comes_to"),
    [(-1, 200, "succeeded"), (0, 409, "timed_out"), (1, 409, "timed_out")],
)
def test_values_are_taken_to_the_last_second(
    unit_of_work: UnitOfWorkFactory,
    client_of: ClientOf,
    recorded_jobs: RecordedJobs,
    seconds: int,
    answered: int,
    comes_to: str,
    is_noticed: bool,
) -> None:
    with freeze_time(BEGAN, ignore=["psycopg"]) as clock:
        responder = client_of("U0DBOPS")
        apply_documents(unit_of_work, CHOOSE)
        incident = opened(responder)["id"]
        answer = responder.post(f"/api/incidents/{incident}/runbooks/choose/execute")
        work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
        run = responder.get(answer.headers["Location"]).json()["execution"]
        clock.move_to(datetime.fromisoformat(run["input"]["expires_at"]) + timedelta(seconds=seconds))
        if is_noticed:
            enqueue_what_is_due(unit_of_work)
            work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
        given = give(responder, run, {"replica": "db-1"})
        enqueue_what_is_due(unit_of_work)
        work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
        ended = responder.get(f"/api/runbooks/executions/{run['id']}").json()["execution"]

    assert given.status_code == answered, given.text
    assert ended["status"] == comes_to
    if comes_to == "timed_out":
        assert ended["error"] == "Step which: Nobody entered the values in time."
        assert "The time to enter these values is over." in given.json()["detail"]


def test_a_worker_that_is_lost_after_the_answer_loses_nothing(
    run: Answer, responder: TestClient, unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> None:
    """It claims the run that was answered, and is gone: the next one goes on with the values."""
    give(responder, run, {"replica": "db-2", "weight": 7})
    with unit_of_work.begin() as work:
        row = work.session.get_one(RunbookExecution, run["id"])
        row.worker, row.fence, row.wake_at = "lost", row.fence + 1, work.now - LEASE
    recorded_jobs.enqueued.clear()
    enqueue_what_is_due(unit_of_work)
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    after = responder.get(f"/api/runbooks/executions/{run['id']}").json()["execution"]
    assert (after["status"], after["steps"][0]["output"]["values"]["weight"]) == ("succeeded", 7)


def test_a_retry_has_the_values_and_does_not_ask_again(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, recorded_jobs: RecordedJobs
) -> None:
    failing = "  - {id: stop, type: fail, if: steps.which.saved.weight == 3, message: No.}\n"
    apply_documents(unit_of_work, CHOOSE + failing)
    incident = opened(responder)["id"]
    started = responder.post(f"/api/incidents/{incident}/runbooks/choose/execute").json()["execution"]
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    give(responder, started, {"replica": "db-1", "weight": 3})
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    retried = responder.post(f"/api/runbooks/executions/{started['id']}/retry").json()["execution"]
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    after = responder.get(f"/api/runbooks/executions/{retried['id']}").json()["execution"]
    assert (after["status"], after["steps"][0]["carried_over"]) == ("failed", True)
    assert after["steps"][0]["output"]["values"]["weight"] == 3


def test_the_timeline_and_the_page_tell_of_it(run: Answer, responder: TestClient) -> None:
    page = responder.get(f"/runs/{run['id']}").text
    assert "Waiting for values: which" in page
    assert "Which replica of Orders down?" in page
    give(responder, run, {"replica": "db-1"})
    lines = responder.get(f"/api/incidents/{run['incident_id']}/timeline").json()["timeline"]
    told = {line["kind"]: line for line in lines}
    assert told["input.opened"]["text"] == "choose: step which is waiting for values"
    assert told["input.answered"]["text"] == "entered values for step which of choose"
    assert told["input.answered"]["actor"] == "U0DBOPS"
    assert told["input.answered"]["details"]["values"] == {"replica": "db-1", "weight": 2}
