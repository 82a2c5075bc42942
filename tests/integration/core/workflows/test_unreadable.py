"""Workflows whose kept definition cannot be read any more, when something happens that may start them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.errors import Conflict
from core.services.access.people import load_person
from core.services.incidents import ages
from core.services.library.workflows import find_workflow
from core.services.starts.workflow_starts import start_workflow_by_person
from core.statuses import IncidentStatus, Status
from core.tables import Incident
from tests.integration.core.workflows.deployment import Deployment
from tests.world import uninstall

GONE = "kind: workflow\nname: gone\n%s\nactions: [{id: page, type: webhook, url: https://a.example}]\n"
FINE = "kind: workflow\nname: tells\n%s\nactions: [{id: tell, type: message, text: told}]\n"
WHY = (
    "Version 1 of gone cannot be read by this version of the service, at actions.0.type: "
    "There is no action type gone."
)


def prepare(deployment: Deployment, header: str) -> None:
    """Of two workflows with this header the first cannot be read."""
    deployment.apply(f"\n{GONE % header}---\n{FINE % header}")
    uninstall(deployment.unit_of_work, "webhook")


def test_the_incident_opens_and_the_channel_hears_of_the_failure(deployment: Deployment) -> None:
    prepare(deployment, "trigger: {on: incident.created}")
    deployment.open()
    run = deployment.run("gone")
    assert (run.status, run.error, run.actions) == (Status.FAILED, WHY, [])
    assert f":warning: Workflow *gone* v1 ({run.id}) failed. {WHY}" in deployment.said()
    assert deployment.run("tells").status is Status.SUCCEEDED


def test_an_incident_of_another_team_does_not_hear_of_it(deployment: Deployment) -> None:
    prepare(deployment, "team: web\ntrigger: {on: incident.created}")
    deployment.open()
    assert deployment.runs() == []
    deployment.open(team="web", person="U0WEB")
    assert deployment.run("gone").status is Status.FAILED


@pytest.mark.parametrize(("once", "times"), [("true", 1), ("false", 2)])
def test_what_runs_once_per_incident_fails_once(deployment: Deployment, once: str, times: int) -> None:
    prepare(deployment, f"trigger: {{on: incident.status_changed}}\nonce_per_incident: {once}")
    incident = deployment.open()
    deployment.change(incident, IncidentStatus.ACKNOWLEDGED)
    deployment.change(incident, IncidentStatus.RESOLVED)
    assert len(deployment.runs("gone")) == times


def test_who_starts_it_by_hand_is_told(deployment: Deployment) -> None:
    prepare(deployment, "trigger: {on: manual}")
    incident = deployment.open()
    with deployment.unit_of_work.begin() as work:
        person = load_person(work, "U0DBOPS", source="test")
        workflow = find_workflow(work, person, "gone")
        bound = work.session.get_one(Incident, incident.id)
        with pytest.raises(Conflict, match=r"Version 1 of gone is no longer valid, at actions\.0\.type"):
            start_workflow_by_person(work, person, workflow, bound, None)


@pytest.fixture
def never_warned() -> Iterator[None]:
    ages._warn.cache_clear()
    yield
    ages._warn.cache_clear()


@pytest.mark.usefixtures("never_warned")
def test_one_that_waits_for_an_age_is_left_out_with_one_warning(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(deployment, "trigger: {on: incident.age, minutes: 15}")
    deployment.open()
    for minutes in (15, 16, 17):
        deployment.at(timedelta(minutes=minutes))
    assert deployment.runs("gone") == []
    assert deployment.run("tells").status is Status.SUCCEEDED
    assert capsys.readouterr().out.count(WHY) == 1


@pytest.mark.usefixtures("never_warned")
def test_one_that_became_unreadable_after_it_was_found_due_is_left_out(deployment: Deployment) -> None:
    prepare(deployment, "trigger: {on: incident.age, minutes: 15}")
    incident = deployment.open()
    with deployment.unit_of_work.begin() as work:
        gone = find_workflow(work, load_person(work, "U0DBOPS", source="test"), "gone")
        ages._reach(work, gone.id, incident.id)
        assert work.session.scalars(select(Incident)).one()
    assert deployment.runs("gone") == []
