"""What is told of an alert whose incident is open does here what it says, and nothing of it is lost."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from core.alerts.vendors import Vendor
from core.services.incidents.ages import start_workflows_by_age
from core.tables import Incident, IncidentEvent, WorkflowExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.test_alerts import send
from tests.unit.core.alerts.payloads import payload
from tests.world import apply_documents

WATCH = """
kind: workflow
name: escalated
team: database
trigger: {on: incident.escalated}
actions: [{id: say, type: message, text: "{{ event.from }} to {{ event.to }}"}]
---
kind: workflow
name: nobody-acknowledged
team: database
trigger: {on: incident.age, minutes: 1, unless: acknowledged}
actions: [{id: say, type: message, text: "nobody acknowledged {{ incident.title }}"}]
"""


def sent(client: TestClient, vendor: str, *names: str) -> Any:
    """The last answer to these payloads, sent one after the other."""
    for name in names:
        answer = send(client, vendor, payload(Vendor(vendor), name), "database")
        assert answer.status_code == 200, answer.text
    return answer.json()


def timeline(client: TestClient, incident: str) -> list[str]:
    lines = client.get(f"/api/incidents/{incident}/timeline?limit=100").json()["timeline"]
    return [line["text"] for line in lines]


def started(unit_of_work: UnitOfWorkFactory) -> list[str]:
    with unit_of_work.begin() as work:
        return list(work.session.scalars(select(WorkflowExecution.workflow_name)))


RISES = [
    ("alertmanager", "warning", "worse"),
    ("grafana", "warning", "worse"),
    ("pagerduty", "triggered", "priority_raised"),
    ("sentry", "created", "unresolved"),
    ("sentry", "metric_warning", "metric_critical"),
    ("datadog", "warn", "triggered"),
]


@pytest.mark.parametrize(("vendor", "first", "worse"), RISES)
def test_a_severity_that_rises_escalates_the_incident(
    responder: TestClient, unit_of_work: UnitOfWorkFactory, vendor: str, first: str, worse: str
) -> None:
    """Red before: the incident kept the severity with which it was opened, and nobody heard that it was worse."""
    apply_documents(unit_of_work, WATCH)
    opened = sent(responder, vendor, first)["incident"]

    answer = sent(responder, vendor, worse)

    incident = answer["incident"]
    assert (answer["outcome"], incident["id"]) == ("escalated", opened["id"])
    assert started(unit_of_work) == ["escalated"]
    raised = f"raised the severity from {opened['severity']} to {incident['severity']}"
    assert raised in timeline(responder, incident["id"])
    with unit_of_work.begin() as work:
        [event] = work.session.scalars(
            select(IncidentEvent).where(IncidentEvent.type == "incident.escalated")
        )
        assert event.initiators == [{"who": "U0DBOPS", "as": "escalated"}]
    assert sent(responder, vendor, worse)["outcome"] == "known"
    assert started(unit_of_work) == ["escalated"]


FALLS = [
    ("alertmanager", "worse", "better", "alertmanager: severity changed from critical to medium."),
    ("grafana", "worse", "better", "grafana: severity changed from critical to medium."),
    ("pagerduty", "triggered", "priority_lowered", "pagerduty: severity changed from medium to low."),
    ("sentry", "metric_critical", "metric_warning", "sentry: severity changed from critical to medium."),
    ("datadog", "triggered", "warn", "datadog: severity changed from high to medium."),
]


@pytest.mark.parametrize(("vendor", "first", "better", "said"), FALLS)
def test_a_severity_that_falls_is_noted_once_and_the_incident_stays(
    responder: TestClient, vendor: str, first: str, better: str, said: str
) -> None:
    opened = sent(responder, vendor, first)["incident"]

    answer = sent(responder, vendor, better, better)

    assert (answer["outcome"], answer["incident"]["severity"]) == ("known", opened["severity"])
    assert [line for line in timeline(responder, opened["id"]) if said in line] == [f"noted: {said}"]


def test_what_falls_and_rises_again_escalates_nothing(
    responder: TestClient, unit_of_work: UnitOfWorkFactory
) -> None:
    apply_documents(unit_of_work, WATCH)

    answer = sent(responder, "alertmanager", "worse", "better", "worse")

    assert answer["outcome"] == "known"
    assert started(unit_of_work) == []


def test_an_alert_that_repeats_does_not_undo_what_people_decided(
    responder: TestClient, unit_of_work: UnitOfWorkFactory
) -> None:
    """A workflow lowered the incident; the alert still says what it said."""
    incident = sent(responder, "alertmanager", "worse")["incident"]["id"]
    with unit_of_work.begin() as work:
        work.session.execute(update(Incident).where(Incident.id == incident).values(severity="low"))

    assert sent(responder, "alertmanager", "worse")["incident"]["severity"] == "low"


def test_an_incident_of_before_the_upgrade_escalates_too(
    responder: TestClient, unit_of_work: UnitOfWorkFactory
) -> None:
    incident = sent(responder, "alertmanager", "warning")["incident"]["id"]
    with unit_of_work.begin() as work:
        work.session.execute(update(Incident).where(Incident.id == incident).values(alert_severity=None))

    assert sent(responder, "alertmanager", "worse")["outcome"] == "escalated"


def test_what_is_acknowledged_at_the_vendor_is_not_announced_as_unacknowledged(
    responder: TestClient, unit_of_work: UnitOfWorkFactory
) -> None:
    """Red before: ignored, and a minute later the channel was told that nobody had acknowledged."""
    apply_documents(unit_of_work, WATCH)
    answer = sent(responder, "pagerduty", "triggered", "acknowledged")
    assert (answer["outcome"], answer["incident"]["status"]) == ("acknowledged", "acknowledged")
    with unit_of_work.begin() as work:
        work.session.execute(update(Incident).values(created_at=Incident.created_at - timedelta(minutes=2)))

    start_workflows_by_age(unit_of_work)

    assert started(unit_of_work) == []
    lines = timeline(responder, answer["incident"]["id"])
    assert "noted: PagerDuty: acknowledged by Ben Acht." in lines
    assert "changed the status from open to acknowledged" in lines


def test_who_acknowledged_here_first_is_no_conflict(responder: TestClient) -> None:
    incident = sent(responder, "pagerduty", "triggered")["incident"]["id"]
    responder.post(f"/api/incidents/{incident}/acknowledge")

    assert sent(responder, "pagerduty", "acknowledged")["outcome"] == "known"


NOTES = [
    ("pagerduty", "triggered", "reassigned", "PagerDuty: reassigned to Cleo Drei by Ann Ode."),
    ("pagerduty", "triggered", "escalated", "PagerDuty: escalated to Dora Vier."),
    ("pagerduty", "triggered", "delegated", "PagerDuty: delegated to Network by Ann Ode."),
    ("pagerduty", "triggered", "service_updated", "PagerDuty: service updated to orders-mq by Ann Ode."),
    ("pagerduty", "triggered", "unacknowledged", "PagerDuty: unacknowledged."),
    (
        "pagerduty",
        "triggered",
        "annotated",
        "PagerDuty: Ann Ode wrote: The replica's disk is slow; I'm looking.",
    ),
    ("pagerduty", "triggered", "status_update", "PagerDuty: Ann Ode wrote: Orders are slow, none is lost."),
    ("pagerduty", "triggered", "resolved", "PagerDuty: resolved by Ann Ode."),
    ("sentry", "created", "assigned", "Sentry: assigned to Ben Acht by Ann Ode."),
    ("sentry", "created", "archived", "Sentry: archived by Ann Ode."),
    ("sentry", "created", "resolved", "Sentry: resolved by Ann Ode."),
]


@pytest.mark.parametrize(("vendor", "first", "later", "said"), NOTES)
def test_what_else_is_told_stands_in_the_timeline(
    responder: TestClient, vendor: str, first: str, later: str, said: str
) -> None:
    incident = sent(responder, vendor, first, later)["incident"]["id"]

    assert f"noted: {said}" in timeline(responder, incident)


def test_an_event_that_is_sent_again_is_noted_once(responder: TestClient) -> None:
    incident = sent(responder, "pagerduty", "triggered", "annotated", "annotated")["incident"]["id"]

    assert sum("wrote" in line for line in timeline(responder, incident)) == 1


def test_a_severity_that_nobody_stated_falls_nowhere(responder: TestClient) -> None:
    raised = sent(responder, "pagerduty", "triggered", "priority_raised", "annotated")

    assert (raised["outcome"], raised["incident"]["severity"]) == ("known", "critical")
    assert not any("it was" in line for line in timeline(responder, raised["incident"]["id"]))


def test_one_of_a_storm_is_escalated_acknowledged_and_resolved_there(responder: TestClient) -> None:
    body = payload(Vendor.PAGERDUTY, "triggered")
    for number in range(11):
        each = deepcopy(body)
        each["event"]["data"] |= {"id": f"Q{number}", "title": f"Alert {number}"}
        storm = send(responder, "pagerduty", each, "database").json()
    assert storm["outcome"] == "grouped"

    for name, outcome in (
        ("priority_raised", "escalated"),
        ("acknowledged", "known"),
        ("resolved", "resolved"),
    ):
        told = payload(Vendor.PAGERDUTY, name)
        told["event"]["data"]["id"] = "Q10"
        answer = send(responder, "pagerduty", told, "database").json()
        assert (answer["outcome"], answer["incident"]["id"]) == (outcome, storm["incident"]["id"])

    assert (answer["incident"]["severity"], answer["incident"]["status"]) == ("critical", "resolved")
    lines = timeline(responder, storm["incident"]["id"])
    assert "noted: Alert 10: PagerDuty: acknowledged by Ben Acht." in lines
