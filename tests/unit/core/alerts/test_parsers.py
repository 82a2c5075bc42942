"""From each vendor's webhook to an alert; the samples follow the vendors' documentation."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.alerts.alert import Alert, said_severity
from core.alerts.vendors import PARSERS, Vendor
from core.errors import InvalidInput
from core.statuses import Severity

SAMPLES = Path(__file__).parent / "samples"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def parsed(vendor: Vendor, body: object) -> Alert:
    alert = PARSERS[vendor](body)
    assert alert is not None
    return alert


EXPECTED = {
    Vendor.ALERTMANAGER: ("PostgreSQL of orders is down", Severity.CRITICAL, "orders-db", "database"),
    Vendor.GRAFANA: ("Memory is short in zone us-1", Severity.MEDIUM, None, "database"),
    Vendor.PAGERDUTY: ("Orders database does not answer", Severity.CRITICAL, "orders-db", "database"),
    Vendor.SENTRY: ("OperationalError: connection to server failed", Severity.HIGH, "orders", "database"),
    Vendor.DATADOG: (
        "[P1] [Triggered on {cluster:orders}] PostgreSQL is down",
        Severity.CRITICAL,
        "orders-db",
        "database",
    ),
}


@pytest.mark.parametrize("vendor", Vendor)
def test_an_alert_has_title_severity_service_and_team(vendor: Vendor) -> None:
    alert = parsed(vendor, sample(vendor))

    assert (alert.title, alert.severity, alert.service, alert.team) == EXPECTED[vendor]
    assert not alert.is_resolved
    assert alert.description


@pytest.mark.parametrize("vendor", Vendor)
@pytest.mark.parametrize("body", [{}, {"event": 7}, {"data": 7, "action": "x"}, [], None, "text", 7])
def test_another_shape_is_refused_with_a_sentence(vendor: Vendor, body: object) -> None:
    with pytest.raises(InvalidInput, match="This is not a webhook from") as refused:
        PARSERS[vendor](body)
    assert refused.value.field


@pytest.mark.parametrize("vendor", Vendor)
def test_no_vendors_body_is_taken_for_anothers(vendor: Vendor) -> None:
    """Except for Grafana's, which includes everything that Alertmanager's has."""
    for other in set(Vendor) - {vendor}:
        if (vendor, other) != (Vendor.ALERTMANAGER, Vendor.GRAFANA):
            with pytest.raises(InvalidInput):
                PARSERS[vendor](sample(other))


def resolved(vendor: Vendor) -> Any:
    """Return the sample as the vendor sends it for a resolved alert."""
    body = deepcopy(sample(vendor))
    match vendor:
        case Vendor.ALERTMANAGER | Vendor.GRAFANA:
            body["status"] = "resolved"
        case Vendor.PAGERDUTY:
            body["event"]["event_type"] = "incident.resolved"
        case Vendor.SENTRY:
            body = sample("sentry_issue_resolved")
        case Vendor.DATADOG:
            body["transition"] = "Recovered"
    return body


@pytest.mark.parametrize("vendor", Vendor)
def test_what_is_resolved_has_the_key_of_what_fired(vendor: Vendor) -> None:
    over = parsed(vendor, resolved(vendor))

    assert over.is_resolved
    assert over.key == parsed(vendor, sample(vendor)).key


ABOUT_SOMETHING_ELSE = [
    (Vendor.PAGERDUTY, {"event": {"event_type": "pagey.ping", "data": {}}}),
    (
        Vendor.PAGERDUTY,
        {"event": {"event_type": "service.updated", "data": {"id": "PF9KMXH", "type": "service"}}},
    ),
    (Vendor.PAGERDUTY, {"event": {"event_type": "incident.responder.added", "data": {"state": "pending"}}}),
    (Vendor.PAGERDUTY, {"event": {"event_type": "incident.conference_bridge.updated", "data": {}}}),
    (Vendor.SENTRY, {"action": "created", "data": {"installation": {"status": "pending"}}}),
    (Vendor.SENTRY, {"action": "created", "data": {"comment": "I see it too", "issue_id": 7}}),
    (Vendor.SENTRY, {"action": "created", "data": {"error": {"event_id": "e4874d", "title": "Oh"}}}),
    (Vendor.SENTRY, {"action": "x", "data": {}}),
    (Vendor.DATADOG, {"cycle_key": "", "transition": "", "title": "A deploy"}),
    (
        Vendor.DATADOG,
        {"cycle_key": "$ALERT_CYCLE_KEY", "transition": "$ALERT_TRANSITION", "title": "A deploy"},
    ),
    (Vendor.DATADOG, {"cycle_key": "7", "transition": "Null", "title": "Nothing"}),
]


@pytest.mark.parametrize(("vendor", "body"), ABOUT_SOMETHING_ELSE)
def test_what_is_about_something_else_is_ignored(vendor: Vendor, body: object) -> None:
    """Regression: Sentry's installations, comments and errors were rejected, and so were Datadog's events."""
    assert PARSERS[vendor](body) is None


def test_a_metric_alert_of_sentry_has_its_rules_name() -> None:
    alert = parsed(Vendor.SENTRY, sample("sentry_metric_alert"))

    assert (alert.title, alert.severity, alert.service) == ("Too many errors", Severity.CRITICAL, "orders")
    assert "1000 events" in alert.description
    over = sample("sentry_metric_alert") | {"action": "resolved"}
    assert (parsed(Vendor.SENTRY, over).is_resolved, parsed(Vendor.SENTRY, over).key) == (True, alert.key)


def test_alerts_that_share_no_annotation_are_told_by_the_first() -> None:
    assert parsed(Vendor.GRAFANA, sample("grafana")).description.startswith(
        "The system has high memory usage"
    )


def test_labels_and_tags_are_labels() -> None:
    assert parsed(Vendor.DATADOG, sample("datadog")).labels == {
        "cluster": "orders",
        "service": "orders-db",
        "team": "database",
    }
    assert parsed(Vendor.ALERTMANAGER, sample("alertmanager")).labels["cluster"] == "orders"


def test_a_variable_that_datadog_did_not_fill_in_is_refused() -> None:
    with pytest.raises(InvalidInput, match="cycle_key is not valid"):
        PARSERS[Vendor.DATADOG](sample("datadog") | {"cycle_key": "$ALERT_CYCLE_KEY"})


def test_a_title_is_one_line_and_short() -> None:
    body = sample("datadog") | {"title": "two\nlines " + "x" * 500}
    title = parsed(Vendor.DATADOG, body).title

    assert len(title) == 250
    assert title.startswith("two lines x")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-02T03:12:04.000Z", datetime(2026, 3, 2, 3, 12, 4, tzinfo=UTC)),
        ("2026-03-02T04:12:04+01:00", datetime(2026, 3, 2, 3, 12, 4, tzinfo=UTC)),
        ("2026-03-02T03:12:04", datetime(2026, 3, 2, 3, 12, 4, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("soon", None),
        (1772420000, None),
        (None, None),
    ],
)
def test_a_moment_is_read_where_it_is_one(written: object, read: datetime | None) -> None:
    body = sample("pagerduty")
    body["event"]["occurred_at"] = written

    assert parsed(Vendor.PAGERDUTY, body).occurred_at == read


def test_a_tag_that_is_no_pair_takes_none_of_the_others_away() -> None:
    body = sample("sentry")
    body["data"]["event"]["tags"] = [["a"], None, "b", ["team", "web"], {"key": "service", "value": "pay"}]

    alert = parsed(Vendor.SENTRY, body)
    assert (alert.team, alert.service) == ("web", "pay")
    body["data"]["event"]["tags"] = "none"
    assert parsed(Vendor.SENTRY, body).service == "orders"
    body["data"]["event"]["tags"] = [["count", 7]]
    assert parsed(Vendor.SENTRY, body).labels["count"] == "7"


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("P1", Severity.CRITICAL),
        ("SEV-1", Severity.CRITICAL),
        ("Sev 2", Severity.HIGH),
        ("P3 - somebody should look", Severity.MEDIUM),
        (" Warning ", Severity.MEDIUM),
        ("CRITICAL!", Severity.CRITICAL),
        ("none", Severity.INFO),
        ("", None),
        ("-", None),
        ("purple", None),
    ],
)
def test_words_for_severities(word: str, severity: Severity | None) -> None:
    assert said_severity(word) is severity
