"""A public page: opened and updated once, so that subscribers are not told twice."""

import pytest

from core.statuses import Status
from tests.integration.core.systems.conftest import TOKEN, Runs
from tests.systems.play import Answer
from tests.systems.statuspage import Statuspage

OPEN = "title: Orders are slow\n      status: identified\n      body: We switch to a replica."
UPDATE = "incident: p0\n      status: resolved\n      body: It is over."
COMPONENTS = "components: {c1: partial_outage, c2: operational}"


def step(statuspage: Statuspage, more: str) -> str:
    return f"""
    - id: told
      type: statuspage
      url: {statuspage.url}/v1
      page: kctbh9vrtdwd
      token: "{{{{ secrets.TOKEN }}}}"
      {more}
    """


@pytest.fixture
def opened(statuspage: Statuspage) -> Statuspage:
    """With an incident in whose metadata somebody else wrote."""
    metadata = {"jira": {"id": "OPS-1"}}
    statuspage.incidents.append({"id": "p0", "metadata": metadata, "status": "identified", "updates": []})
    return statuspage


def test_an_incident_is_opened(runs: Runs, statuspage: Statuspage) -> None:
    runs.work(step(statuspage, f"{OPEN}\n      {COMPONENTS}\n      save: {{link: job.shortlink}}"))

    assert runs.run().status is Status.SUCCEEDED
    (incident,) = statuspage.incidents
    assert (incident["name"], incident["status"]) == ("Orders are slow", "identified")
    assert incident["metadata"] == {"runbook": {"keys": [f"{runs.id}.told.1"]}}
    assert incident["deliver_notifications"] is True
    assert statuspage.components == {"c1": "partial_outage", "c2": "operational"}
    assert runs.step().output == {"id": "p0", "url": "https://stspg.io/p0", "status": "identified"}
    assert runs.saved == {"link": "https://stspg.io/p0"}
    assert statuspage.calls[0].headers["authorization"] == f"OAuth {TOKEN}"


def test_an_incident_is_updated_and_keeps_what_others_wrote(runs: Runs, opened: Statuspage) -> None:
    runs.work(step(opened, UPDATE))

    assert runs.run().status is Status.SUCCEEDED
    assert opened.incidents[0]["updates"] == ["It is over."]
    assert opened.incidents[0]["metadata"] == {
        "jira": {"id": "OPS-1"},
        "runbook": {"keys": [f"{runs.id}.told.1"]},
    }


def test_components_alone_are_set(runs: Runs, statuspage: Statuspage) -> None:
    runs.work(step(statuspage, COMPONENTS))

    assert runs.run().status is Status.SUCCEEDED
    assert statuspage.components == {"c1": "partial_outage", "c2": "operational"}
    assert statuspage.incidents == []


@pytest.mark.parametrize("more", [OPEN, UPDATE], ids=["open", "update"])
@pytest.mark.parametrize("lost", ["worker", "answer"])
def test_what_was_told_is_not_told_twice(runs: Runs, statuspage: Statuspage, more: str, lost: str) -> None:
    if more == UPDATE:
        statuspage.incidents.append({"id": "p0", "metadata": {}, "status": "identified", "updates": []})
    if lost == "worker":
        runs.lose_worker(step(statuspage, more), "effect.after")
    else:
        statuspage.lose_answers = 1
        runs.work(step(statuspage, more))
        runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert [len(incident["updates"]) for incident in statuspage.incidents] == [1]


@pytest.mark.parametrize("more", [OPEN, UPDATE], ids=["open", "update"])
def test_what_never_shows_is_a_question(runs: Runs, opened: Statuspage, more: str) -> None:
    runs.lose_worker(step(opened, more), "effect.before")
    runs.pass_by(times=13)

    assert runs.is_asked()
    assert [incident["updates"] for incident in opened.incidents] == [[]]


def test_components_are_set_again_when_the_worker_was_lost(runs: Runs, statuspage: Statuspage) -> None:
    runs.lose_worker(step(statuspage, COMPONENTS), "effect.before")

    assert runs.run().status is Status.SUCCEEDED
    assert len(statuspage.components) == 2


@pytest.mark.parametrize("status", [420, 429])
def test_too_many_calls_fail_and_may_be_retried(runs: Runs, statuspage: Statuspage, status: int) -> None:
    statuspage.refusal = Answer(status, {"error": "Rate limited"})
    runs.work(step(statuspage, f"{OPEN}\n      retry: {{safe: true, attempts: 2, backoff: 5s}}"))
    statuspage.refusal = None
    runs.pass_by(seconds=5)

    assert runs.run().status is Status.SUCCEEDED
    assert len(statuspage.incidents) == 1


def test_a_refusal_fails_and_hides_the_token(runs: Runs, statuspage: Statuspage) -> None:
    statuspage.refusal = Answer(422, {"error": [f"{TOKEN} is wrong"]})
    runs.work(step(statuspage, OPEN))

    assert runs.run().status is Status.FAILED
    assert "Statuspage answered 422" in str(runs.step().error)
    assert TOKEN not in runs.run().model_dump_json()


def test_an_incident_that_cannot_be_read_is_not_updated(runs: Runs, opened: Statuspage) -> None:
    opened.looks = Answer(503, {"error": "Unavailable"})
    runs.work(step(opened, UPDATE))

    assert runs.run().status is Status.FAILED
    assert "Nothing was changed" in str(runs.step().error)
    assert opened.paths("PATCH") == []
