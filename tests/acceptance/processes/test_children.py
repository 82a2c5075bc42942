"""Child runs, finally steps and polls with the processes of an installation: deaths, a cancel, a retry."""

import httpx2
import pytest
from sqlalchemy import select

from cli.apply import apply_text
from cli.demo.stage import APPROVER, REQUESTER
from core.statuses import Status, WaitingFor
from core.tables import RunbookExecution
from tests.acceptance.processes.theatre import AFTER, BEFORE, RESTART, Theatre

pytestmark = pytest.mark.timeout(300)  # leases are waited for, on a machine that has other things to do

CHECKOUT = "/services/checkout/restart"
CALL = '{id: call, type: http, method: POST, url: "{{ secrets.DB_API }}/{{ item }}"}'
# Of twenty calls one is refused, and one takes so long that its worker can be killed meanwhile.
TWENTY = ["caches/sessions/flush"] * 9 + ["services/search/restart"] + ["caches/sessions/flush"] * 9
TWENTY.insert(4, "services/missing/restart")


def fleet(name: str, items: list[str], fields: str) -> str:
    listed = ", ".join(f'"{item}"' for item in items)
    return f"""
kind: runbook
name: {name}
steps:
  - id: each
    type: runbook
    foreach: '[{listed}]'
    {fields}
    steps:
      - {CALL}
finally:
  - {{id: last, type: http, method: POST, url: "{{{{ secrets.DB_API }}}}/caches/catalog/flush"}}
"""


POLLING = """
kind: runbook
name: with-a-poll
steps:
  - {id: healthy, type: http, url: "{{ secrets.DB_API }}/services/search", poll: {every: 5s, for: 5m}}
"""
DEFINITIONS = "---".join(
    [
        fleet("twenty", TWENTY, "concurrency: 4\n    on_child_failure: continue\n    need: 19"),
        fleet("few", ["caches/sessions/flush", *["services/search/restart"] * 3], "concurrency: 2"),
        fleet(
            "three",
            ["caches/sessions/flush", "services/checkout/restart", "caches/sessions/flush"],
            "on_child_failure: continue",
        ),
        POLLING,
    ]
)


@pytest.fixture(scope="module")
def house(theatre: Theatre) -> Theatre:
    apply_text(theatre.unit_of_work, DEFINITIONS, "test.yaml", approve=True)
    return theatre


def children(theatre: Theatre, run: str) -> list[RunbookExecution]:
    with theatre.unit_of_work.begin() as work:
        query = select(RunbookExecution).where(RunbookExecution.parent_execution_id == run)
        return list(work.session.scalars(query.order_by(RunbookExecution.child_index)))


def calls_of_children(theatre: Theatre, run: str) -> list[str]:
    return sorted(path for child in children(theatre, run) for path in theatre.paths(child.id))


def test_of_twenty_children_one_fails_and_one_is_asked_about_after_its_worker_was_killed(
    house: Theatre,
) -> None:
    channel = house.open_incident("twenty children")
    house.slow_down(RESTART, seconds=40)
    run = house.run(channel, "twenty")
    house.until("the slow call", lambda: RESTART in calls_of_children(house, run))
    at_once = sum(child.status == Status.RUNNING for child in children(house, run))
    assert at_once <= 4
    # No other call is under way then, which would be asked about, too.
    house.until(
        "the other ends", lambda: sum(child.finished_at is not None for child in children(house, run)) == 19
    )
    house.kill_workers()

    [question] = house.until("the question", lambda: house.cards(channel, "verdict"))
    assert house.see(run).waiting_for is WaitingFor.CHILDREN
    house.sandbox.press(REQUESTER, channel, question, "verdict.ran")

    outcome = house.outcome(channel)
    assert "succeeded" in outcome["text"]
    statuses = [child.status for child in children(house, run)]
    assert (statuses.count(Status.SUCCEEDED), statuses[4]) == (19, Status.FAILED)
    assert calls_of_children(house, run) == sorted(f"/{item}" for item in TWENTY), "each was called once"
    assert house.paths(run) == [AFTER], "and the finally step"
    done = "20 of 20 done, 1 failed: services/missing/restart"
    house.until("the card", lambda: done in str(house.cards(channel, "headline")[0]["blocks"]))


def test_a_cancel_half_way_ends_the_children_and_runs_the_finally_steps(house: Theatre) -> None:
    channel = house.open_incident("cancelled children")
    house.slow_down(RESTART, seconds=4, times=3)
    run = house.run(channel, "few")
    house.until("a slow call", lambda: RESTART in calls_of_children(house, run))
    house.sandbox.say(REQUESTER, channel, f"/runbook cancel {run}")

    assert "cancelled" in house.outcome(channel)["text"]
    assert {child.status for child in children(house, run)} <= {Status.SUCCEEDED, Status.CANCELLED}
    assert house.paths(run) == [AFTER]
    ended = max(child.finished_at for child in children(house, run) if child.finished_at is not None)
    finished = house.see(run).finished_at
    assert finished is not None
    assert ended <= finished


def test_a_retry_runs_only_the_child_that_failed(house: Theatre) -> None:
    channel = house.open_incident("retried children")
    fault = {"path": CHECKOUT, "status": 500, "times": 1}
    assert httpx2.post(f"{house.stage.targets}/faults", json=fault).status_code == httpx2.codes.CREATED
    run = house.run(channel, "three")
    assert "1 failed" in str(house.until("the failure", lambda: failed(house, channel))["blocks"])
    assert calls_of_children(house, run) == [BEFORE, BEFORE, CHECKOUT]

    [card] = house.cards(channel, "headline")
    house.sandbox.press(APPROVER, channel, card, "run.retry")
    again = house.until("the retry", lambda: retried_as(house, run))
    house.until("its end", lambda: house.see(again).status.is_final)

    assert house.see(again).status is Status.SUCCEEDED
    assert calls_of_children(house, again) == [CHECKOUT]
    assert (house.paths(run), house.paths(again)) == ([AFTER], [AFTER])


def failed(theatre: Theatre, channel: str) -> dict[str, object]:
    return next((card for card in theatre.cards(channel, "headline") if "failed" in card["text"]), {})


def retried_as(theatre: Theatre, run: str) -> str:
    return theatre.see(run).retried_as or ""


def test_while_a_poll_waits_the_workers_do_something_else(house: Theatre) -> None:
    channel = house.open_incident("a long poll")
    fault = {"path": "/services/search", "status": 503, "times": 7}
    assert httpx2.post(f"{house.stage.targets}/faults", json=fault).status_code == httpx2.codes.CREATED
    run = house.run(channel, "with-a-poll")
    house.until("the first look", lambda: house.see(run).waiting_for is WaitingFor.TIMER)
    with house.unit_of_work.begin() as work:
        assert work.session.get_one(RunbookExecution, run).worker is None

    other = house.run(channel, "three")
    house.until("the other run", lambda: house.see(other).status.is_final)
    assert not house.see(run).status.is_final
    house.until("what it waits for", lambda: house.see(run).status.is_final)

    ended = house.see(run)
    assert ended.status is Status.SUCCEEDED
    assert ended.started_at is not None
    assert ended.finished_at is not None
    assert (ended.finished_at - ended.started_at).total_seconds() >= 30
