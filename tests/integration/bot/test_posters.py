"""Any number of posters may run: each message goes once, and a dead one's work is taken over."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.poster.claims import LEASE, Claim, claim_next
from bot.poster.poster import Poster
from bot.poster.rendering import render
from bot.poster.slack import SlackCalls
from core.clock import SystemClock
from core.service import Service
from core.tables import Incident, Notice
from tests.integration.bot.desk import CHANNEL, MANY_CHANNELS, Desk
from tests.integration.slack_sandbox.people import eventually
from tests.world import new_incident

JUST_BEFORE = LEASE.total_seconds() - 0.5


def claimed(desk: Desk) -> Claim:
    """The next notice, in the hands of a poster that does nothing more."""
    with desk.service.transaction() as work:
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


def test_posters_at_once_never_post_twice_and_never_too_fast(desk: Desk) -> None:
    runs = [
        desk.start(new_incident(desk.service, slack_channel=channel), "check") for channel in MANY_CHANNELS
    ]
    desk.work()
    with running(desk.poster, 4):
        deadline = threading.Event()
        for _ in range(600):
            if desk.owed() == 0:
                break
            desk.time.pass_by(0.25)
            deadline.wait(0.02)
    parts = [
        (payload["notice_id"], payload["part"])
        for channel in MANY_CHANNELS
        for message in desk.messages(channel)
        for payload in [message["metadata"]["event_payload"]]
    ]
    assert max(Counter(parts).values()) == 1
    assert len(parts) == 4 * len(runs)
    assert [call for call in desk.people.calls("chat.postMessage") if not call["ok"]] == []


def test_a_poster_sees_what_one_that_claims_at_the_same_moment_holds(desk: Desk, incident: Incident) -> None:
    desk.run(incident, "check")  # two messages are owed in one channel
    with ThreadPoolExecutor(1) as pool, Session(desk.service.engine) as first:
        assert claim_next(first, desk.time.now()) is not None
        second = pool.submit(claim_in_a_session_of_its_own, desk)
        wait([second], timeout=0.3)
        first.commit()
        assert second.result(timeout=10) is None


def claim_in_a_session_of_its_own(desk: Desk) -> Claim | None:
    with Session(desk.service.engine) as session, session.begin():
        return claim_next(session, desk.time.now())


def test_what_a_poster_holds_is_nobody_elses_until_its_lease_ends(desk: Desk, incident: Incident) -> None:
    claimed(desk)
    desk.time.pass_by(JUST_BEFORE)
    assert desk.poster.deliver_one() is False
    desk.time.pass_by(1)
    desk.settle()
    assert desk.kinds() == ["incident"]


def test_a_poster_that_died_after_its_post_is_not_repeated(desk: Desk, incident: Incident) -> None:
    claim = claimed(desk)
    with desk.service.transaction() as work:
        message = render(work, claim, desk.poster.links).message
    assert message is not None
    SlackCalls(desk.poster.client).post(CHANNEL, message, None, broadcast=False)
    desk.settle()
    assert desk.kinds() == ["incident"]


def test_a_poster_whose_lease_ended_writes_nothing_down(desk: Desk, incident: Incident) -> None:
    late = claimed(desk)
    desk.time.pass_by(LEASE.total_seconds())
    current = claimed(desk)
    desk.poster._deliver(late)
    with desk.service.transaction() as work:
        notice = work.session.get_one(Notice, current.notice_id)
    assert (notice.delivered, notice.leased_until) == (0, current.leased_until)


def test_a_change_during_a_delivery_is_delivered_next(desk: Desk, incident: Incident) -> None:
    execution_id = desk.start(incident, "check")
    desk.settle(lambda: desk.kinds() == ["incident"])
    desk.time.pass_by(1)
    claim = claimed(desk)
    assert claim.subject_id == execution_id
    desk.work()
    desk.poster._deliver(claim)
    desk.settle()
    assert "succeeded" in desk.the("headline")["text"]


@pytest.mark.parametrize("with_runs", [False, True])
def test_a_running_poster_hears_of_what_is_owed(desk: Desk, with_runs: bool) -> None:
    """In real time: a notification wakes it long before it would look by itself."""
    service = Service(desk.service.engine, SystemClock(), desk.bells)
    poster = Poster(service, desk.poster.client, desk.poster.links)
    with running(poster, 1):
        eventually(lambda: is_listening(service))
        incident = new_incident(service)
        if with_runs:
            desk.start(incident, "check")
        eventually(lambda: len(desk.messages()) == (2 if with_runs else 1))


def is_listening(service: Service) -> bool:
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    )
    with service.engine.connect() as connection:
        return bool(connection.scalar(query))
