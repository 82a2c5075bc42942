"""What an incident's channel gets to see, and where."""

from core.services.access.people import load_person
from core.services.incidents.opening import change_status, find_incident
from core.statuses import IncidentStatus
from core.tables import Incident
from core.views.executions import MessageView
from tests.integration.bot.desk import CHANNEL, OPS, Desk, texts
from tests.world import apply_documents, see


def test_the_card_goes_first_then_the_headline_then_what_belongs_in_its_thread(
    desk: Desk, incident: Incident
) -> None:
    desk.run(incident, "gated")
    desk.settle()
    assert desk.kinds() == ["incident", "headline", "gate", "detail"]


def test_the_headline_is_posted_once_and_updated_in_place(desk: Desk, incident: Incident) -> None:
    execution_id = desk.start(incident, "gated")
    desk.settle()
    before = desk.the("headline")
    desk.work()
    desk.settle()
    desk.approve(execution_id)
    desk.work()
    desk.settle()
    after = desk.the("headline")
    assert after["ts"] == before["ts"]
    assert "pending" in before["text"]
    assert "succeeded" in after["text"]
    assert after["metadata"]["event_payload"]["status"] == "succeeded"


def test_the_way_leads_from_a_message_to_its_run_and_back(desk: Desk, incident: Incident) -> None:
    execution_id = desk.start(incident, "gated")
    assert see(desk.service, execution_id).message is None, "it is not posted yet"
    desk.settle()
    message, headline = see(desk.service, execution_id).message, desk.the("headline")
    assert headline["metadata"]["event_payload"]["execution_id"] == execution_id
    assert message == MessageView(channel=CHANNEL, ts=headline["ts"])


def test_gate_outcome_and_details_go_into_the_headlines_thread(desk: Desk, incident: Incident) -> None:
    desk.approve(desk.run(incident, "gated"))
    desk.work()
    desk.settle()
    thread = desk.the("headline")["ts"]
    replies = [message for message in desk.messages() if message["ts"] != thread][1:]
    assert {message["thread_ts"] for message in replies} == {thread}
    assert sorted(desk.kinds()) == ["detail", "gate", "headline", "incident", "outcome"]


def test_gate_and_outcome_are_shown_in_the_channel_too_and_details_are_not(
    desk: Desk, incident: Incident
) -> None:
    desk.approve(desk.run(incident, "gated"))
    desk.work()
    desk.settle()
    subtypes = {kind: desk.the(kind).get("subtype") for kind in ("gate", "outcome", "detail")}
    assert subtypes == {"gate": "thread_broadcast", "outcome": "thread_broadcast", "detail": None}


def test_a_decided_gate_is_updated_where_it_stands(desk: Desk, incident: Incident) -> None:
    execution_id = desk.run(incident, "gated")
    desk.settle()
    open_gate = desk.the("gate")
    desk.approve(execution_id)
    desk.settle()
    assert desk.the("gate")["ts"] == open_gate["ts"]
    assert "Approved" in desk.the("gate")["text"]


def test_details_are_told_once_each_in_order_and_merged(desk: Desk, incident: Incident) -> None:
    execution_id = desk.run(incident, "gated")
    desk.settle()
    desk.approve(execution_id)
    desk.work()
    desk.settle()
    first, second = map(texts, desk.of_kind("detail"))
    assert "first" in first
    assert [word in second for word in ("first", "approved by", "second", "third")] == [
        False,
        True,
        True,
        True,
    ]
    assert second.index("second") < second.index("third")


def test_more_details_than_a_message_holds_are_told_in_the_next_one(desk: Desk, incident: Incident) -> None:
    steps = "\n".join(f"  - {{id: s{n}, type: shell, argv: [echo, said-{n}.]}}" for n in range(45))
    apply_documents(desk.service, f"kind: runbook\nname: long\nsteps:\n{steps}\n")
    desk.run(incident, "long")
    desk.settle()
    told = "".join(map(texts, desk.of_kind("detail")))
    assert [told.count(f"said-{n}.") for n in range(45)] == [1] * 45


def test_a_change_that_tells_nothing_new_posts_no_detail(desk: Desk, incident: Incident) -> None:
    desk.start(incident, "check")
    desk.settle()
    assert desk.kinds() == ["incident", "headline"]


def test_what_a_message_step_says_stands_in_the_channel(desk: Desk, incident: Incident) -> None:
    desk.run(incident, "say", text="Replica promoted.\n\nAll well.")
    desk.settle()
    said = desk.the("message")
    assert "thread_ts" not in said
    assert said["text"] == "Replica promoted.\n\nAll well."


def test_a_message_step_without_words_still_says_something(desk: Desk, incident: Incident) -> None:
    desk.run(incident, "say", text=" \n ")
    desk.settle()
    assert desk.the("message")["text"] == "…"


def test_a_message_step_cannot_call_the_whole_channel(desk: Desk, incident: Incident) -> None:
    desk.run(incident, "say", text="<!channel> <@U0DBOPS> look")
    desk.settle()
    assert desk.the("message")["text"] == "&lt;!channel&gt; <@U0DBOPS> look"


def test_a_message_step_may_be_far_too_long(desk: Desk, incident: Incident) -> None:
    desk.run(incident, "say", text="word " * 20_000)
    desk.settle()
    assert desk.the("message")["text"].startswith("word word")


def test_an_incidents_card_is_updated_when_its_status_changes(desk: Desk, incident: Incident) -> None:
    desk.settle()
    card = desk.the("incident")
    with desk.service.transaction() as work:
        person = load_person(work, OPS, source="test")
        change_status(work, person, find_incident(work, person, incident.id), IncidentStatus.RESOLVED)
    desk.settle()
    assert desk.the("incident")["ts"] == card["ts"]
    assert "resolved" in desk.the("incident")["text"]
