"""The trigger `schedule`: an occurrence opens an incident of its own, and the workflow runs in it."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from core.decisions.channels import OWN_CHANNEL
from core.limits import STANDARD
from core.services.access.people import load_person
from core.services.freezes.declaring import freeze, unfreeze
from core.services.incidents.opening import change_status
from core.services.incidents.scheduled_incidents import close_finished_maintenance
from core.services.incidents.schedules import TOO_LATE, start_scheduled_workflows
from core.services.library.kinds import WORKFLOWS
from core.services.library.workflows import find_workflow, switch_workflow
from core.services.library.writing import delete
from core.services.operations.restore import settle
from core.services.runs.approvals import decide_gate
from core.services.runs.retries import retry
from core.services.views.reading import view_workflow
from core.statuses import IncidentStatus, Status
from core.tables import (
    ActionExecution,
    AuditEntry,
    Incident,
    Installation,
    Notice,
    ScheduledOccurrence,
    Workflow,
)
from core.views.library import WorkflowView
from tests.integration.core.workflows.deployment import START, Deployment
from tests.world import TEAMS as PLAIN_TEAMS
from tests.world import apply_documents, see

CHANNELS = ", ".join(["C0PLANNED", *(f"C0NIGHTLY{number}" for number in range(5))])
TEAMS = PLAIN_TEAMS.replace("name: database", f"name: database\nchannels: [{CHANNELS}]")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NIGHTLY = """
kind: workflow
name: nightly
team: database
trigger:
  on: schedule
  cron: "0 5 * * *"
  timezone: Europe/Berlin
  incident:
    title: "Vacuum, {{ event.local }}"
    description: "Due at {{ event.at }}."
    labels: {planned: "yes"}
    slack_channel: C0PLANNED
actions:
  - {id: tell, type: message, text: "{{ incident.title }}: {{ event.at }}"}
"""
VACUUM = """
kind: runbook
name: vacuum
team: database
steps:
  - id: gate
    type: approval
    approvers: {team: database, role: admin}
  - {id: done, type: message, text: vacuumed}
---"""
GATED = VACUUM + NIGHTLY.replace(
    'type: message, text: "{{ incident.title }}: {{ event.at }}"', "type: runbook, runbook: vacuum"
)
DUE = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)  # 5 o'clock in Berlin; START is 3:12


def apply(deployment: Deployment, text: str, *, approve: bool = True) -> None:
    apply_documents(deployment.unit_of_work, f"{TEAMS}---{text}", approve=approve)


def incidents(deployment: Deployment) -> list[Incident]:
    with deployment.unit_of_work.begin() as work:
        return list(work.session.scalars(select(Incident).order_by(Incident.number)))


def missed(deployment: Deployment) -> list[dict[str, object]]:
    with deployment.unit_of_work.begin() as work:
        query = select(AuditEntry.details).where(AuditEntry.action == "workflow.schedule_missed")
        return list(work.session.scalars(query.order_by(AuditEntry.created_at)))


def view(deployment: Deployment, name: str = "nightly") -> WorkflowView:
    with deployment.unit_of_work.begin() as work:
        return view_workflow(find_workflow(work, load_person(work, "U0DBADMIN", source="test"), name))


def decide(deployment: Deployment, *, approved: bool) -> None:
    runs = [see(deployment.unit_of_work, run.id) for run in deployment.runbook_runs()]
    [gate] = [run.approval for run in runs if run.approval is not None]
    with deployment.unit_of_work.begin() as work:
        decide_gate(work, load_person(work, "U0DBADMIN", source="test"), gate.id, approved=approved)
    deployment.work()
    close_finished_maintenance(deployment.unit_of_work)


def test_an_occurrence_opens_an_incident_and_the_workflow_runs_in_it(deployment: Deployment) -> None:
    apply(deployment, NIGHTLY)
    assert view(deployment).next_at == DUE
    deployment.at(DUE - timedelta(seconds=1))
    assert incidents(deployment) == []

    deployment.at(DUE)
    [incident] = incidents(deployment)
    assert (incident.kind, incident.title) == ("maintenance", "Vacuum, 2026-01-05 05:00")
    assert (incident.description, incident.labels) == ("Due at 2026-01-05T04:00:00Z.", {"planned": "yes"})
    assert (incident.severity, incident.slack_channel) == ("info", "C0PLANNED")
    assert (incident.opened_by, incident.team.name) == ("workflow:nightly", "database")
    run = deployment.run()
    assert (run.status, run.incident_id, run.event["type"]) == (Status.SUCCEEDED, incident.id, "schedule")
    assert deployment.said() == ["Vacuum, 2026-01-05 05:00: 2026-01-05T04:00:00Z"]
    assert view(deployment).next_at == DUE + 24 * HOUR
    kinds = [event.type for event in deployment.events()]
    assert kinds == ["incident.created", "schedule", "incident.status_changed"]


def test_it_is_closed_when_everything_in_it_has_succeeded(deployment: Deployment) -> None:
    apply(deployment, GATED)
    deployment.at(DUE)
    assert deployment.run().status is Status.SUCCEEDED
    assert [incident.status for incident in incidents(deployment)] == ["open"]
    decide(deployment, approved=True)
    assert [incident.status for incident in incidents(deployment)] == ["closed"]


def test_it_stays_open_when_something_failed_and_the_next_one_says_so(deployment: Deployment) -> None:
    apply(deployment, GATED)
    deployment.at(DUE)
    decide(deployment, approved=False)
    assert [incident.status for incident in incidents(deployment)] == ["open"]

    deployment.at(DUE + 24 * HOUR)
    assert [incident.status for incident in incidents(deployment)] == ["open"]
    [said] = deployment.said()
    assert said.startswith(":warning: Workflow *nightly* was due at 2026-01-06 04:00 UTC and did not start")
    [entry] = missed(deployment)
    assert (
        entry["reason"]
        == f"C0PLANNED is already the channel of inc-1. Close that incident first. {OWN_CHANNEL}"
    )
    assert view(deployment).next_at == DUE + 48 * HOUR
    with deployment.unit_of_work.begin() as work:
        found = work.session.get_one(Incident, incidents(deployment)[0].id)
        change_status(work, load_person(work, "U0DBOPS", source="test"), found, IncidentStatus.CLOSED)
    deployment.at(DUE + 48 * HOUR)
    assert len(incidents(deployment)) == 2


def test_a_retry_that_succeeds_closes_it_too(deployment: Deployment) -> None:
    apply(deployment, GATED)
    deployment.at(DUE)
    decide(deployment, approved=False)
    [failed] = deployment.runbook_runs()
    with deployment.unit_of_work.begin() as work:
        retry(work, load_person(work, "U0DBOPS", source="test"), failed.id)
    deployment.work()
    decide(deployment, approved=True)
    assert [incident.status for incident in incidents(deployment)] == ["closed"]


def test_maintenance_triggers_no_other_workflow(deployment: Deployment) -> None:
    pages = "".join(
        f"""
