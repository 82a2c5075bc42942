"""When Slack is slow, broken, or silent: every message arrives, and once in effect."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from core.tables import Incident, RunbookExecution
from slack_sandbox.values import Json
from tests.integration.bot.world import CHANNEL, MANY_CHANNELS, OPS, BotWorld, texts
from tests.world import TEAMS, apply_documents

ALL = ["incident", "headline", "outcome", "detail"]
POST, UPDATE = "chat.postMessage", "chat.update"


def post_fault(kind: str, **more: object) -> Json:
    return {"method": POST, "kind": kind, **more}


@pytest.mark.parametrize(
    "fault",
    [
        post_fault("status", status=500, times=4),
        post_fault("status", status=502, times=2),
        post_fault("error", error="internal_error", times=3),
        post_fault("ratelimited", times=3, retry_after=7),
        post_fault("reset_before_accept", times=3),
        post_fault("reset_after_accept"),
        post_fault("reset_after_accept", skip=1),
        post_fault("reset_after_accept", skip=2),
        post_fault("reset_after_accept", times=4),
        post_fault("status", status=200, times=2),  # what a proxy on the way says, for one
    ],
    ids=lambda fault: "-".join(str(value) for name, value in fault.items() if name != "method"),
)
def test_everything_arrives_once(world: BotWorld, incident: Incident, fault: Json) -> None:
    world.people.play(fault)
    world.run(incident, "check")
    world.settle()
    assert sorted(world.kinds()) == sorted(ALL)
    assert "succeeded" in world.the("outcome")["text"]
    assert "succeeded" in world.the("headline")["text"]


def test_after_429_nobody_posts_before_the_time_that_slack_named(world: BotWorld, incident: Incident) -> None:
    world.people.play(post_fault("ratelimited", retry_after=7))
    world.run(incident, "check")
    world.settle()
    refused, again, *_ = world.moments(POST)
    assert again - refused >= timedelta(seconds=7)


def test_after_429_no_message_is_updated_before_the_time_that_slack_named(
    world: BotWorld, incident: Incident
) -> None:
    runs = [world.start(incident, "check") for _ in range(2)]
    world.settle()
    world.people.play({"method": UPDATE, "kind": "ratelimited", "retry_after": 9})
    world.work()
    world.settle()
    refused, again, *_ = world.moments(UPDATE)
    assert again - refused >= timedelta(seconds=9)
    assert len(world.of_kind("headline")) == len(runs)


def test_a_post_that_was_accepted_before_the_connection_was_cut_is_looked_up_and_not_repeated(
    world: BotWorld, incident: Incident
) -> None:
    world.settle()
    world.people.play(post_fault("reset_after_accept"))
    world.run(incident, "say", text="once")
    world.settle()
    assert len(world.people.calls("conversations.history")) == 1
    assert len(world.people.calls(POST)) == len(world.messages())


def test_a_reply_that_was_accepted_is_found_in_a_long_thread(world: BotWorld, incident: Incident) -> None:
    world.start(incident, "check")
    world.settle()
    thread = world.the("headline")["ts"]
    for number in range(230):
        world.people.say(f"talk {number}", OPS, CHANNEL, thread_ts=thread)
    world.people.play(post_fault("reset_after_accept"))
    world.work()
    world.settle()
    assert len(world.of_kind("outcome")) == 1


def test_a_post_that_was_cut_is_found_in_a_channel_where_much_was_said_since(
    world: BotWorld, incident: Incident
) -> None:
    world.settle()
    world.people.play(post_fault("reset_after_accept"))
    world.start(incident, "check")
    world.deliver()
    world.time.pass_by(1)
    world.deliver()
    for number in range(230):
        world.people.say(f"talk {number}", OPS, CHANNEL)
    world.settle()
    assert len(world.of_kind("headline")) == 1


@pytest.mark.parametrize(
    "refusal",
    [{"kind": "ratelimited"}, {"kind": "error", "error": "token_revoked"}, {"kind": "status", "status": 503}],
    ids=lambda refusal: refusal["kind"],
)
def test_a_look_up_that_is_refused_takes_no_doubt_away(
    world: BotWorld, incident: Incident, refusal: Json
) -> None:
    world.people.play(
        post_fault("reset_after_accept"), {"method": "conversations.history", "times": 2, **refusal}
    )
    world.settle()
    assert world.kinds() == ["incident"]


@pytest.mark.parametrize(
    "refusal", ["missing_scope", "channel_not_found", "method_not_supported_for_channel_type"]
)
def test_what_slack_does_not_let_us_look_up_is_posted_again_rather_than_lost(
    world: BotWorld, incident: Incident, refusal: str
) -> None:
    """A private channel without groups:history: the token is good, and people must see what happens."""
    world.people.play(
        post_fault("status", status=503),
        {"method": "conversations.history", "kind": "error", "error": refusal, "times": 1000},
    )
    with capture_logs() as logs:
        world.run(incident, "check")
        world.settle()
    assert set(world.kinds()) == set(ALL)
    assert "Slack refuses our token" not in [entry["event"] for entry in logs]


def test_a_message_found_again_is_brought_to_the_state_of_now(world: BotWorld, incident: Incident) -> None:
    world.settle()
    world.people.play(post_fault("reset_after_accept"))
    world.start(incident, "check")
    world.settle(lambda: bool(world.of_kind("headline")))
    assert "pending" in world.the("headline")["text"]
    world.work()
    world.settle()
    assert "succeeded" in world.the("headline")["text"]


def test_details_that_came_after_a_reply_found_again_are_told_too(
    world: BotWorld, incident: Incident
) -> None:
    execution_id = world.run(incident, "gated")
    world.settle(lambda: bool(world.of_kind("gate")))
    world.people.play(post_fault("reset_after_accept"))
    world.settle(lambda: bool(world.of_kind("detail")))
    world.approve(execution_id)
    world.work()
    world.settle()
    told = "".join(map(texts, world.of_kind("detail")))
    assert [told.count(word) for word in ("first", "approved by", "second", "third")] == [1, 1, 1, 1]


def test_a_deleted_headline_is_posted_anew(world: BotWorld, incident: Incident) -> None:
    execution_id = world.run(incident, "gated")
    world.settle()
    world.poster.client.chat_delete(channel=CHANNEL, ts=world.the("headline")["ts"])
    world.approve(execution_id)
    world.work()
    world.settle()
    assert "succeeded" in world.the("headline")["text"]
    assert len(world.of_kind("outcome")) == 1


def test_a_reply_whose_thread_is_gone_waits_for_a_new_headline(world: BotWorld, incident: Incident) -> None:
    world.start(incident, "check")
    world.settle()
    world.poster.client.chat_delete(channel=CHANNEL, ts=world.the("headline")["ts"])
    world.people.play({"method": UPDATE, "kind": "status", "times": 3})
    world.work()
    world.settle()
    assert world.the("outcome")["thread_ts"] == world.the("headline")["ts"]
    assert len([call for call in world.people.calls(POST) if call["error"] == "thread_not_found"]) == 1


def test_a_deleted_gate_is_posted_anew_when_it_is_decided(world: BotWorld, incident: Incident) -> None:
    execution_id = world.run(incident, "gated")
    world.settle()
    world.poster.client.chat_delete(channel=CHANNEL, ts=world.the("gate")["ts"])
    world.approve(execution_id)
    world.settle()
    assert "Approved" in world.the("gate")["text"]


def test_an_archived_channel_ends_in_one_alarm_and_the_run_still_finishes(
    world: BotWorld, incident: Incident
) -> None:
    execution_id = world.run(incident, "gated")
    world.settle()
    world.people.do(f"/channels/{CHANNEL}/archive", user=OPS)
    with capture_logs() as logs:
        world.approve(execution_id)
        world.work()
        world.settle()
    alarms = [entry for entry in logs if entry["log_level"] == "error"]
    assert [alarm["event"] for alarm in alarms] == ["a message will never arrive"]
    with world.unit_of_work.begin() as work:
        assert work.session.get_one(RunbookExecution, execution_id).status == "succeeded"


def test_a_revoked_token_that_is_mended_delivers_everything(world: BotWorld, incident: Incident) -> None:
    world.people.play({"kind": "error", "error": "token_revoked", "times": 1000})
    world.run(incident, "check")
    world.deliver()
    world.time.pass_by(600)
    world.deliver()
    assert world.messages() == []
    world.people.play()
    world.settle()
    assert sorted(world.kinds()) == sorted(ALL)


def test_a_revoked_token_is_one_alarm_and_the_run_still_finishes(world: BotWorld, incident: Incident) -> None:
    world.people.play({"kind": "error", "error": "token_revoked", "times": 1000})
    with capture_logs() as logs:
        for name in ("check", "check"):
            execution_id = world.run(incident, name)
            for _ in range(5):
                world.deliver()
                world.time.pass_by(61)
    alarms = [entry["event"] for entry in logs if entry["log_level"] == "error"]
    assert alarms == ["Slack refuses our token"]
    with world.unit_of_work.begin() as work:
        assert work.session.get_one(RunbookExecution, execution_id).status == "succeeded"


def test_with_a_bad_token_slack_is_not_asked_all_the_time(world: BotWorld, incident: Incident) -> None:
    world.people.play({"kind": "error", "error": "invalid_auth", "times": 1000})
    for _ in range(100):
        world.deliver()
        world.time.pass_by(0.5)
    assert len(world.people.calls(POST)) == 1


def test_a_poster_that_was_removed_from_the_channel_joins_again(world: BotWorld, incident: Incident) -> None:
    world.settle()
    world.poster.client.conversations_leave(channel=CHANNEL)
    world.run(incident, "check")
    world.settle()
    assert sorted(world.kinds()) == sorted(ALL)


def test_an_update_refused_for_want_of_membership_is_still_an_update(
    world: BotWorld, incident: Incident
) -> None:
    world.start(incident, "check")
    world.settle()
    world.people.play({"method": UPDATE, "kind": "error", "error": "not_in_channel"})
    world.work()
    world.settle()
    assert "succeeded" in world.the("headline")["text"]


def test_a_private_channel_without_us_ends_in_an_alarm_and_not_in_a_loop(
    world: BotWorld, incident: Incident
) -> None:
    world.people.play(
        post_fault("error", error="not_in_channel", times=1000, channel=CHANNEL),
        {"method": "conversations.join", "kind": "error", "error": "not_in_channel", "times": 1000},
    )
    with capture_logs() as logs:
        world.settle()
    assert [entry["reason"] for entry in logs if entry["log_level"] == "error"] == ["not_in_channel"]
    assert [call["arguments"]["channel"] for call in world.people.calls(POST)].count(CHANNEL) == 1


def test_what_slack_refuses_for_its_content_ends_in_an_alarm_and_keeps_nothing_else_back(
    world: BotWorld, incident: Incident
) -> None:
    world.people.play(post_fault("error", error="invalid_blocks"))
    world.run(incident, "check")
    with capture_logs() as logs:
        world.settle()
    assert sorted(world.kinds()) == ["detail", "headline", "outcome"]
    assert [entry["reason"] for entry in logs if entry["log_level"] == "error"] == ["invalid_blocks"]


def test_a_mistake_of_ours_in_one_card_delays_that_one_and_ends_in_one_alarm(
    world: BotWorld, incident: Incident
) -> None:
    """As the content of a row of another release may be: a KeyError when it is shown."""
    world.run(incident, "say", text="hello")
    with world.unit_of_work.begin() as work:
        work.session.execute(text("UPDATE notices SET content = '{}' WHERE kind = 'message'"))
    with capture_logs() as logs:
        for _ in range(200):
            world.deliver()
            world.time.pass_by(5)
    assert sorted(world.kinds()) == ["detail", "headline", "incident", "outcome"]
    alarms = [entry["event"] for entry in logs if entry["log_level"] == "error"]
    assert alarms == ["a message cannot be rendered"]
    with world.unit_of_work.begin() as work:
        work.session.execute(
            text("""UPDATE notices SET content = '{"text": "hello"}' WHERE kind = 'message'""")
        )
    world.settle()
    assert world.the("message")["text"] == "hello"


def test_a_notice_of_a_newer_release_is_left_to_its_posters(world: BotWorld, incident: Incident) -> None:
    world.run(incident, "say", text="hello")
    with world.unit_of_work.begin() as work:
        work.session.execute(text("UPDATE notices SET kind = 'of_tomorrow' WHERE kind = 'message'"))
    world.settle(lambda: len(world.of_kind("outcome")) == 1)
    assert world.of_kind("message") == []
    with world.unit_of_work.begin() as work:
        [error] = work.session.execute(text("SELECT error FROM notices WHERE kind = 'of_tomorrow'")).scalars()
    assert error is None


ELSEWHERE = """
kind: runbook
name: elsewhere
team: database
steps:
  - {id: said, type: message, channel: C0NOSUCH, text: "hello <there>\\nand a second line"}
