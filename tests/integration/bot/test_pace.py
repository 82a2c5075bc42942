"""Slack's pace: kept by all posters together, and shared out so that decisions never wait for progress."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.poster import claims
from core.tables import Incident, Notice, SlackPace
from tests.integration.bot.desk import CHANNEL, MANY_CHANNELS, Desk
from tests.world import new_incident

POST, UPDATE = "chat.postMessage", "chat.update"
A_MOMENT = timedelta(milliseconds=1)


@pytest.fixture
def ten_runs(desk: Desk) -> list[str]:
    """Ten runs in ten channels that wait at their gates, all told."""
    runs = [desk.run(new_incident(desk.service, slack_channel=channel), "gated") for channel in MANY_CHANNELS]
    desk.settle()
    return runs


def gaps(moments: list[datetime]) -> list[timedelta]:
    return [after - before for before, after in pairwise(moments)]


def test_ten_runs_at_once_share_the_updates_of_the_workspace(desk: Desk, ten_runs: list[str]) -> None:
    for execution_id in ten_runs:
        desk.approve(execution_id)
    desk.work()
    desk.settle()
    assert min(gaps(desk.moments(UPDATE))) >= timedelta(seconds=1.2) - A_MOMENT
    assert [call["error"] for call in desk.people.look("/log")["calls"] if not call["ok"]] == []


def test_a_channel_gets_a_message_a_second(desk: Desk, incident: Incident) -> None:
    for _ in range(4):
        desk.run(incident, "check")
    desk.settle()
    assert min(gaps(desk.moments(POST))) >= timedelta(seconds=1)


def test_channels_do_not_wait_for_each_other(desk: Desk) -> None:
    for channel in MANY_CHANNELS:
        new_incident(desk.service, slack_channel=channel)
    desk.deliver()
    assert len(desk.moments(POST)) == len(MANY_CHANNELS)


def test_progress_in_between_is_merged_into_one_update(desk: Desk, ten_runs: list[str]) -> None:
    before = len(desk.moments(UPDATE))
    for execution_id in ten_runs:
        desk.approve(execution_id)
    desk.work()  # each run changes several times more before its headline's turn comes
    desk.settle()
    headlines_and_gates = 2 * len(ten_runs)
    assert len(desk.moments(UPDATE)) - before == headlines_and_gates


def test_decisions_and_outcomes_go_before_progress(desk: Desk, ten_runs: list[str]) -> None:
    done = len(desk.people.look("/log")["calls"])
    for execution_id in ten_runs:
        desk.approve(execution_id)
    desk.work()
    desk.settle()
    calls = [call for call in desk.people.look("/log", after=done)["calls"] if call["method"] == UPDATE]
    kinds = [call["arguments"]["blocks"][0]["block_id"].partition(".")[0] for call in calls]
    assert kinds == ["gate"] * 10 + ["headline"] * 10


def test_an_outcome_does_not_wait_for_the_updates_of_others(desk: Desk, ten_runs: list[str]) -> None:
    for execution_id in ten_runs:
        desk.approve(execution_id)
    desk.work()
    desk.time.pass_by(1)
    desk.deliver()
    assert [len(desk.of_kind("outcome", channel)) for channel in MANY_CHANNELS] == [1] * 10


def test_a_scope_is_held_until_the_later_of_two_times(desk: Desk) -> None:
    soon, later = desk.time.now() + timedelta(seconds=1), desk.time.now() + timedelta(seconds=9)
    with Session(desk.service.engine) as session, session.begin():
        claims.hold(session, claims.post_scope(CHANNEL), later)
        claims.hold(session, claims.post_scope(CHANNEL), soon)
    with Session(desk.service.engine) as session:
        assert session.get_one(SlackPace, f"{POST}:{CHANNEL}").free_at == later


def test_a_claim_that_had_nothing_to_say_costs_the_channel_no_time(desk: Desk, incident: Incident) -> None:
    desk.start(incident, "check")
    desk.settle()
    desk.time.pass_by(1)
    with desk.service.transaction() as work:
        work.session.execute(update(Notice).where(Notice.kind == "detail").values(wanted=1))
    assert desk.poster.deliver_one() is True
    desk.run(incident, "say", text="at once")
    desk.deliver()
    with desk.service.transaction() as work:
        held = work.session.get_one(SlackPace, f"{POST}:{CHANNEL}")
        assert held.free_at == desk.time.now() + claims.POST_EVERY
