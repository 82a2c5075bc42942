"""Cursors walk through everything once, whatever is added meanwhile."""

from collections.abc import Iterator

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from core.tables import Incident, RunbookExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.test_incidents import opened


def walk(client: TestClient, address: str, kind: str, limit: int) -> Iterator[list[str]]:
    """The ids of one page after another."""
    cursor = ""
    while cursor is not None:
        answer = client.get(address, params={"limit": limit, **({"cursor": cursor} if cursor else {})}).json()
        yield [each["id"] for each in answer[kind]]
        cursor = answer["next_cursor"]


def test_paging_walks_all_without_repeats(responder: TestClient) -> None:
    ids = [opened(responder)["id"] for _ in range(7)]
    pages = list(walk(responder, "/api/incidents", "incidents", 3))

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [each for page in pages for each in page] == ids[::-1]


def test_a_full_last_page_has_no_next_one(responder: TestClient) -> None:
    for _ in range(4):
        opened(responder)

    assert [len(page) for page in walk(responder, "/api/incidents", "incidents", 2)] == [2, 2]


def test_rows_of_one_moment_are_neither_repeated_nor_lost(
    unit_of_work: UnitOfWorkFactory, responder: TestClient
) -> None:
    ids = {opened(responder)["id"] for _ in range(5)}
    with unit_of_work.begin() as work:
        work.session.execute(update(Incident).values(created_at=work.now))
    seen = [each for page in walk(responder, "/api/incidents", "incidents", 2) for each in page]

    assert len(seen) == 5
    assert set(seen) == ids


def test_what_is_added_meanwhile_moves_nothing(responder: TestClient) -> None:
    ids = [opened(responder)["id"] for _ in range(4)]
    pages = walk(responder, "/api/incidents", "incidents", 2)
    first = next(pages)
    opened(responder)

    assert first + [each for page in pages for each in page] == ids[::-1]


def test_the_runs_of_an_incident_are_paged(unit_of_work: UnitOfWorkFactory, responder: TestClient) -> None:
    address = f"/api/incidents/{opened(responder)['id']}/runbooks"
    ids = [responder.post(f"{address}/say-hello/execute").json()["execution"]["id"] for _ in range(5)]
    with unit_of_work.begin() as work:
        work.session.execute(update(RunbookExecution).values(created_at=work.now))
    seen = [each for page in walk(responder, f"{address}/executions", "executions", 2) for each in page]

    assert sorted(seen) == sorted(ids)


def test_the_library_is_paged(responder: TestClient) -> None:
    seen = [each for page in walk(responder, "/api/runbooks", "runbooks", 1) for each in page]

    assert len(seen) == len(set(seen)) == 3


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=201", "limit"), ("limit=ten", "limit"), ("cursor=abc", "cursor")],
)
def test_a_page_that_cannot_be_is_refused(responder: TestClient, query: str, field: str) -> None:
    answer = responder.get(f"/api/incidents?{query}")

    assert (answer.status_code, answer.json()["field"]) == (422, field)
