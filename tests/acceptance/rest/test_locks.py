"""Locks over REST: who is refused reads who holds the lock, and where."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.test_incidents import opened
from tests.acceptance.rest.test_runs import execute
from tests.world import apply_documents

LOCKED = """
kind: runbook
name: locked
lock: the-lock
steps: [{id: pause, type: wait, for: 1h}]
---
kind: runbook
name: locked-too
lock: the-lock
steps: [{id: pause, type: wait, for: 1h}]
"""


@pytest.fixture
def incident(unit_of_work: UnitOfWorkFactory, responder: TestClient) -> str:
    apply_documents(unit_of_work, LOCKED)
    return str(opened(responder)["id"])


@pytest.mark.parametrize("runbook", ["locked", "locked-too"])
def test_a_refusal_says_who_holds_the_lock_and_where_that_is_shown(
    incident: str, responder: TestClient, client_of: ClientOf, runbook: str
) -> None:
    holder = execute(client_of("U0DBADMIN"), incident, "locked").json()["execution"]["id"]
    answer = execute(responder, incident, runbook)

    assert (answer.status_code, answer.json()["code"]) == (409, "lock_held")
    assert all(word in answer.json()["detail"] for word in ("the-lock", holder, "pending", "U0DBADMIN"))
    shown = responder.get(answer.json()["execution"]).json()["execution"]
    assert (shown["id"], shown["requested_by"]) == (holder, "U0DBADMIN")


@pytest.mark.parametrize("on_conflict", ["reject", "queue"])
def test_of_many_who_ask_at_once_one_holds_the_lock(
    incident: str, unit_of_work: UnitOfWorkFactory, responder: TestClient, on_conflict: str
) -> None:
    apply_documents(unit_of_work, LOCKED.replace("lock: the-lock", f"lock: it\non_conflict: {on_conflict}"))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: execute(responder, incident, "locked"), range(16)))

    refused = [answer for answer in answers if answer.status_code == 409]
    runs = [answer.json()["execution"] for answer in answers if answer.status_code == 201]
    assert [run["waiting_for"] for run in runs].count(None) == 1
    assert (len(runs), len(refused)) == ((1, 15) if on_conflict == "reject" else (16, 0))


def test_what_another_team_runs_is_neither_named_nor_linked(
    unit_of_work: UnitOfWorkFactory, incident: str, responder: TestClient, other: TestClient
) -> None:
    apply_documents(unit_of_work, LOCKED.replace("the-lock", "global/the-lock"))
    execute(responder, incident, "locked")
    answer = execute(other, opened(other, team="web")["id"], "locked")

    assert (answer.status_code, answer.json()["code"]) == (409, "lock_held")
    assert "execution" not in answer.json()


def test_the_lock_of_another_team_is_another_lock(
    incident: str, responder: TestClient, other: TestClient
) -> None:
    execute(responder, incident, "locked")

    assert execute(other, opened(other, team="web")["id"], "locked").status_code == 201
