"""What is told of an alert while its opening is under way is done all the same, whichever comes first."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from bot.rest import alerts as route
from core.alerts.reading import read_body
from core.alerts.vendors import Vendor
from core.services.access.people import load_person
from core.services.incidents.alerts import receive_alert
from core.tables import EarlyAlert
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.test_alert_news import sent
from tests.acceptance.rest.test_alerts import incidents, send
from tests.unit.core.alerts.payloads import payload

OVERTAKES = [
    ("alertmanager", "warning", "resolved", "resolved", "resolved"),
    ("grafana", "warning", "resolved", "resolved", "resolved"),
    ("pagerduty", "triggered", "resolved", "resolved", "resolved"),
    ("pagerduty", "triggered", "acknowledged", "acknowledged", "acknowledged"),
    ("pagerduty", "triggered", "priority_raised", "escalated", "open"),
    ("sentry", "created", "resolved", "resolved", "resolved"),
    ("datadog", "triggered", "recovered", "resolved", "resolved"),
]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """A body with `HELD` in it is not read before the second event; the first says that its request has come."""
    has_come, may_go_on = threading.Event(), threading.Event()

    def read(raw: bytes) -> object:
        if HELD.encode() in raw:
            has_come.set()
            assert may_go_on.wait(30)
        return read_body(raw)

    monkeypatch.setattr(route, "read_body", read)
    yield has_come, may_go_on
    may_go_on.set()


HELD = "held-back"


@pytest.mark.parametrize(("vendor", "first", "later", "outcome", "status"), OVERTAKES)
def test_what_is_told_while_the_opening_is_under_way_is_not_lost(
    responder: TestClient,
    held: tuple[threading.Event, threading.Event],
    vendor: str,
    first: str,
    later: str,
    outcome: str,
    status: str,
) -> None:
    """Red before: ignored, and then the incident was opened, which nobody would ever resolve."""
    opening = payload(Vendor(vendor), first) | {"more": HELD}
    has_come, may_go_on = held
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(send, responder, vendor, opening, "database")
        assert has_come.wait(30)
        assert sent(responder, vendor, later)["outcome"] == "ignored"
        may_go_on.set()

    assert answer.result().json()["outcome"] == outcome
    assert [each["status"] for each in incidents(responder)] == [status]


def test_what_is_told_at_once_with_the_opening_is_never_lost(responder: TestClient) -> None:
    """Whichever is first, a resolved alert leaves no open incident: but what came first is older."""
    for number in range(12):
        fires, over = payload(Vendor.DATADOG, "triggered"), payload(Vendor.DATADOG, "recovered")
        fires["cycle_key"] = over["cycle_key"] = f"cycle-{number}"
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(send, responder, "datadog", fires, "database")
            second = pool.submit(send, responder, "datadog", over, "database")
            outcomes = {first.result().json()["outcome"], second.result().json()["outcome"]}
        assert outcomes <= {"opened", "resolved", "ignored", "grouped"}
        if outcomes in (
            {"opened", "ignored"},
            {"grouped", "ignored"},
        ):  # the resolving request had come first
            assert send(responder, "datadog", over, "database").json()["outcome"] == "resolved"
    assert {each["status"] for each in incidents(responder)} == {"resolved"}


def test_what_came_before_says_nothing_of_what_fires_next(
    responder: TestClient, unit_of_work: UnitOfWorkFactory
) -> None:
    assert sent(responder, "alertmanager", "resolved")["outcome"] == "ignored"

    assert sent(responder, "alertmanager", "warning")["outcome"] == "opened"
    with unit_of_work.begin() as work:
        assert work.session.scalar(select(func.count()).select_from(EarlyAlert)) == 0


def test_an_event_that_was_sent_again_late_is_told_by_the_vendors_clock(responder: TestClient) -> None:
    """Red before: what failed and came again behind its own end opened an incident for what was over."""
    assert sent(responder, "pagerduty", "resolved")["outcome"] == "ignored"

    assert sent(responder, "pagerduty", "triggered")["outcome"] == "resolved"


def test_what_overtook_is_forgotten_after_a_while(
    responder: TestClient, unit_of_work: UnitOfWorkFactory
) -> None:
    sent(responder, "alertmanager", "resolved")
    with unit_of_work.begin() as work:
        work.session.execute(update(EarlyAlert).values(arrived_at=EarlyAlert.arrived_at - timedelta(hours=1)))

    sent(responder, "grafana", "resolved")

    with unit_of_work.begin() as work:
        kept = list(work.session.scalars(select(EarlyAlert.alert_key)))
    assert [key.partition(":")[0] for key in kept] == ["grafana"]


def test_what_overtakes_is_another_teams_matter(
    responder: TestClient, other: TestClient, unit_of_work: UnitOfWorkFactory
) -> None:
    """That team web's sender resolves what has the same key takes nothing away from team database."""
    early = datetime.now(UTC) - timedelta(minutes=1)
    assert send(other, "datadog", payload(Vendor.DATADOG, "recovered"), "web").json()["outcome"] == "ignored"
    with unit_of_work.begin() as work:
        person = load_person(work, "U0DBOPS", source="test")
        body = payload(Vendor.DATADOG, "triggered")
        received = receive_alert(work, person, Vendor.DATADOG, body, team="database", arrived=early)
        assert received.outcome == "opened"
