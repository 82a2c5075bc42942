"""A step that looks again: what each look comes to, and what the run does between two looks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.decisions.advance import advance
from core.decisions.polling import judge_look
from core.definitions.fields import Poll
from core.statuses import Status, WaitingFor
from core.values.execution import (
    CancelRequested,
    Claimed,
    Execution,
    Failed,
    InProgress,
    Json,
    StepEnded,
    StepPolicy,
    StepPrepared,
    StepResult,
    Succeeded,
    Uncertain,
)
from tests.unit.core.decisions.building import NOW, after, pending, started

POLL = Poll.model_validate({"every": "10s", "for": "1m"})
PLAIN = StepPolicy()
NOT_YET = InProgress({"job": 7}, timedelta(seconds=10), "It is still running.", {"state": "busy"})


def look(result: StepResult, why: str | None = None, progress: Json = None, seconds: int = 0) -> StepResult:
    return judge_look(result, why, POLL, progress, NOW + timedelta(seconds=seconds))


def test_a_look_that_found_it_ends_the_step() -> None:
    assert look(Succeeded({"state": "done"})) == Succeeded({"state": "done"})


@pytest.mark.parametrize(
    "result", [Succeeded("busy"), Failed("Answered 503", "busy"), Uncertain("No answer", "busy")]
)
def test_anything_else_is_looked_at_again(result: StepResult) -> None:
    found = look(result, "Not true yet" if isinstance(result, Succeeded) else None)

    assert isinstance(found, InProgress)
    assert (found.delay, found.output) == (timedelta(seconds=10), "busy")
    assert found.progress == {"since": NOW.isoformat(), "looks": 1}


def test_a_failure_that_no_repetition_mends_ends_the_step() -> None:
    assert look(Failed("This host is not allowed.", final=True)) == Failed(
        "This host is not allowed.", final=True
    )


@pytest.mark.parametrize(("seconds", "is_over"), [(0, False), (50, False), (51, True), (600, True)])
def test_it_looks_until_its_time_is_over(seconds: int, is_over: bool) -> None:
    """The last look is the last that fits: the next would come after the time is over."""
    found = look(Failed("Answered 503"), None, {"since": NOW.isoformat(), "looks": 5}, seconds)

    if is_over:
        assert found == Failed("Not true within 1 min (6 checks). Answered 503", final=True)
    else:
        assert isinstance(found, InProgress)


def looking(policy: StepPolicy = PLAIN) -> Execution:
    return after(started(policy, StepPolicy()), StepEnded(NOT_YET))


def test_between_two_looks_the_run_waits_and_says_for_what() -> None:
    execution = looking()

    assert (execution.status, execution.waiting_for) == (Status.WAITING, WaitingFor.TIMER)
    assert execution.wake_at == NOW + timedelta(seconds=10)
    step = execution.steps[0]
    assert (step.status, step.error, step.output) == (
        Status.WAITING,
        "It is still running.",
        {"state": "busy"},
    )


def test_the_next_look_is_the_same_attempt() -> None:
    later = NOW + timedelta(seconds=10)
    transition = advance(looking(), Claimed(), later)
    assert transition.prepare == 0
    again = after(transition.execution, StepPrepared({}), now=later)

    assert (again.steps[0].status, again.steps[0].attempt) == (Status.RUNNING, 1)
    assert again.steps[0].progress == {"job": 7}
    ended = after(again, StepEnded(Succeeded()), now=later)
    assert (ended.steps[0].status, ended.steps[0].progress) == (Status.SUCCEEDED, None)


def test_a_worker_lost_in_a_look_needs_no_verdict() -> None:
    """What was started stays as it is, whoever looks: a look only reads."""
    later = NOW + timedelta(seconds=10)
    lost = after(looking(), Claimed(), StepPrepared({}), now=later)

    found = advance(lost, Claimed(), later)

    assert found.prepare == 0
    assert found.execution.steps[0].status is Status.RUNNING
    again = after(found.execution, StepPrepared({}), now=later)
    assert again.steps[0].attempt == 1


def test_a_worker_lost_before_it_could_say_what_it_started_needs_one() -> None:
    lost = after(started(), Claimed())

    assert lost.waiting_for is WaitingFor.VERDICT


def test_a_worker_lost_in_the_first_look_of_a_poll_needs_none() -> None:
    assert advance(started(StepPolicy(polls=True)), Claimed(), NOW).prepare == 0


def test_a_new_attempt_begins_anew() -> None:
    """What failed elsewhere is started again, not looked at."""
    policy = StepPolicy(repeatable=True, attempts=2, backoff=timedelta(seconds=1))
    later = NOW + timedelta(seconds=10)

    failed = after(
        looking(policy), Claimed(), StepPrepared({}), StepEnded(Failed("The job failed.")), now=later
    )

    assert failed.steps[0].progress is None
    second = after(failed, Claimed(), StepPrepared({}), now=later + timedelta(seconds=1))
    assert second.steps[0].attempt == 2


def test_a_cancel_ends_the_looking() -> None:
    cancelled = after(looking(), CancelRequested("<@U1>", worker_active=False))

    assert cancelled.status is Status.CANCELLED
    assert cancelled.steps[0].status is Status.CANCELLED


def test_a_run_waits_no_longer_than_its_deadline() -> None:
    execution = after(pending(), Claimed(), StepPrepared({}))
    limited = replace(execution, timeout=timedelta(seconds=4))

    assert after(limited, StepEnded(NOT_YET)).wake_at == NOW + timedelta(seconds=4)