---
kind: workflow
name: page{number}
trigger: {trigger}
actions: [{{id: tell, type: message, text: page}}]"""
        for number, trigger in enumerate(
            ["{on: incident.created}", "{on: incident.status_changed}", "{on: incident.age, minutes: 5}"]
        )
    )
    apply(deployment, GATED + pages)
    deployment.at(DUE)
    deployment.at(DUE + 10 * MINUTE)
    with deployment.unit_of_work.begin() as work:
        found = work.session.get_one(Incident, incidents(deployment)[0].id)
        person = load_person(work, "U0DBOPS", source="test")
        change_status(work, person, found, IncidentStatus.ACKNOWLEDGED)
    deployment.work()
    assert [run.workflow for run in deployment.runs()] == ["nightly"]
    assert deployment.said() == []


def test_after_a_downtime_only_the_latest_starts_and_the_others_are_in_the_audit_trail(
    deployment: Deployment,
) -> None:
    apply(deployment, NIGHTLY.replace("0 5 * * *", "0 * * * *").replace("    slack_channel: C0PLANNED\n", ""))
    deployment.at(DUE + 4 * HOUR + 20 * MINUTE)
    assert [incident.title for incident in incidents(deployment)] == ["Vacuum, 2026-01-05 09:00"]
    [entry] = missed(deployment)
    assert entry == {
        "workflow": "nightly",
        "reason": TOO_LATE,
        "first": "2026-01-05T04:00:00+00:00",
        "last": "2026-01-05T07:00:00+00:00",
        "count": 4,
    }


def test_one_that_is_too_late_does_not_start(deployment: Deployment) -> None:
    apply(deployment, NIGHTLY.replace("  timezone:", "  catch_up: 5m\n  timezone:"))
    deployment.at(DUE + 6 * MINUTE)
    assert incidents(deployment) == []
    assert [entry["count"] for entry in missed(deployment)] == [1]
    assert view(deployment).next_at == DUE + 24 * HOUR


def test_daylight_saving_neither_repeats_nor_drops_an_occurrence(deployment: Deployment) -> None:
    deployment.frozen.move_to(datetime(2026, 3, 28, 12, tzinfo=UTC))
    apply(
        deployment, NIGHTLY.replace("0 5 * * *", "30 2 * * *").replace("    slack_channel: C0PLANNED\n", "")
    )
    at = datetime(2026, 3, 28, 23, 45, tzinfo=UTC)
    for _ in range(12):
        at += 15 * MINUTE
        deployment.at(at)
    assert [incident.title for incident in incidents(deployment)] == ["Vacuum, 2026-03-29 03:00"]

    at = datetime(2026, 10, 24, 23, 45, tzinfo=UTC)
    deployment.frozen.move_to(at)
    with deployment.unit_of_work.begin() as work:
        person = load_person(work, "U0DBADMIN", source="test")
        for enabled in (False, True):
            switch_workflow(work, person, find_workflow(work, person, "nightly"), enabled=enabled)
    for _ in range(16):
        at += 15 * MINUTE
        deployment.at(at)
    titles = [incident.title for incident in incidents(deployment)]
    assert titles == ["Vacuum, 2026-03-29 03:00", "Vacuum, 2026-10-25 02:30"]


def test_schedulers_that_race_start_an_occurrence_once(deployment: Deployment) -> None:
    names = [f"nightly{number}" for number in range(5)]
    texts = [
        NIGHTLY.replace("name: nightly", f"name: {name}").replace("C0PLANNED", f"C0{name.upper()}")
        for name in names
    ]
    apply(deployment, "---".join(texts))
    deployment.frozen.move_to(DUE)
    barrier = threading.Barrier(4)
    troubles: list[Exception] = []

    def tick() -> None:
        barrier.wait()
        try:
            for _ in range(3):
                start_scheduled_workflows(deployment.unit_of_work)
        except Exception as error:  # noqa: BLE001 told to the test
            troubles.append(error)

    clocks = [threading.Thread(target=tick) for _ in range(4)]
    for clock in clocks:
        clock.start()
    for clock in clocks:
        clock.join()
    assert troubles == []
    assert sorted(run.workflow for run in deployment.runs()) == names
    assert len(incidents(deployment)) == 5
    assert missed(deployment) == []
    with deployment.unit_of_work.begin() as work:
        assert len(work.session.scalars(select(ScheduledOccurrence)).all()) == 5


def test_an_occurrence_that_is_on_record_never_starts_again(deployment: Deployment) -> None:
    """A scheduler's clock was ahead, and somebody disabled and enabled the workflow before it was time."""
    apply(deployment, NIGHTLY)
    deployment.at(DUE)
    deployment.frozen.move_to(DUE - timedelta(seconds=3))
    with deployment.unit_of_work.begin() as work:
        person = load_person(work, "U0DBADMIN", source="test")
        for enabled in (False, True):
            switch_workflow(work, person, find_workflow(work, person, "nightly"), enabled=enabled)
    assert view(deployment).next_at == DUE
    deployment.at(DUE)
    assert len(incidents(deployment)) == 1
    assert view(deployment).next_at == DUE + 24 * HOUR


