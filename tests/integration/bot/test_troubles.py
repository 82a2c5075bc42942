"""When Slack is slow, broken, or silent: every message arrives, and once in effect."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from core.tables import Incident, RunbookExecution
from slack_sandbox.values import Json
from tests.integration.bot.desk import CHANNEL, MANY_CHANNELS, OPS, Desk, texts
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
def test_everything_arrives_once(desk: Desk, incident: Incident, fault: Json) -> None:
    desk.people.play(fault)
    desk.run(incident, "check")
    desk.settle()
    assert sorted(desk.kinds()) == sorted(ALL)
    assert "succeeded" in desk.the("outcome")["text"]
    assert "succeeded" in desk.the("headline")["text"]


def test_after_429_nobody_posts_before_the_time_that_slack_named(desk: Desk, incident: Incident) -> None:
    desk.people.play(post_fault("ratelimited", retry_after=7))
    desk.run(incident, "check")
    desk.settle()
    refused, again, *_ = desk.moments(POST)
    assert again - refused >= timedelta(seconds=7)


def test_after_429_no_message_is_updated_before_the_time_that_slack_named(
    desk: Desk, incident: Incident
) -> None:
    runs = [desk.start(incident, "check") for _ in range(2)]
    desk.settle()
    desk.people.play({"method": UPDATE, "kind": "ratelimited", "retry_after": 9})
    desk.work()
    desk.settle()
    refused, again, *_ = desk.moments(UPDATE)
    assert again - refused >= timedelta(seconds=9)
    assert len(desk.of_kind("headline")) == len(runs)


def test_a_post_that_was_accepted_before_the_connection_was_cut_is_looked_up_and_not_repeated(
    desk: Desk, incident: Incident
) -> None:
    desk.settle()
    desk.people.play(post_fault("reset_after_accept"))
    desk.run(incident, "say", text="once")
    desk.settle()
    assert len(desk.people.calls("conversations.history")) == 1
    assert len(desk.people.calls(POST)) == len(desk.messages())


def test_a_reply_that_was_accepted_is_found_in_a_long_thread(desk: Desk, incident: Incident) -> None:
    desk.start(incident, "check")
    desk.settle()
    thread = desk.the("headline")["ts"]
    for number in range(230):
        desk.people.say(f"talk {number}", OPS, CHANNEL, thread_ts=thread)
    desk.people.play(post_fault("reset_after_accept"))
    desk.work()
    desk.settle()
    assert len(desk.of_kind("outcome")) == 1


def test_a_post_that_was_cut_is_found_in_a_channel_where_much_was_said_since(
    desk: Desk, incident: Incident
) -> None:
    desk.settle()
    desk.people.play(post_fault("reset_after_accept"))
    desk.start(incident, "check")
    desk.deliver()
    desk.time.pass_by(1)
    desk.deliver()
    for number in range(230):
        desk.people.say(f"talk {number}", OPS, CHANNEL)
    desk.settle()
    assert len(desk.of_kind("headline")) == 1


@pytest.mark.parametrize(
    "refusal",
    [{"kind": "ratelimited"}, {"kind": "error", "error": "token_revoked"}, {"kind": "status", "status": 503}],
    ids=lambda refusal: refusal["kind"],
)
def test_a_look_up_that_is_refused_takes_no_doubt_away(desk: Desk, incident: Incident, refusal: Json) -> None:
    desk.people.play(
        post_fault("reset_after_accept"), {"method": "conversations.history", "times": 2, **refusal}
    )
    desk.settle()
    assert desk.kinds() == ["incident"]


@pytest.mark.parametrize(
    "refusal", ["missing_scope", "channel_not_found", "method_not_supported_for_channel_type"]
)
def test_what_slack_does_not_let_us_look_up_is_posted_again_rather_than_lost(
    desk: Desk, incident: Incident, refusal: str
) -> None:
    """A private channel without groups:history: the token is good, and people must see what happens."""
    desk.people.play(
        post_fault("status", status=503),
        {"method": "conversations.history", "kind": "error", "error": refusal, "times": 1000},
    )
    with capture_logs() as logs:
        desk.run(incident, "check")
        desk.settle()
    assert set(desk.kinds()) == set(ALL)
    assert "Slack refuses our token" not in [entry["event"] for entry in logs]


def test_a_message_found_again_is_brought_to_the_state_of_now(desk: Desk, incident: Incident) -> None:
    desk.settle()
    desk.people.play(post_fault("reset_after_accept"))
    desk.start(incident, "check")
    desk.settle(lambda: bool(desk.of_kind("headline")))
    assert "pending" in desk.the("headline")["text"]
    desk.work()
    desk.settle()
    assert "succeeded" in desk.the("headline")["text"]


def test_details_that_came_after_a_reply_found_again_are_told_too(desk: Desk, incident: Incident) -> None:
    execution_id = desk.run(incident, "gated")
    desk.settle(lambda: bool(desk.of_kind("gate")))
    desk.people.play(post_fault("reset_after_accept"))
    desk.settle(lambda: bool(desk.of_kind("detail")))
    desk.approve(execution_id)
    desk.work()
    desk.settle()
    told = "".join(map(texts, desk.of_kind("detail")))
    assert [told.count(word) for word in ("first", "approved by", "second", "third")] == [1, 1, 1, 1]


def test_a_deleted_headline_is_posted_anew(desk: Desk, incident: Incident) -> None:
    execution_id = desk.run(incident, "gated")
    desk.settle()
    desk.poster.client.chat_delete(channel=CHANNEL, ts=desk.the("headline")["ts"])
    desk.approve(execution_id)
    desk.work()
    desk.settle()
    assert "succeeded" in desk.the("headline")["text"]
    assert len(desk.of_kind("outcome")) == 1


def test_a_reply_whose_thread_is_gone_waits_for_a_new_headline(desk: Desk, incident: Incident) -> None:
    desk.start(incident, "check")
    desk.settle()
    desk.poster.client.chat_delete(channel=CHANNEL, ts=desk.the("headline")["ts"])
    desk.people.play({"method": UPDATE, "kind": "status", "times": 3})
    desk.work()
    desk.settle()
    assert desk.the("outcome")["thread_ts"] == desk.the("headline")["ts"]
    assert len([call for call in desk.people.calls(POST) if call["error"] == "thread_not_found"]) == 1


def test_a_deleted_gate_is_posted_anew_when_it_is_decided(desk: Desk, incident: Incident) -> None:
    execution_id = desk.run(incident, "gated")
    desk.settle()
    desk.poster.client.chat_delete(channel=CHANNEL, ts=desk.the("gate")["ts"])
    desk.approve(execution_id)
    desk.settle()
    assert "Approved" in desk.the("gate")["text"]


def test_an_archived_channel_ends_in_one_alarm_and_the_run_still_finishes(
    desk: Desk, incident: Incident
) -> None:
    execution_id = desk.run(incident, "gated")
    desk.settle()
    desk.people.do(f"/channels/{CHANNEL}/archive", user=OPS)
    with capture_logs() as logs:
        desk.approve(execution_id)
        desk.work()
        desk.settle()
    alarms = [entry for entry in logs if entry["log_level"] == "error"]
    assert [alarm["event"] for alarm in alarms] == ["a message will never arrive"]
    with desk.service.transaction() as work:
        assert work.session.get_one(RunbookExecution, execution_id).status == "succeeded"


def test_a_revoked_token_that_is_mended_delivers_everything(desk: Desk, incident: Incident) -> None:
    desk.people.play({"kind": "error", "error": "token_revoked", "times": 1000})
    desk.run(incident, "check")
    desk.deliver()
    desk.time.pass_by(600)
    desk.deliver()
    assert desk.messages() == []
    desk.people.play()
    desk.settle()
    assert sorted(desk.kinds()) == sorted(ALL)


def test_a_revoked_token_is_one_alarm_and_the_run_still_finishes(desk: Desk, incident: Incident) -> None:
    desk.people.play({"kind": "error", "error": "token_revoked", "times": 1000})
    with capture_logs() as logs:
        for name in ("check", "check"):
            execution_id = desk.run(incident, name)
            for _ in range(5):
                desk.deliver()
                desk.time.pass_by(61)
    alarms = [entry["event"] for entry in logs if entry["log_level"] == "error"]
    assert alarms == ["Slack refuses our token"]
    with desk.service.transaction() as work:
        assert work.session.get_one(RunbookExecution, execution_id).status == "succeeded"


def test_with_a_bad_token_slack_is_not_asked_all_the_time(desk: Desk, incident: Incident) -> None:
    desk.people.play({"kind": "error", "error": "invalid_auth", "times": 1000})
    for _ in range(100):
        desk.deliver()
        desk.time.pass_by(0.5)
    assert len(desk.people.calls(POST)) == 1


def test_a_poster_that_was_removed_from_the_channel_joins_again(desk: Desk, incident: Incident) -> None:
    desk.settle()
    desk.poster.client.conversations_leave(channel=CHANNEL)
    desk.run(incident, "check")
    desk.settle()
    assert sorted(desk.kinds()) == sorted(ALL)


def test_an_update_refused_for_want_of_membership_is_still_an_update(desk: Desk, incident: Incident) -> None:
    desk.start(incident, "check")
    desk.settle()
    desk.people.play({"method": UPDATE, "kind": "error", "error": "not_in_channel"})
    desk.work()
    desk.settle()
    assert "succeeded" in desk.the("headline")["text"]


def test_a_private_channel_without_us_ends_in_an_alarm_and_not_in_a_loop(
    desk: Desk, incident: Incident
) -> None:
    desk.people.play(
        post_fault("error", error="not_in_channel", times=1000),
        {"method": "conversations.join", "kind": "error", "error": "not_in_channel", "times": 1000},
    )
    with capture_logs() as logs:
        desk.settle()
    assert [entry["reason"] for entry in logs if entry["log_level"] == "error"] == ["not_in_channel"]
    assert len(desk.people.calls(POST)) == 1


def test_what_slack_refuses_for_its_content_ends_in_an_alarm_and_keeps_nothing_else_back(
    desk: Desk, incident: Incident
) -> None:
    desk.people.play(post_fault("error", error="invalid_blocks"))
    desk.run(incident, "check")
    with capture_logs() as logs:
        desk.settle()
    assert sorted(desk.kinds()) == ["detail", "headline", "outcome"]
    assert [entry["reason"] for entry in logs if entry["log_level"] == "error"] == ["invalid_blocks"]


def test_a_mistake_of_ours_in_one_card_delays_that_one_and_ends_in_one_alarm(
    desk: Desk, incident: Incident
) -> None:
    """As the content of a row of another release may be: a KeyError when it is shown."""
    desk.run(incident, "say", text="hello")
    with desk.service.transaction() as work:
        work.session.execute(text("UPDATE notices SET content = '{}' WHERE kind = 'message'"))
    with capture_logs() as logs:
        for _ in range(200):
            desk.deliver()
            desk.time.pass_by(5)
    assert sorted(desk.kinds()) == ["detail", "headline", "incident", "outcome"]
    alarms = [entry["event"] for entry in logs if entry["log_level"] == "error"]
    assert alarms == ["a message cannot be shown"]
    with desk.service.transaction() as work:
        work.session.execute(
            text("""UPDATE notices SET content = '{"text": "hello"}' WHERE kind = 'message'""")
        )
    desk.settle()
    assert desk.the("message")["text"] == "hello"


def test_a_notice_of_a_newer_release_is_left_to_its_posters(desk: Desk, incident: Incident) -> None:
    desk.run(incident, "say", text="hello")
    with desk.service.transaction() as work:
        work.session.execute(text("UPDATE notices SET kind = 'of_tomorrow' WHERE kind = 'message'"))
    desk.settle(lambda: len(desk.of_kind("outcome")) == 1)
    assert desk.of_kind("message") == []
    with desk.service.transaction() as work:
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
    desk: Desk, incident: Incident
) -> None:
    teams = TEAMS.replace("name: database\n", "name: database\nchannels: [C0NOSUCH]\n")
    apply_documents(desk.service, f"{teams}---{ELSEWHERE}")
    execution_id = desk.run(incident, "elsewhere")
    desk.settle()
    [told] = [message for message in desk.of_kind("message") if "did not reach" in message["text"]]
    assert "<#C0NOSUCH> (C0NOSUCH); Slack says `channel_not_found`" in told["text"]
    assert "Invite me there" in told["text"]
    assert "It was: hello &lt;there&gt;\nand a second line" in told["text"]
    assert execution_id in str(told["metadata"])


@pytest.mark.parametrize("code", ["is_archived", "restricted_action", "msg_too_long"])
def test_whatever_slack_refuses_it_for_it_is_told_once(desk: Desk, incident: Incident, code: str) -> None:
    teams = TEAMS.replace("name: database\n", f"name: database\nchannels: [C0NOSUCH, {MANY_CHANNELS[0]}]\n")
    apply_documents(desk.service, f"{teams}---{ELSEWHERE.replace('C0NOSUCH', MANY_CHANNELS[0])}")
    desk.settle()
    desk.people.play({"method": POST, "kind": "error", "error": code, "channel": MANY_CHANNELS[0]})
    desk.run(incident, "elsewhere")
    desk.settle()
    assert len([message for message in desk.of_kind("message") if code in message["text"]]) == 1
