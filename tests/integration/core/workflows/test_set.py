"""The action `set`: changing the incident, with all that follows from it."""

from sqlalchemy import select

from core.statuses import IncidentStatus, Status
from core.tables import AuditEntry, Notice
from tests.integration.core.workflows.deployment import Deployment

SETTING = """
kind: workflow
name: sets
trigger: {on: incident.created}
actions:
  - id: change
    type: set
    severity: critical
    status: acknowledged
    labels: {by: "{{ incident.title }}", old: null}
  - {id: tell, type: message, text: "{{ incident.severity }} {{ incident.status }} {{ incident.labels.by }}"}
---
kind: workflow
name: listens
trigger: {on: incident.status_changed, to: acknowledged}
actions:
  - {id: tell, type: message, text: "{{ event.by }}"}
---
kind: workflow
name: hears
trigger: {on: incident.escalated}
actions:
  - {id: tell, type: message, text: "{{ event.to }}"}
"""


def test_an_incident_is_changed_with_its_events_card_and_audit_rows(deployment: Deployment) -> None:
    deployment.apply(SETTING)
    incident = deployment.open(severity="low", labels={"old": "1", "kept": "2"})
    seen = deployment.incident(incident)

    assert (seen.severity, seen.status) == ("critical", "acknowledged")
    assert seen.acknowledged_at is not None
    assert seen.labels == {"kept": "2", "by": "Orders down"}
    assert sorted(deployment.said()) == ["critical", "critical acknowledged Orders down", "workflow:sets"]
    with deployment.unit_of_work.begin() as work:
        card = work.session.scalars(select(Notice).where(Notice.kind == "incident")).one()
        assert card.wanted == 4
        audited = work.session.scalars(select(AuditEntry).where(AuditEntry.actor == "workflow:sets"))
        assert [(entry.action, entry.details) for entry in audited if entry.subject_id == incident.id] == [
            (
                "incident.labelled",
                {"before": {"labels": {"old": "1", "kept": "2"}}, "after": {"labels": seen.labels}},
            ),
            ("incident.escalated", {"before": {"severity": "low"}, "after": {"severity": "critical"}}),
            ("incident.acknowledged", {"before": {"status": "open"}, "after": {"status": "acknowledged"}}),
        ]


LOWERING = """
kind: workflow
name: sets
trigger: {on: incident.created}
actions:
  - {id: change, type: set, severity: low}
---
kind: workflow
name: hears
trigger: {on: incident.escalated}
actions:
  - {id: tell, type: message, text: "{{ event.to }}"}
"""


def test_to_lower_the_severity_is_no_escalation(deployment: Deployment) -> None:
    deployment.apply(LOWERING)
    incident = deployment.open(severity="high")

    assert deployment.incident(incident).severity == "low"
    assert [event.type for event in deployment.events()] == ["incident.created", "incident.deescalated"]
    assert deployment.runs("hears") == []


def test_what_is_so_already_is_no_change_and_there_is_no_way_back(deployment: Deployment) -> None:
    deployment.apply(SETTING.replace("labels: {by", "labels: {kept: '2', by").replace(", old: null", ""))
    incident = deployment.open(severity="critical", labels={"kept": "2", "by": "Orders down"})
    deployment.change(incident, IncidentStatus.RESOLVED)
    types = [event.type for event in deployment.events()]
    assert types == ["incident.created", "incident.status_changed", "incident.status_changed"]

    deployment.apply(SETTING.replace("incident.created", "'incident.status_changed', to: closed"))
    deployment.change(incident, IncidentStatus.CLOSED)
    errors = {run.error for run in deployment.runs("sets") if run.status is Status.FAILED}
    assert errors == {f"Step change: inc-{incident.number} is already closed."}
