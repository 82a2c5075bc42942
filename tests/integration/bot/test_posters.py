"""Any number of posters may run: each message goes once, and a dead one's work is taken over."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.poster import poster as poster_module
from bot.poster.claims import LEASE, POST_EVERY, Claim, claim_next
from bot.poster.poster import IDLE_SECONDS, Poster
from bot.poster.rendering import render
from bot.poster.slack import SlackCalls
from core.announcing import Announcer
from core.clock import SystemClock
from core.tables import Incident, Notice
from core.unit_of_work import UnitOfWorkFactory
from tests.integration.bot.world import CHANNEL, MANY_CHANNELS, BotWorld
from tests.integration.slack_sandbox.people import eventually
from tests.world import new_incident, start_run

JUST_BEFORE = LEASE.total_seconds() - 0.5


def claimed(world: BotWorld) -> Claim:
    """The next notice, in the hands of a poster that does nothing more."""
    with world.unit_of_work.begin() as work:
        claim = claim_next(work.session, work.now)
    assert claim is not None
    return claim


@contextmanager
def running(poster: Poster, number: int) -> Iterator[None]:
    """So many posters, each in a thread, as their processes run."""
    stop = threading.Event()
    with ThreadPoolExecutor(number) as pool:
        posters = [pool.submit(poster.run, stop) for _ in range(number)]
        try:
            yield
        finally:
            stop.set()
            for each in posters:
                each.result(timeout=10)


def test_posters_at_once_never_post_twice_and_never_too_fast(world: BotWorld) -> None:
    runs = [
        world.start(new_incident(world.unit_of_work, slack_channel=channel), "check")
        for channel in MANY_CHANNELS
    ]
    world.work()
    with running(world.poster, 4):
        deadline = threading.Event()
        for _ in range(600):
            if world.owed() == 0:
                break
            world.time.pass_by(0.25)
            deadline.wait(0.02)
    parts = [
        (payload["notice_id"], payload["part"])
        for channel in MANY_CHANNELS
        for message in world.messages(channel)
        for payload in [message["metadata"]["event_payload"]]
    ]
    assert max(Counter(parts).values()) == 1
    assert len(parts) == 4 * len(runs)
    assert [call for call in world.people.calls("chat.postMessage") if not call["ok"]] == []


def test_a_poster_sees_what_one_that_claims_at_the_same_moment_holds(
    world: BotWorld, incident: Incident
) -> None:
    world.run(incident, "check")  # two messages are owed in one channel
    with ThreadPoolExecutor(1) as pool, Session(world.unit_of_work.engine) as first:
        assert claim_next(first, world.time.now()) is not None
        second = pool.submit(claim_in_a_session_of_its_own, world)
        wait([second], timeout=0.3)
        first.commit()
        assert second.result(timeout=10) is None


def claim_in_a_session_of_its_own(world: BotWorld) -> Claim | None:
    with Session(world.unit_of_work.engine) as session, session.begin():
        return claim_next(session, world.time.now())


def test_what_a_poster_holds_is_nobody_elses_until_its_lease_ends(
    world: BotWorld, incident: Incident
) -> None:
    claimed(world)
    world.time.pass_by(JUST_BEFORE)
    assert world.poster.deliver_one() is False
    world.time.pass_by(1)
    world.settle()
    assert world.kinds() == ["incident"]


def test_a_poster_waits_until_the_pace_of_the_channel_lets_the_next_message_in(
    world: BotWorld, incident: Incident
) -> None:
    world.run(incident, "check")  # two messages are owed in one channel
    while world.poster.deliver_one():
        pass
    assert world.poster.patience() == POST_EVERY.total_seconds()
    world.time.pass_by(0.25)
    assert world.poster.patience() == POST_EVERY.total_seconds() - 0.25


def test_a_poster_waits_until_the_lease_of_another_ends(world: BotWorld, incident: Incident) -> None:
    claimed(world)
    assert world.poster.patience() == IDLE_SECONDS
    world.time.pass_by(LEASE.total_seconds() - 3)
    assert world.poster.patience() == 3


def test_a_poster_that_died_after_its_post_is_not_repeated(world: BotWorld, incident: Incident) -> None:
    claim = claimed(world)
    with world.unit_of_work.begin() as work:
        message = render(work, claim, world.poster.links).message
    assert message is not None
    SlackCalls(world.poster.client).post(CHANNEL, message, None, broadcast=False)
    world.settle()
    assert world.kinds() == ["incident"]


def test_a_poster_whose_lease_ended_writes_nothing_down(world: BotWorld, incident: Incident) -> None:
    late = claimed(world)
    world.time.pass_by(LEASE.total_seconds())
    current = claimed(world)
    world.poster._deliver(late)
    with world.unit_of_work.begin() as work:
        notice = work.session.get_one(Notice, current.notice_id)
    assert (notice.delivered, notice.leased_until) == (0, current.leased_until)


def test_a_change_during_a_delivery_is_delivered_next(world: BotWorld, incident: Incident) -> None:
    execution_id = world.start(incident, "check")
    world.settle(lambda: world.kinds() == ["incident"])
    world.time.pass_by(1)
    claim = claimed(world)
    assert claim.subject_id == execution_id
    world.work()
    world.poster._deliver(claim)
    world.settle()
    assert "succeeded" in world.the("headline")["text"]


@pytest.fixture
def announcing(world: BotWorld) -> Iterator[UnitOfWorkFactory]:
    announcer = Announcer(world.unit_of_work.engine)
    yield UnitOfWorkFactory(world.unit_of_work.engine, SystemClock(), world.jobs, announcer=announcer)
    announcer.close()


@pytest.mark.parametrize("with_runs", [False, True])
def test_a_running_poster_hears_of_what_is_owed(
    world: BotWorld, announcing: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch, with_runs: bool
) -> None:
    """In real time: a notification wakes it long before it would look by itself."""
    monkeypatch.setattr(poster_module, "IDLE_SECONDS", 600.0)
    with running(Poster(announcing, world.poster.client, world.poster.links), 1):
        eventually(lambda: is_listening(announcing))
        incident = new_incident(announcing)
        if with_runs:
            start_run(announcing, incident, "check")
        eventually(lambda: len(world.messages()) == (2 if with_runs else 1))


def is_listening(unit_of_work: UnitOfWorkFactory) -> bool:
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    )
    with unit_of_work.engine.connect() as connection:
        return bool(connection.scalar(query))
