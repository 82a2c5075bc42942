"""The tables of docs/alerts.md that say what is answered: every row is played as the vendors send it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.pages.guards import LARGEST_ALERT
from core.alerts.vendors import Vendor
from tests.acceptance.rest.conftest import ClientOf
from tests.conftest import ADMIN
from tests.unit.core.alerts.documented import tables, words
from tests.unit.core.alerts.payloads import names, payload

ANSWERED, REFUSED = tables("What is answered")


@dataclass(frozen=True)
class Play:
    """What is sent, and what had been `before`. `each`: all of them are answered alike."""

    sent: tuple[str, ...]
    before: tuple[str, ...] = ()
    each: bool = False


NOTED = (
    "unacknowledged",
    "reassigned",
    "escalated",
    "delegated",
    "service_updated",
    "annotated",
    "status_update",
)
GROUPS = {
    "a group fires, and again": Play(("warning", "warning")),
    "one that is worse than the others begins to fire": Play(("worse",), ("warning",)),
    "the worst is over, and others still fire": Play(("better",), ("worse",)),
    "all are over, and that again": Play(("resolved", "resolved"), ("warning",)),
}
PLAYS: dict[str, dict[str, Play]] = {
    "Alertmanager, Grafana": GROUPS,
    "PagerDuty": {
        "`incident.triggered` or `incident.reopened`, and again": Play(("reopened", "triggered")),
        "`incident.acknowledged`, and again": Play(("acknowledged", "acknowledged"), ("triggered",)),
        "`incident.priority_updated` to a higher one, then to a lower one": Play(
            ("priority_raised", "priority_lowered"), ("triggered",)
        ),
        "`incident.unacknowledged`, `reassigned`, `escalated`, `delegated`, `service_updated`, `annotated`, "
        "`status_update_published`": Play(NOTED, ("triggered",), each=True),
        "`incident.resolved`, and again": Play(("resolved", "resolved"), ("triggered",)),
        "what changes for an incident that is not open here": Play(
            ("acknowledged", "priority_raised", *NOTED[1:]), each=True
        ),
        "any other event, as of services, responders or a ping": Play(
            ("service_of_its_own", "responder_added", "ping"), ("triggered",), each=True
        ),
    },
    "Sentry": {
        "an issue alert, then its issue `created`": Play(("issue_alert", "created")),
        "an issue `unresolved` at a higher level than before": Play(("unresolved",), ("created",)),
        "an issue `assigned` or `archived`": Play(("assigned", "archived"), ("created",), each=True),
        "an issue `resolved`, and again": Play(("resolved", "resolved"), ("issue_alert",)),
        "an activity alert of an issue that is open, and of one that is resolved": Play(
            ("activity_alert", "activity_resolved")
        ),
        "a metric alert at `warning`, `critical`, `resolved`": Play(
            ("metric_warning", "metric_critical", "metric_resolved")
        ),
        "installations, comments, errors and whatever else there is": Play(
            ("installation", "comment", "error"), each=True
        ),
    },
    "Datadog": {
        "`Warn`, then `Triggered`": Play(("warn", "triggered")),
        "`Re-Triggered`, `No Data`, `Renotify` of what is open": Play(
            ("re_triggered", "no_data", "renotify"), ("triggered",), each=True
        ),
        "`Warn` of what was `Triggered`": Play(("warn",), ("triggered",)),
        "`Recovered`, and again": Play(("recovered", "recovered"), ("triggered",)),
        "`Null`, and what no monitor sent": Play(
            ("null", "event", "event_unfilled"), ("triggered",), each=True
        ),
    },
}


def send(client: TestClient, vendor: str, name: str) -> str:
    answer = client.post(f"/api/alerts/{vendor}?team=database", json=payload(Vendor(vendor), name))
    assert answer.status_code == 200, answer.text
    outcome: str = answer.json()["outcome"]
    assert (answer.json()["incident"] is None) == (outcome == "ignored")
    return outcome


def test_the_page_says_what_comes_of_all_that_is_played() -> None:
    documented = [(row["vendor"], row["what is sent"]) for row in ANSWERED]

    assert documented == [(vendor, sent) for vendor, plays in PLAYS.items() for sent in plays]


@pytest.mark.parametrize("row", ANSWERED, ids=lambda row: f"{row['vendor']}: {row['what is sent']}")
def test_what_the_page_says_is_answered_is_answered(responder: TestClient, row: dict[str, str]) -> None:
    play, expected = PLAYS[row["vendor"]][row["what is sent"]], words(row["outcomes"])
    for vendor in row["vendor"].lower().split(", "):
        for name in play.before:
            send(responder, vendor, name)

        outcomes = [send(responder, vendor, name) for name in play.sent]

        assert outcomes == (expected * len(outcomes) if play.each else expected)


def test_no_payload_lies_about_unused() -> None:
    read_alone = {
        "mixed",
        "no_summary",
        "service_label",
        "nulls_and_numbers",
        "truncated",
        "no_data",
        "urgency_alone",
    }
    read_alone |= {"issue_alert_tags", "nameless_project", "metric_without_rule", "prioritized"}
    for vendor in Vendor:
        plays = PLAYS.get(vendor.value.title().replace("Pagerduty", "PagerDuty"), GROUPS)
        played = {name for play in plays.values() for name in (*play.before, *play.sent)}
        assert names(vendor) - played <= read_alone


Post = Callable[..., Any]


def refused(post: Post, status: str) -> list[int]:
    """The statuses of what the page says is refused with `status`."""
    good = {"url": "/api/alerts/alertmanager?team=database", "json": payload(Vendor.ALERTMANAGER, "warning")}
    ownerless = payload(Vendor.SENTRY, "metric_critical")
    text = {"url": good["url"], "headers": {"Content-Type": "text/plain"}, "content": "{}"}
    requests: dict[str, list[dict[str, Any]]] = {
        "401": [good | {"headers": {"Authorization": "Bearer none"}}],
        "403": [good | {"url": "/api/alerts/alertmanager?team=web"}],
        "413": [{"url": good["url"], "content": b" " * (LARGEST_ALERT + 1)}],
        "415": [text, {"url": good["url"], "data": {"payload": "{}"}}],
        "422": [
            good | {"url": "/api/alerts/nagios?team=database"},
            {"url": good["url"], "content": "{no json"},
            good | {"json": {"status": "firing"}},
            {"url": "/api/alerts/sentry", "json": ownerless},
        ],
    }
    return [post(**request).status_code for request in requests[status]]


ELSEWHERE = {"408", "429", "503"}  # tests/attacks/test_limits.py; tests/acceptance/rest/test_alert_bodies.py


def test_what_the_page_says_is_refused_is_refused(responder: TestClient, client_of: ClientOf) -> None:
    statuses = [words(row["status"])[0] for row in REFUSED]
    assert statuses == ["401", "403", "413", "415", "422", "429", "408", "503"]

    for status in sorted(set(statuses) - ELSEWHERE):
        assert set(refused(responder.post, status)) == {int(status)}, status
    assert client_of(ADMIN).get("/api/incidents").json()["incidents"] == []