def test_only_what_is_approved_and_enabled_starts_and_never_for_times_before(deployment: Deployment) -> None:
    apply(deployment, NIGHTLY, approve=False)
    assert view(deployment).next_at is None
    deployment.at(DUE)
    apply(deployment, NIGHTLY)
    deployment.at(DUE + MINUTE)
    assert incidents(deployment) == []
    assert view(deployment).next_at == DUE + 24 * HOUR

    apply(deployment, NIGHTLY.replace("team: database\n", "team: database\nenabled: false\n", 1))
    assert view(deployment).next_at is None
    deployment.at(DUE + 24 * HOUR)
    apply(deployment, NIGHTLY.replace("team: database\n", "team: database\nenabled: true\n", 1))
    deployment.at(DUE + 24 * HOUR + MINUTE)
    assert incidents(deployment) == []
    assert missed(deployment) == []


def test_a_new_version_changes_the_schedule_once_it_is_approved(deployment: Deployment) -> None:
    apply(deployment, NIGHTLY)
    later = NIGHTLY.replace("0 5 * * *", "0 7 * * *")
    apply(deployment, later, approve=False)
    assert view(deployment).next_at == DUE
    apply(deployment, later)
    assert view(deployment).next_at == DUE + 2 * HOUR
    deployment.at(DUE)
    assert incidents(deployment) == []


def test_a_deleted_one_does_not_start(deployment: Deployment) -> None:
    apply(deployment, NIGHTLY)
    with deployment.unit_of_work.begin() as work:
        person = load_person(work, "U0DBADMIN", source="test")
        row = delete(work, person, WORKFLOWS, find_workflow(work, person, "nightly"))
        assert view_workflow(row).next_at is None
    deployment.at(DUE)
    assert incidents(deployment) == []