"""


def test_a_message_that_slack_refuses_for_its_channel_is_told_in_the_incidents(
    world: BotWorld, incident: Incident
) -> None:
    teams = TEAMS.replace("name: database\n", "name: database\nchannels: [C0NOSUCH]\n")
    apply_documents(world.unit_of_work, f"{teams}---{ELSEWHERE}")
    execution_id = world.run(incident, "elsewhere")
    world.settle()
    [told] = [message for message in world.of_kind("message") if "could not be posted" in message["text"]]
    assert "<#C0NOSUCH> (C0NOSUCH): Slack answered `channel_not_found`" in told["text"]
    assert "Invite me there" in told["text"]
    assert "The message: hello &lt;there&gt;\nand a second line" in told["text"]
    assert execution_id in str(told["metadata"])


@pytest.mark.parametrize("code", ["is_archived", "restricted_action", "msg_too_long"])
def test_whatever_slack_refuses_it_for_it_is_told_once(
    world: BotWorld, incident: Incident, code: str
) -> None:
    teams = TEAMS.replace("name: database\n", f"name: database\nchannels: [C0NOSUCH, {MANY_CHANNELS[0]}]\n")
    apply_documents(world.unit_of_work, f"{teams}---{ELSEWHERE.replace('C0NOSUCH', MANY_CHANNELS[0])}")
    world.settle()
    world.people.play({"method": POST, "kind": "error", "error": code, "channel": MANY_CHANNELS[0]})
    world.run(incident, "elsewhere")
    world.settle()
    assert len([message for message in world.of_kind("message") if code in message["text"]]) == 1
