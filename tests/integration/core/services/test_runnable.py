"""Which runbooks a person is offered for an incident, and in which order."""

import pytest

from core.services.access.people import load_person
from core.services.library.runnable import matching, runnable_for
from core.tables import Incident
from tests.integration.core.world import CoreWorld
from tests.world import apply_documents, new_incident, start_run, suspect

STEPS = "steps: [{id: say, type: message, text: hello}]"


def runbook(name: str, *more: str, team: str | None = "database") -> str:
    owner = [f"team: {team}"] if team else []
    return "\n".join(["kind: runbook", f"name: {name}", *owner, *more, STEPS])


LIBRARY = "\n---\n".join(
    (
        runbook("aging", "description: Nobody used it."),
        runbook("busy", "description: Restart what is busy."),
        runbook("orders-failover", "for: {services: [orders-db]}"),
        runbook("eu-only", "for: {services: [orders-db], labels: {region: eu}}"),
        runbook("everywhere", team=None),
        runbook("web-restart", "for: {services: [orders-db]}", team="web"),
        runbook("suspected"),
    )
)


@pytest.fixture
def world(world: CoreWorld) -> CoreWorld:
    apply_documents(world.unit_of_work, LIBRARY)
    apply_documents(world.unit_of_work, runbook("draft"), approve=False)
    suspect(world.unit_of_work, "suspected")
    return world


def offered(world: CoreWorld, incident: Incident, who: str = "U0DBOPS") -> list[str]:
    with world.unit_of_work.begin() as work:
        row = work.session.get_one(Incident, incident.id)
        return [each.name for each in runnable_for(work, load_person(work, who, source="test"), row)]


def test_those_made_for_the_incident_come_first_then_the_last_used_then_by_name(world: CoreWorld) -> None:
    incident = new_incident(world.unit_of_work, service="orders-db", labels={"region": "us"})
    start_run(world.unit_of_work, incident, "everywhere")
    world.clock.pass_by(minutes=1)
    start_run(world.unit_of_work, incident, "busy")

    assert offered(world, incident) == ["orders-failover", "busy", "everywhere", "aging", "eu-only"]


def test_an_incident_with_the_label_too_is_offered_both(world: CoreWorld) -> None:
    incident = new_incident(world.unit_of_work, service="orders-db", labels={"region": "eu"})
    assert offered(world, incident)[:2] == ["eu-only", "orders-failover"]


def test_of_another_team_drafts_and_those_under_quarantine_none_is_offered(world: CoreWorld) -> None:
    names = offered(world, world.incident)
    assert {"web-restart", "draft", "suspected"}.isdisjoint(names)
    assert "everywhere" in names


def test_who_may_not_run_anything_for_the_incident_is_offered_nothing(world: CoreWorld) -> None:
    assert offered(world, world.incident, "U0WEB") == []
    assert offered(world, world.incident, "U0NOBODY") == []


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", ["aging", "busy", "eu-only", "everywhere", "orders-failover"]),
        ("ORDERS", ["orders-failover"]),
        ("orders fail", ["orders-failover"]),
        ("restart busy", ["busy"]),
        ("global", ["everywhere"]),
        ("e", ["eu-only", "everywhere", "aging", "busy", "orders-failover"]),
        ("web-restart", []),
    ],
)
def test_what_is_typed_is_looked_for_in_name_team_and_description(
    world: CoreWorld, typed: str, found: list[str]
) -> None:
    with world.unit_of_work.begin() as work:
        person = load_person(work, "U0DBOPS", source="test")
        row = work.session.get_one(Incident, world.incident.id)
        assert [each.name for each in matching(runnable_for(work, person, row), typed)] == found
