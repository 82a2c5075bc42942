"""An incident of PagerDuty: noted once, acknowledged and resolved without a question."""

import pytest

from core.statuses import Status
from tests.integration.core.systems.conftest import TOKEN, Runs
from tests.systems.pagerduty import PagerDuty
from tests.systems.play import Answer


def rest(pagerduty: PagerDuty, action: str, more: str = "incident: PT4KHLK") -> str:
    return f"""
    - id: page
      type: pagerduty
      url: {pagerduty.url}
      action: {action}
      token: "{{{{ secrets.TOKEN }}}}"
      from: runbook@example.com
      {more}
    """


def event(pagerduty: PagerDuty, action: str) -> str:
    return f"""
    - id: page
      type: pagerduty
      url: {pagerduty.url}
      action: {action}
      dedup_key: orders
      routing_key: "{{{{ secrets.TOKEN }}}}"
    """


NOTE = "incident: PT4KHLK\n      note: 'Failed over: {{ incident.title }}'"


@pytest.mark.parametrize(("action", "status"), [("acknowledge", "acknowledged"), ("resolve", "resolved")])
def test_its_status_is_changed_in_the_name_of_a_user(
    runs: Runs, pagerduty: PagerDuty, action: str, status: str
) -> None:
    runs.work(rest(pagerduty, action))

    assert runs.run().status is Status.SUCCEEDED
    assert pagerduty.incidents["PT4KHLK"]["status"] == status
    sent = pagerduty.calls[-1].headers
    assert (sent["authorization"], sent["from"]) == (f"Token token={TOKEN}", "runbook@example.com")
    assert runs.step().output == {
        "id": "PT4KHLK",
        "url": "https://example.pagerduty.com/incidents/PT4KHLK",
        "status": status,
    }


def test_it_is_found_by_its_key(runs: Runs, pagerduty: PagerDuty) -> None:
    """The newest that is open."""
    pagerduty.incidents = {
        "POLD": {"incident_key": "orders", "status": "resolved"},
        "PNEW": {"incident_key": "orders", "status": "triggered"},
    }
    runs.work(rest(pagerduty, "resolve", "dedup_key: orders"))

    assert pagerduty.incidents["PNEW"]["status"] == "resolved"


def test_a_key_under_which_nothing_is_open_fails(runs: Runs, pagerduty: PagerDuty) -> None:
    runs.work(rest(pagerduty, "resolve", "dedup_key: other"))

    assert runs.run().status is Status.FAILED
    assert "No incident of PagerDuty is open under the key other." in str(runs.step().error)


def test_an_event_needs_no_id(runs: Runs, pagerduty: PagerDuty) -> None:
    runs.work(event(pagerduty, "resolve"))

    assert runs.run().status is Status.SUCCEEDED
    assert pagerduty.events == [{"routing_key": TOKEN, "event_action": "resolve", "dedup_key": "orders"}]
    assert TOKEN not in runs.run().model_dump_json()


@pytest.mark.parametrize("point", ["effect.before", "effect.after"])
def test_a_change_whose_worker_is_lost_is_made_again(runs: Runs, pagerduty: PagerDuty, point: str) -> None:
    runs.lose_worker(rest(pagerduty, "acknowledge"), point)

    assert runs.run().status is Status.SUCCEEDED
    assert pagerduty.incidents["PT4KHLK"]["status"] == "acknowledged"


def test_a_change_whose_answer_is_lost_is_made_again(runs: Runs, pagerduty: PagerDuty) -> None:
    pagerduty.lose_answers = 2
    runs.work(event(pagerduty, "acknowledge"))
    runs.pass_by(times=2)

    assert runs.run().status is Status.SUCCEEDED
    assert len(pagerduty.events) == 3


def test_a_change_that_never_gets_an_answer_is_a_question(runs: Runs, pagerduty: PagerDuty) -> None:
    pagerduty.refusal = Answer(500, {"error": "Internal"})
    runs.work(rest(pagerduty, "resolve"))
    runs.pass_by(60, times=11)

    assert runs.is_asked()


def test_a_note_is_written_with_the_steps_key(runs: Runs, pagerduty: PagerDuty) -> None:
    runs.work(rest(pagerduty, "note", NOTE))

    assert runs.run().status is Status.SUCCEEDED
    assert pagerduty.notes == [f"Failed over: Orders down\n\n({runs.id}.page.1)"]


def test_a_note_whose_answer_is_lost_is_not_written_twice(runs: Runs, pagerduty: PagerDuty) -> None:
    pagerduty.lose_answers = 1
    runs.work(rest(pagerduty, "note", NOTE))
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert len(pagerduty.notes) == 1


def test_a_note_whose_worker_is_lost_is_not_written_twice(runs: Runs, pagerduty: PagerDuty) -> None:
    pagerduty.hidden = True
    runs.lose_worker(rest(pagerduty, "note", NOTE), "effect.after")
    runs.pass_by(times=3)
    pagerduty.hidden = False
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert len(pagerduty.notes) == 1


def test_a_note_that_never_shows_is_a_question(runs: Runs, pagerduty: PagerDuty) -> None:
    runs.lose_worker(rest(pagerduty, "note", NOTE), "effect.before")
    runs.pass_by(times=13)

    assert runs.is_asked()
    assert pagerduty.notes == []


def test_a_refusal_fails_and_hides_the_token(runs: Runs, pagerduty: PagerDuty) -> None:
    pagerduty.refusal = Answer(400, {"error": {"message": f"Invalid token {TOKEN}"}})
    runs.work(rest(pagerduty, "resolve"))

    assert runs.run().status is Status.FAILED
    assert "PagerDuty answered 400" in str(runs.step().error)
    assert TOKEN not in runs.run().model_dump_json()


def test_an_id_that_is_none_is_refused(runs: Runs, pagerduty: PagerDuty) -> None:
    runs.work(rest(pagerduty, "resolve", "incident: ../users/PXPGF42"))

    assert runs.run().status is Status.FAILED
    assert pagerduty.calls == []
