"""Slack's pace: kept by all posters together, and shared out so that decisions never wait for progress."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.poster import claims
from core.services.shared import notices
from core.services.shared.notices import NoticeKind
from core.tables import Incident, Notice, SlackPace
from tests.integration.bot.world import CHANNEL, MANY_CHANNELS, TWENTY_CHANNELS, BotWorld, kind_of
from tests.world import new_incident

POST, UPDATE = "chat.postMessage", "chat.update"
WHOLE = ("headline", "detail", "outcome")
A_MOMENT = timedelta(milliseconds=1)


@pytest.fixture
def ten_runs(world: BotWorld) -> list[str]:
    """Ten runs in ten channels that wait at their gates, all told."""
    runs = [
        world.run(new_incident(world.unit_of_work, slack_channel=channel), "gated")
        for channel in MANY_CHANNELS
    ]
    world.settle()
    return runs


def gaps(moments: list[datetime]) -> list[timedelta]:
    return [after - before for before, after in pairwise(moments)]


def test_ten_runs_at_once_share_the_updates_of_the_workspace(world: BotWorld, ten_runs: list[str]) -> None:
    for execution_id in ten_runs:
        world.approve(execution_id)
    world.work()
    world.settle()
    assert min(gaps(world.moments(UPDATE))) >= timedelta(seconds=1.2) - A_MOMENT
    assert [call["error"] for call in world.people.look("/log")["calls"] if not call["ok"]] == []


def test_a_channel_gets_a_message_a_second(world: BotWorld, incident: Incident) -> None:
    for _ in range(4):
        world.run(incident, "check")
    world.settle()
    assert min(gaps(world.moments(POST))) >= timedelta(seconds=1)


def test_channels_do_not_wait_for_each_other(world: BotWorld) -> None:
    for channel in MANY_CHANNELS:
        new_incident(world.unit_of_work, slack_channel=channel)
    world.deliver()
    assert len(world.moments(POST)) == len(MANY_CHANNELS)


def test_progress_in_between_is_merged_into_one_update(world: BotWorld, ten_runs: list[str]) -> None:
    before = len(world.moments(UPDATE))
    for execution_id in ten_runs:
        world.approve(execution_id)
    world.work()  # each run changes several times more before its headline's turn comes
    world.settle()
    headlines_and_gates = 2 * len(ten_runs)
    assert len(world.moments(UPDATE)) - before == headlines_and_gates


def test_decisions_and_outcomes_go_before_progress(world: BotWorld, ten_runs: list[str]) -> None:
    done = len(world.people.look("/log")["calls"])
    for execution_id in ten_runs:
        world.approve(execution_id)
    world.work()
    world.settle()
    calls = [call for call in world.people.look("/log", after=done)["calls"] if call["method"] == UPDATE]
    kinds = [call["arguments"]["blocks"][0]["block_id"].partition(".")[0] for call in calls]
    assert kinds == ["gate"] * 10 + ["headline"] * 10


def test_an_outcome_does_not_wait_for_the_updates_of_others(world: BotWorld, ten_runs: list[str]) -> None:
    for execution_id in ten_runs:
        world.approve(execution_id)
    world.work()
    world.time.pass_by(1)
    world.deliver()
    assert [len(world.of_kind("outcome", channel)) for channel in MANY_CHANNELS] == [1] * 10


def test_a_scope_is_held_until_the_later_of_two_times(world: BotWorld) -> None:
    soon, later = world.time.now() + timedelta(seconds=1), world.time.now() + timedelta(seconds=9)
    with Session(world.unit_of_work.engine) as session, session.begin():
        claims.hold(session, claims.post_scope(CHANNEL), later)
        claims.hold(session, claims.post_scope(CHANNEL), soon)
    with Session(world.unit_of_work.engine) as session:
        assert session.get_one(SlackPace, f"{POST}:{CHANNEL}").free_at == later


def test_a_claim_that_had_nothing_to_say_costs_the_channel_no_time(
    world: BotWorld, incident: Incident
) -> None:
    world.start(incident, "check")
    world.settle()
    world.time.pass_by(1)
    with world.unit_of_work.begin() as work:
        work.session.execute(update(Notice).where(Notice.kind == "detail").values(wanted=1))
    assert world.poster.deliver_one() is True
    world.run(incident, "say", text="at once")
    world.deliver()
    with world.unit_of_work.begin() as work:
        held = work.session.get_one(SlackPace, f"{POST}:{CHANNEL}")
        assert held.free_at == world.time.now() + claims.POST_EVERY


def card_updates(world: BotWorld, channel: str = CHANNEL) -> list[datetime]:
    """When a run's card was updated there."""
    calls = [call for call in world.people.calls(UPDATE) if call["arguments"]["channel"] == channel]
    return [datetime.fromisoformat(call["at"]) for call in calls]


def change(world: BotWorld, *runs: str) -> None:
    """Something happens in each of these runs that its card shows."""
    with world.unit_of_work.begin() as work:
        notices.mark_all_dirty(work, runs, NoticeKind.HEADLINE)


def test_forty_steps_in_three_seconds_are_at_most_five_updates(world: BotWorld, incident: Incident) -> None:
    run = world.start(incident, "check")
    for _ in range(40):
        change(world, run)
        world.deliver()
        world.time.pass_by(0.075)
    world.work()
    world.settle()
    assert len(card_updates(world)) <= 5
    assert min(gaps(card_updates(world))) >= timedelta(seconds=1)
    assert "succeeded" in world.the("headline")["text"], "the final state is always shown"


def test_a_run_that_never_stops_changing_holds_up_no_other(world: BotWorld, ten_runs: list[str]) -> None:
    """Red before: the run with the smallest number took every turn, and the others stood still until its end."""
    done = len(world.people.look("/log")["calls"])
    for _ in range(20):
        change(world, *ten_runs)
        world.deliver()
        world.time.pass_by(1.2)
    calls = [call for call in world.people.look("/log", after=done)["calls"] if call["method"] == UPDATE]
    assert {call["arguments"]["channel"] for call in calls} == set(MANY_CHANNELS)


def told(world: BotWorld) -> Counter[tuple[str, str]]:
    """How many messages of each kind are in each channel; cards only in their final state."""
    messages = world.people.look("/log")["messages"]
    return Counter(
        (channel, kind_of(message))
        for channel, said in messages.items()
        for message in said
        if kind_of(message) and (kind_of(message) != "headline" or "succeeded" in message["text"])
    )


def test_twenty_runs_at_once_in_one_channel_lose_nothing(world: BotWorld, incident: Incident) -> None:
    for _ in range(20):
        world.start(incident, "quick")
    world.deliver()
    world.work()
    world.settle()
    assert {kind: told(world)[CHANNEL, kind] for kind in WHOLE} == dict.fromkeys(WHOLE, 20)
    assert [call["error"] for call in world.people.look("/log")["calls"] if not call["ok"]] == []


@pytest.mark.timeout(400)  # 250 calls: some seconds of work, which a busy machine stretches
def test_twenty_runs_over_twenty_channels_lose_nothing(world: BotWorld) -> None:
    for channel in TWENTY_CHANNELS:
        world.start(new_incident(world.unit_of_work, slack_channel=channel), "quick")
    world.deliver()
    world.work()
    world.settle()
    found = told(world)
    assert all(found[channel, kind] == 1 for channel in TWENTY_CHANNELS for kind in WHOLE)
    assert [call["error"] for call in world.people.look("/log")["calls"] if not call["ok"]] == []
