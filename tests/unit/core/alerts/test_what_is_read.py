"""The table of docs/alerts.md that says which field is read from where: every source in it is tried, in order."""

from dataclasses import dataclass

import pytest

from core.alerts.alert import Alert
from core.alerts.vendors import PARSERS, Vendor
from core.statuses import Severity
from tests.unit.core.alerts.documented import rows
from tests.unit.core.alerts.payloads import payload

AM, PD, GR, SE, DD = Vendor
COLUMNS = ("title", "severity", "service", "team")


@dataclass(frozen=True)
class Read:
    """A source as the page names it, the value that is read there, and its payload."""

    source: str
    vendor: Vendor
    payload: str
    value: object


def parsed(read: Read) -> Alert:
    alert = PARSERS[read.vendor](payload(read.vendor, read.payload))
    assert alert is not None
    return alert


WORST = "label `severity` of the worst that fires"
READ: dict[tuple[str, str], list[Read]] = {
    ("Alertmanager (version 4)", "title"): [
        Read("annotation `summary`", AM, "worse", "The queue of orders stands still"),
        Read("`alertname`", AM, "no_summary", "Watchdog"),
    ],
    ("Alertmanager (version 4)", "severity"): [Read(WORST, AM, "mixed", Severity.CRITICAL)],
    ("Alertmanager (version 4)", "service"): [
        Read("label `service`", AM, "service_label", "orders"),
        Read("`job`", AM, "warning", "rabbitmq"),
    ],
    ("Alertmanager (version 4)", "team"): [Read("label `team`", AM, "warning", "database")],
    ("Grafana", "title"): [
        Read("annotation `summary`", GR, "worse", "The disk of db-2 is full"),
        Read("`title`", GR, "no_data", "[FIRING:1] DatasourceNoData Databases (DiskFull)"),
    ],
    ("Grafana", "severity"): [Read(WORST, GR, "worse", Severity.CRITICAL)],
    ("Grafana", "service"): [
        Read("label `service`", GR, "service_label", "orders-db"),
        Read("`job`", GR, "no_data", "node"),
    ],
    ("Grafana", "team"): [Read("label `team`", GR, "warning", "database")],
    ("PagerDuty (webhooks v3)", "title"): [Read("`title`", PD, "triggered", "Replication of orders lags")],
    ("PagerDuty (webhooks v3)", "severity"): [
        Read("priority", PD, "priority_raised", Severity.CRITICAL),
        Read("urgency", PD, "urgency_alone", Severity.LOW),
    ],
    ("PagerDuty (webhooks v3)", "service"): [Read("the service", PD, "triggered", "orders-db")],
    ("PagerDuty (webhooks v3)", "team"): [
        Read("the first team, in lower case with hyphens", PD, "triggered", "database")
    ],
    ("Sentry (issues and alerts on them)", "title"): [
        Read("`title`", SE, "issue_alert", "TimeoutError: pool exhausted")
    ],
    ("Sentry (issues and alerts on them)", "severity"): [
        Read("`level`", SE, "unresolved", Severity.CRITICAL),
        Read("tag `level`", SE, "issue_alert_tags", Severity.HIGH),
    ],
    ("Sentry (issues and alerts on them)", "service"): [
        Read("tag `service`", SE, "issue_alert_tags", "checkout"),
        Read("the project's slug", SE, "issue_alert", "orders"),
        Read("its name", SE, "nameless_project", "Orders"),
    ],
    ("Sentry (issues and alerts on them)", "team"): [Read("tag `team`", SE, "issue_alert_tags", "database")],
    ("Sentry (metric alerts)", "title"): [
        Read("the rule's name", SE, "metric_warning", "Errors of checkout"),
        Read("`description_title`", SE, "metric_without_rule", "Critical: Errors of checkout"),
    ],
    ("Sentry (metric alerts)", "severity"): [Read("`action`", SE, "metric_warning", Severity.MEDIUM)],
    ("Sentry (metric alerts)", "service"): [
        Read("the rule's first project", SE, "metric_critical", "orders")
    ],
    ("Sentry (metric alerts)", "team"): [Read("none: say `?team=`", SE, "metric_critical", None)],
    ("Datadog", "title"): [
        Read("`$EVENT_TITLE`", DD, "warn", "[Warn on {cluster:orders}] Connections of orders")
    ],
    ("Datadog", "severity"): [
        Read("`$ALERT_PRIORITY`", DD, "prioritized", Severity.CRITICAL),
        Read("`$ALERT_TYPE`", DD, "warn", Severity.MEDIUM),
    ],
    ("Datadog", "service"): [Read("tag `service`", DD, "triggered", "orders-db")],
    ("Datadog", "team"): [Read("tag `team`", DD, "triggered", "database")],
}
# What one group is: two payloads of the same one have the same key.
SAME = {
    "Alertmanager (version 4)": (AM, "warning", "resolved"),
    "Grafana": (GR, "warning", "resolved"),
    "PagerDuty (webhooks v3)": (PD, "triggered", "annotated"),
    "Sentry (issues and alerts on them)": (SE, "issue_alert", "resolved"),
    "Sentry (metric alerts)": (SE, "metric_warning", "metric_resolved"),
    "Datadog": (DD, "triggered", "recovered"),
}

TABLE = rows("What is read from where")


def test_the_page_has_a_row_for_each_vendor_and_no_other() -> None:
    assert [row["vendor"] for row in TABLE] == list(SAME)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["vendor"])
@pytest.mark.parametrize("column", COLUMNS)
def test_what_the_page_says_is_read_is_read(row: dict[str, str], column: str) -> None:
    tried = READ[(row["vendor"], column)]

    assert row[column].split(", else ") == [read.source for read in tried]
    for read in tried:
        assert getattr(parsed(read), column) == read.value, read.source


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["vendor"])
def test_one_group_is_what_the_page_says(row: dict[str, str]) -> None:
    vendor, first, later = SAME[row["vendor"]]

    one, other = (PARSERS[vendor](payload(vendor, name)) for name in (first, later))
    assert one is not None
    assert other is not None
    assert one.key == other.key