def test_a_global_workflow_opens_the_incident_of_the_team_that_it_names(deployment: Deployment) -> None:
    text = NIGHTLY.replace("team: database\n", "").replace("    slack_channel: C0PLANNED", "    team: web")
    apply(deployment, text)
    deployment.at(DUE)
    assert [incident.team.name for incident in incidents(deployment)] == ["web"]
    assert deployment.run().status is Status.SUCCEEDED


def test_a_channel_that_its_team_no_longer_declares_is_refused_without_a_word_in_it(
    deployment: Deployment,
) -> None:
    apply(deployment, NIGHTLY)
    moved = TEAMS.replace("C0PLANNED, ", "").replace("name: web", "name: web\nchannels: [C0PLANNED]")
    apply_documents(deployment.unit_of_work, moved)
    deployment.open(team="web", slack_channel="C0PLANNED", person="U0WEB")
    deployment.at(DUE)
    assert [incident.team.name for incident in incidents(deployment)] == ["web"]
    assert deployment.said() == []
    [entry] = missed(deployment)
    assert "inc-" not in str(entry["reason"])


def test_a_team_that_has_started_too_much_is_waited_for(deployment: Deployment) -> None:
    deployment.unit_of_work = replace(deployment.unit_of_work, limits=replace(STANDARD, workflows_of_team=1))
    text = NIGHTLY.replace("    slack_channel: C0PLANNED\n", "")
    apply(deployment, f"{text}---{text.replace('nightly', 'weekly')}")
    deployment.at(DUE)
    assert [run.workflow for run in deployment.runs()] == ["nightly"]
    assert len(incidents(deployment)) == 1
    deployment.at(DUE + MINUTE + timedelta(seconds=1))
    assert [run.workflow for run in deployment.runs()] == ["nightly", "weekly"]
    assert missed(deployment) == []


def test_people_may_open_incidents_however_many_schedules_there_are(deployment: Deployment) -> None:
    text = NIGHTLY.replace("    slack_channel: C0PLANNED\n", "")
    apply(deployment, "---".join(text.replace("name: nightly", f"name: n{n}") for n in range(70)))
    deployment.at(DUE)
    assert len(incidents(deployment)) == 70
    deployment.open()


def test_a_title_that_cannot_be_evaluated_stops_nothing(deployment: Deployment) -> None:
    apply(deployment, NIGHTLY.replace("{{ event.local }}", "{{ 1 / (size(event.local) - 16) }}"))
    deployment.at(DUE)
    [incident] = incidents(deployment)
    assert incident.title != ""
    assert deployment.run().status is Status.SUCCEEDED


def test_the_card_is_enqueued_as_for_every_incident(deployment: Deployment) -> None:
    apply(deployment, NIGHTLY)
    deployment.at(DUE)
    with deployment.unit_of_work.begin() as work:
        kinds = set(work.session.scalars(select(Notice.kind)))
    assert kinds == {"incident", "message"}
    assert START < DUE


def test_a_frozen_teams_planned_work_waits_for_the_end_of_the_freeze(deployment: Deployment) -> None:
    apply(deployment, NIGHTLY)
    with deployment.unit_of_work.begin() as work:
        person = load_person(work, "U0DBADMIN", source="test")
        held = freeze(work, person, team="database", reason="We move house").id
    deployment.at(DUE)
    assert [incident.status for incident in incidents(deployment)] == ["open"]
    assert deployment.said() == []
    with deployment.unit_of_work.begin() as work:
        unfreeze(work, load_person(work, "U0DBADMIN", source="test"), held)
    deployment.at(DUE + MINUTE)
    assert deployment.run().status is Status.SUCCEEDED
    assert [incident.status for incident in incidents(deployment)] == ["closed"]


def test_in_a_restored_copy_what_an_occurrence_starts_is_in_doubt(deployment: Deployment) -> None:
    """The original database may have seen the occurrence start before it was lost."""
    apply(deployment, NIGHTLY)
    settle(deployment.unit_of_work)
    with deployment.unit_of_work.begin() as work:
        work.session.execute(update(Installation).values(restored_at=DUE + timedelta(seconds=2)))
    deployment.at(DUE + timedelta(seconds=3))
    with deployment.unit_of_work.begin() as work:
        assert work.session.scalars(select(ActionExecution.maybe_done)).all() == [True]


def test_an_occurrence_that_new_rules_of_its_zone_have_moved_waits_for_its_new_time(
    deployment: Deployment,
) -> None:
    apply(deployment, NIGHTLY)
    with deployment.unit_of_work.begin() as work:
        work.session.execute(update(Workflow).values(next_at=DUE - 30 * MINUTE))  # as older rules had it
    deployment.at(DUE - 20 * MINUTE)
    assert incidents(deployment) == []
    assert view(deployment).next_at == DUE
    deployment.at(DUE)
    assert len(incidents(deployment)) == 1
