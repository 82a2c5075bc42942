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
from tests.integration.core.workflows.house import House
from tests.world import uninstall

GONE = "kind: workflow\nname: gone\n%s\nactions: [{id: page, type: webhook, url: https://a.example}]\n"
FINE = "kind: workflow\nname: tells\n%s\nactions: [{id: tell, type: message, text: told}]\n"
WHY = (
    "Version 1 of gone cannot be read by this version of the service, at actions.0.type: "
    "There is no action type gone."
)


def prepare(house: House, header: str) -> None:
    """Of two workflows with this header the first cannot be read."""
    house.apply(f"\n{GONE % header}---\n{FINE % header}")
    uninstall(house.unit_of_work, "webhook")


def test_the_incident_opens_and_the_channel_hears_of_the_failure(house: House) -> None:
    prepare(house, "trigger: {on: incident.created}")
    house.open()
    run = house.run("gone")
    assert (run.status, run.error, run.actions) == (Status.FAILED, WHY, [])
    assert f":warning: Workflow *gone* v1 ({run.id}) failed. {WHY}" in house.said()
    assert house.run("tells").status is Status.SUCCEEDED


def test_an_incident_of_another_team_does_not_hear_of_it(house: House) -> None:
    prepare(house, "team: web\ntrigger: {on: incident.created}")
    house.open()
    assert house.runs() == []
    house.open(team="web", person="U0WEB")
    assert house.run("gone").status is Status.FAILED


@pytest.mark.parametrize(("once", "times"), [("true", 1), ("false", 2)])
def test_what_runs_once_per_incident_fails_once(house: House, once: str, times: int) -> None:
    prepare(house, f"trigger: {{on: incident.status_changed}}\nonce_per_incident: {once}")
    incident = house.open()
    house.change(incident, IncidentStatus.ACKNOWLEDGED)
    house.change(incident, IncidentStatus.RESOLVED)
    assert len(house.runs("gone")) == times


def test_who_starts_it_by_hand_is_told(house: House) -> None:
    prepare(house, "trigger: {on: manual}")
    incident = house.open()
    with house.unit_of_work.begin() as work:
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
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(house, "trigger: {on: incident.age, minutes: 15}")
    house.open()
    for minutes in (15, 16, 17):
        house.at(timedelta(minutes=minutes))
    assert house.runs("gone") == []
    assert house.run("tells").status is Status.SUCCEEDED
    assert capsys.readouterr().out.count(WHY) == 1


@pytest.mark.usefixtures("never_warned")
def test_one_that_became_unreadable_after_it_was_found_due_is_left_out(house: House) -> None:
    prepare(house, "trigger: {on: incident.age, minutes: 15}")
    incident = house.open()
    with house.unit_of_work.begin() as work:
        gone = find_workflow(work, load_person(work, "U0DBOPS", source="test"), "gone")
        ages._reach(work, gone.id, incident.id)
        assert work.session.scalars(select(Incident)).one()
    assert house.runs("gone") == []
