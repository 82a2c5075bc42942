"""A verdict names its step and attempt: an old button does not answer a newer question."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from core.services.shared import notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.tables import RunbookExecution, StepExecution
from tests.attacks.deployment import DATA_OPS, Deployment
from tests.attacks.gates import Answer, press, seen
from tests.world import start_run

RUNBOOK = """
kind: runbook
name: two
team: data
steps:
  - {id: lag, type: http, url: "https://db.example/lag", method: POST}
  - {id: promote, type: http, url: "https://db.example/promote", method: POST}
"""


@pytest.fixture
def run(deployment: Deployment) -> str:
    """A run that asks about its first step."""
    deployment.apply(RUNBOOK)
    found = start_run(deployment.unit_of_work, deployment.incident("data"), "two", DATA_OPS)
    deployment.jobs.enqueued.clear()
    asks_about(deployment, found, 0)
    return found


def asks_about(deployment: Deployment, run: str, position: int, attempt: int = 1) -> None:
    """As after a worker was lost in the step."""
    with deployment.unit_of_work.begin() as work:
        row = work.session.get_one(RunbookExecution, run)
        row.status, row.waiting_for, row.wake_at = "waiting", "verdict", None
        step = work.session.get_one(StepExecution, (run, position))
        step.status, step.attempt, step.started_at = "unknown", attempt, work.now
        content = {"position": position, "attempt": attempt}
        notices.enqueue_notice(
            work, NewNotice(NoticeKind.VERDICT, run, row.incident_id, f"{position}.{attempt}", None, content)
        )


def say(deployment: Deployment, run: str, **body: Any) -> Any:
    client: TestClient = deployment.rest(DATA_OPS)
    return client.post(f"/api/runbooks/executions/{run}/verdict", json=body)


def statuses(deployment: Deployment, run: str) -> list[str]:
    return [step["status"] for step in seen(deployment, run)["steps"]]


def answered(deployment: Deployment, run: str) -> Answer:
    """The first question was answered, and the second one is asked."""
    assert say(deployment, run, verdict="ran", step="lag", attempt=1).status_code == 200
    asks_about(deployment, run, 1)
    deployment.jobs.enqueued.clear()
    return statuses(deployment, run)


def test_an_old_button_does_not_say_of_the_next_step_that_it_happened(
    deployment: Deployment, run: str
) -> None:
    """Red before: `lag`'s button marked `promote` as succeeded; its value was the run's id alone."""
    answered(deployment, run)
    told = press(deployment, DATA_OPS, "verdict.ran", f"{run}:lag:1")

    assert "Step promote is in doubt now, not lag." in told
    assert statuses(deployment, run) == ["succeeded", "unknown"]


def test_a_button_of_before_the_upgrade_says_nothing_and_the_question_is_told_anew(
    deployment: Deployment, run: str
) -> None:
    """Red before: 200, and the step was marked."""
    told = press(deployment, DATA_OPS, "verdict.ran", run)

    assert "does not say which step" in told
    assert "Step lag is in doubt now" in told
    assert statuses(deployment, run)[0] == "unknown"


def test_a_stale_answer_over_rest_is_refused_with_how_things_stand(deployment: Deployment, run: str) -> None:
    """Red before: the body named no step, so it answered whichever was asked about."""
    answered(deployment, run)
    refused = say(deployment, run, verdict="ran", step="lag", attempt=1)

    assert refused.status_code == 409
    assert "Step promote is in doubt now, not lag." in refused.json()["detail"]
    assert statuses(deployment, run) == ["succeeded", "unknown"]


def test_an_earlier_attempt_is_not_the_one_that_is_asked_about(deployment: Deployment, run: str) -> None:
    asks_about(deployment, run, 0, attempt=2)
    refused = say(deployment, run, verdict="ran", step="lag", attempt=1)
    assert (refused.status_code, statuses(deployment, run)[0]) == (409, "unknown")
    assert "Attempt 2 of step lag is in doubt now, not attempt 1." in refused.json()["detail"]
    assert "Attempt 2" in press(deployment, DATA_OPS, "verdict.ran", f"{run}:lag:1")
    assert say(deployment, run, verdict="ran", step="lag", attempt=2).status_code == 200


@pytest.mark.parametrize("missing", ["step", "attempt"])
def test_what_is_not_named_is_asked_for_by_name(deployment: Deployment, run: str, missing: str) -> None:
    body: dict[str, Any] = {"verdict": "ran", "step": "lag", "attempt": 1}
    del body[missing]
    answer = say(deployment, run, **body)

    assert (answer.status_code, answer.json()["field"]) == (422, missing)
    assert statuses(deployment, run)[0] == "unknown"


@pytest.mark.parametrize(
    "value", ["", ":", "::", "rbx_1:lag", "rbx_1:lag:x", "rbx_1:lag:1:2", "rbx_1:lag:" + "9" * 5000]
)
def test_a_value_of_anything_is_refused_with_a_sentence(deployment: Deployment, run: str, value: str) -> None:
    told = press(deployment, DATA_OPS, "verdict.ran", value)
    assert told.startswith(("⚠️", "⛔"))
    assert "err_" not in told
