"""A step whose act finds out by itself what a lost attempt did: its lost worker is no question to people."""

from dataclasses import replace
from datetime import timedelta

from core.decisions.advance import advance
from core.statuses import Status, WaitingFor
from core.values.execution import (
    CancelRequested,
    Claimed,
    Failed,
    InProgress,
    StepEnded,
    StepPolicy,
    StepPrepared,
    Uncertain,
)
from tests.unit.core.decisions.building import NOW, after, pending, started

FINDS = StepPolicy(finds_lost_attempts=True)
FOUND = InProgress({"job": 7}, timedelta(seconds=10), "It is still running.", {"url": "https://ci.example/7"})


def test_it_is_prepared_again_as_its_next_attempt() -> None:
    found = advance(started(FINDS), Claimed(), NOW)
    again = after(found.execution, StepPrepared({}))

    assert found.prepare == 0
    assert (again.steps[0].status, again.steps[0].attempt) == (Status.RUNNING, 2)


def test_however_often_its_worker_is_lost() -> None:
    execution = started(FINDS)
    for _ in range(5):
        execution = after(advance(execution, Claimed(), NOW).execution, StepPrepared({}))

    assert execution.steps[0].attempt == 6


def test_what_it_cannot_find_out_is_asked() -> None:
    assert after(started(FINDS), StepEnded(Uncertain("It is not there."))).waiting_for is WaitingFor.VERDICT


def test_a_failure_is_not_repeated() -> None:
    assert after(started(FINDS), StepEnded(Failed("The job failed."))).status is Status.FAILED


def test_it_is_not_asked_about_after_a_restore_either() -> None:
    """The act looks for what the database, as it was restored, does not know of."""
    restored = after(pending(FINDS), Claimed())
    restored = restored.with_step(0, replace(restored.steps[0], maybe_done=True))

    assert not restored.steps[0].is_doubtful
    assert after(restored, StepPrepared({})).steps[0].status is Status.RUNNING


def test_a_look_keeps_the_request_that_was_sent() -> None:
    """What the request is made of may have changed since."""
    sent = after(pending(FINDS), Claimed(), StepPrepared({"title": "old"}), StepEnded(FOUND))
    later = NOW + timedelta(seconds=10)

    assert after(sent, Claimed(), StepPrepared({"title": "new"}), now=later).steps[0].request == {
        "title": "old"
    }


def test_a_cancelled_run_keeps_the_link_to_what_goes_on() -> None:
    looking = after(started(FINDS), StepEnded(FOUND))

    step = after(looking, CancelRequested("<@U1>", worker_active=False)).steps[0]

    assert (step.status, step.output) == (Status.CANCELLED, {"url": "https://ci.example/7"})


def test_a_cancel_during_a_look_leaves_no_doubt() -> None:
    looking = after(started(FINDS), StepEnded(FOUND))
    later = NOW + timedelta(seconds=10)
    looking = after(looking, Claimed(), StepPrepared({}), now=later)

    cancelled = after(looking, CancelRequested("<@U1>", worker_active=True), StepEnded(FOUND), now=later)

    assert (cancelled.status, cancelled.steps[0].status) == (Status.CANCELLED, Status.CANCELLED)
    assert cancelled.steps[0].output == {"url": "https://ci.example/7"}


STOPS = StepPolicy(finds_lost_attempts=True, stops_elsewhere=True)


def test_a_cancel_that_stops_it_elsewhere_needs_a_worker_once_more() -> None:
    looking = after(started(STOPS), StepEnded(FOUND))

    cancelled = after(looking, CancelRequested("<@U1>", worker_active=False))
    assert (cancelled.status, cancelled.wake_at) == (Status.RUNNING, NOW)

    stopping = advance(cancelled, Claimed(), NOW)
    assert stopping.prepare == 0
    ended = after(
        stopping.execution, StepPrepared({}), StepEnded(Failed("It was asked to stop.", final=True))
    )
    assert ended.status is Status.CANCELLED
    assert ended.steps[0].error == "It was asked to stop."


def test_a_cancel_during_a_look_stops_it_right_after() -> None:
    later = NOW + timedelta(seconds=10)
    looking = after(after(started(STOPS), StepEnded(FOUND)), Claimed(), StepPrepared({}), now=later)
    requested = after(looking, CancelRequested("<@U1>", worker_active=True), now=later)

    assert advance(requested, StepEnded(FOUND), later).prepare == 0


def test_a_worker_lost_while_it_stops_it_stops_it_again() -> None:
    looking = after(started(STOPS), StepEnded(FOUND))
    stopping = after(looking, CancelRequested("<@U1>", worker_active=False), Claimed(), StepPrepared({}))

    assert advance(stopping, Claimed(), NOW).prepare == 0


def test_a_frozen_run_reaches_nothing_outside_to_stop_it() -> None:
    looking = after(started(STOPS), StepEnded(FOUND))

    cancelled = after(replace(looking, frozen=True), CancelRequested("<@U1>", worker_active=False))

    assert cancelled.status is Status.CANCELLED
    assert cancelled.steps[0].output == {"url": "https://ci.example/7"}


def test_what_has_not_begun_is_not_stopped() -> None:
    cancelled = after(pending(STOPS), CancelRequested("<@U1>", worker_active=False))

    assert cancelled.status is Status.CANCELLED
