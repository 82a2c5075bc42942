"""A resolved incident posts its summary once; its card is pinned once."""

from structlog.testing import capture_logs

from core.services.access.people import load_person
from core.services.incidents.opening import change_status
from core.services.incidents.timeline import add_note
from core.statuses import IncidentStatus
from core.tables import Incident, Notice
from tests.integration.bot.world import CHANNEL, OPS, BotWorld
from tests.world import apply_documents

PIN = "pins.add"


def moves(world: BotWorld, incident: Incident, status: IncidentStatus, note: str = "") -> None:
    with world.unit_of_work.begin() as work:
        row, person = work.session.get_one(Incident, incident.id), load_person(work, OPS, source="test")
        if note:
            add_note(work, person, row, note)
        change_status(work, person, row, status)


def test_a_resolved_incident_posts_a_summary_of_who_did_what_and_how_long_it_took(
    world: BotWorld, incident: Incident
) -> None:
    world.time.pass_by(180)
    moves(world, incident, IncidentStatus.ACKNOWLEDGED)
    world.run(incident, "check")
    world.time.pass_by(600)
    moves(world, incident, IncidentStatus.RESOLVED, "The disk was full <!channel>")
    world.settle()
    moves(world, incident, IncidentStatus.CLOSED)
    world.settle()
    [summary] = [each for each in world.messages() if "is resolved" in each["text"]]
    assert "Acknowledged after 3 min, resolved after 13 min. 1 run, 1 person." in summary["text"]
    shown = str(summary["blocks"])
    assert "check" in shown
    assert "noted: The disk was full &lt;!channel&gt;" in shown


def test_the_card_is_pinned_once_even_if_the_first_answer_was_lost(
    world: BotWorld, incident: Incident
) -> None:
    world.people.play({"method": PIN, "kind": "reset_after_accept"})
    world.settle()
    assert len(world.people.calls(PIN)) >= 2
    with world.unit_of_work.begin() as work:
        [pin] = work.session.query(Notice).filter_by(kind="pin").all()
        assert (pin.delivered, pin.abandoned_at) == (pin.wanted, None)


def test_a_missing_scope_costs_the_pin_alone_and_is_logged_once(world: BotWorld, incident: Incident) -> None:
    world.people.play({"method": PIN, "kind": "error", "error": "missing_scope", "times": 9})
    with capture_logs() as logs:
        world.settle()
        apply_documents(
            world.unit_of_work, "kind: runbook\nname: other\nsteps: [{id: a, type: wait, for: 1s}]"
        )
        world.run(incident, "check")
        world.settle()
    assert len([entry for entry in logs if entry["event"] == "a pin is left out"]) == 1
    assert "outcome" in world.kinds(CHANNEL)
