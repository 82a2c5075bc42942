"""What an incident's channel gets to see, and where."""

from core.services.access.people import load_person
from core.services.incidents.opening import change_status, find_incident
from core.statuses import IncidentStatus
from core.tables import Incident
from core.views.executions import MessageView
from tests.integration.bot.world import CHANNEL, OPS, BotWorld, texts
from tests.world import apply_documents, see


def test_the_card_goes_first_then_the_headline_then_what_belongs_in_its_thread(
    world: BotWorld, incident: Incident
) -> None:
    world.run(incident, "gated")
    world.settle()
    assert world.kinds() == ["incident", "headline", "gate", "detail"]


def test_the_headline_is_posted_once_and_updated_in_place(world: BotWorld, incident: Incident) -> None:
    execution_id = world.start(incident, "gated")
    world.settle()
    before = world.the("headline")
    world.work()
    world.settle()
    world.approve(execution_id)
    world.work()
    world.settle()
    after = world.the("headline")
    assert after["ts"] == before["ts"]
    assert "pending" in before["text"]
    assert "succeeded" in after["text"]
    assert after["metadata"]["event_payload"]["status"] == "succeeded"


def test_the_way_leads_from_a_message_to_its_run_and_back(world: BotWorld, incident: Incident) -> None:
    execution_id = world.start(incident, "gated")
    assert see(world.unit_of_work, execution_id).message is None, "it is not posted yet"
    world.settle()
    message, headline = see(world.unit_of_work, execution_id).message, world.the("headline")
    assert headline["metadata"]["event_payload"]["execution_id"] == execution_id
    assert message == MessageView(channel=CHANNEL, ts=headline["ts"])


def test_gate_outcome_and_details_go_into_the_headlines_thread(world: BotWorld, incident: Incident) -> None:
    world.approve(world.run(incident, "gated"))
    world.work()
    world.settle()
    thread = world.the("headline")["ts"]
    replies = [message for message in world.messages() if message["ts"] != thread][1:]
    assert {message["thread_ts"] for message in replies} == {thread}
    assert sorted(world.kinds()) == ["detail", "gate", "headline", "incident", "outcome"]


def test_gate_and_outcome_are_shown_in_the_channel_too_and_details_are_not(
    world: BotWorld, incident: Incident
) -> None:
    world.approve(world.run(incident, "gated"))
    world.work()
    world.settle()
    subtypes = {kind: world.the(kind).get("subtype") for kind in ("gate", "outcome", "detail")}
    assert subtypes == {"gate": "thread_broadcast", "outcome": "thread_broadcast", "detail": None}


def test_a_decided_gate_is_updated_where_it_stands(world: BotWorld, incident: Incident) -> None:
    execution_id = world.run(incident, "gated")
    world.settle()
    open_gate = world.the("gate")
    world.approve(execution_id)
    world.settle()
    assert world.the("gate")["ts"] == open_gate["ts"]
    assert "Approved" in world.the("gate")["text"]


def test_details_are_told_once_each_in_order_and_merged(world: BotWorld, incident: Incident) -> None:
    execution_id = world.run(incident, "gated")
    world.settle()
    world.approve(execution_id)
    world.work()
    world.settle()
    first, second = map(texts, world.of_kind("detail"))
    assert "first" in first
    assert [word in second for word in ("first", "approved by", "second", "third")] == [
        False,
        True,
        True,
        True,
    ]
    assert second.index("second") < second.index("third")


def test_more_details_than_a_message_holds_are_told_in_the_next_one(
    world: BotWorld, incident: Incident
) -> None:
    steps = "\n".join(f"  - {{id: s{n}, type: shell, argv: [echo, said-{n}.]}}" for n in range(45))
    apply_documents(world.unit_of_work, f"kind: runbook\nname: long\nsteps:\n{steps}\n")
    world.run(incident, "long")
    world.settle()
    told = "".join(map(texts, world.of_kind("detail")))
    assert [told.count(f"said-{n}.") for n in range(45)] == [1] * 45


def test_a_change_that_tells_nothing_new_posts_no_detail(world: BotWorld, incident: Incident) -> None:
    world.start(incident, "check")
    world.settle()
    assert world.kinds() == ["incident", "headline"]


def test_what_a_message_step_says_stands_in_the_channel(world: BotWorld, incident: Incident) -> None:
    world.run(incident, "say", text="Replica promoted.\n\nAll well.")
    world.settle()
    said = world.the("message")
    assert "thread_ts" not in said
    assert said["text"] == "Replica promoted.\n\nAll well."


def test_a_message_step_without_words_still_says_something(world: BotWorld, incident: Incident) -> None:
    world.run(incident, "say", text=" \n ")
    world.settle()
    assert world.the("message")["text"] == "–"


def test_a_message_step_cannot_call_the_whole_channel(world: BotWorld, incident: Incident) -> None:
    world.run(incident, "say", text="<!channel> <@U0DBOPS> look")
    world.settle()
    assert world.the("message")["text"] == "&lt;!channel&gt; <@U0DBOPS> look"


def test_a_message_step_may_be_far_too_long(world: BotWorld, incident: Incident) -> None:
    world.run(incident, "say", text="word " * 20_000)
    world.settle()
    assert world.the("message")["text"].startswith("word word")


def test_an_incidents_card_is_updated_when_its_status_changes(world: BotWorld, incident: Incident) -> None:
    world.settle()
    card = world.the("incident")
    with world.unit_of_work.begin() as work:
        person = load_person(work, OPS, source="test")
        change_status(work, person, find_incident(work, person, incident.id), IncidentStatus.RESOLVED)
    world.settle()
    assert world.the("incident")["ts"] == card["ts"]
    assert "resolved" in world.the("incident")["text"]
