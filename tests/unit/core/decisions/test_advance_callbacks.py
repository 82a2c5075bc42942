"""`advance` for callbacks."""

from datetime import timedelta

import pytest

from core.decisions.advance import advance
from core.statuses import Status, WaitingFor
from core.values.execution import (
    CallbackReceived,
    CancelRequested,
    Claimed,
    Execution,
    StepEnded,
    StepPolicy,
    Succeeded,
    Waits,
)
from tests.unit.core.decisions.building import (
    GOES_ON,
    NOW,
    after,
    at_gate,
    on_timer,
    pending,
    started,
    statuses,
)

UNTIL = NOW + timedelta(hours=1)


def waiting(*policies: StepPolicy) -> Execution:
    return after(pending(*policies), Claimed(), StepEnded(Waits(WaitingFor.CALLBACK, UNTIL)))


def test_what_came_wakes_the_run_and_its_step_reads_it_in_the_same_attempt() -> None:
    awake = after(waiting(), CallbackReceived())
    assert (awake.status, awake.waiting_for, awake.wake_at) == (Status.RUNNING, None, NOW)

    claimed = advance(awake, Claimed(), NOW)
    assert claimed.prepare == 0
    done = after(claimed.execution, StepEnded(Succeeded({"body": 1})))
    assert (done.steps[0].status, done.steps[0].attempt) == (Status.SUCCEEDED, 1)
    assert done.steps[0].started_at == NOW


def test_without_a_callback_the_run_ends_at_its_time_and_not_before() -> None:
    assert after(waiting(), Claimed(), now=UNTIL - timedelta(seconds=1)) == waiting()

    over = after(waiting(), Claimed(), now=UNTIL)
    assert (over.status, over.error) == (Status.TIMED_OUT, "Step step-0: No answer was received in time.")
    assert over.steps[0].status is Status.TIMED_OUT


def test_a_step_that_may_fail_is_passed_when_nobody_calls() -> None:
    on = advance(waiting(GOES_ON, StepPolicy()), Claimed(), UNTIL)
    assert (on.execution.status, on.prepare) == (Status.RUNNING, 1)
    assert statuses(on.execution) == [Status.TIMED_OUT, Status.PENDING]


@pytest.mark.parametrize("execution", [pending(), started(), at_gate(), on_timer()])
def test_a_callback_counts_only_where_one_is_waited_for(execution: Execution) -> None:
    assert after(execution, CallbackReceived()) == execution


def test_a_run_that_waits_for_a_callback_is_cancelled_at_once() -> None:
    assert after(waiting(), CancelRequested("<@U1>", worker_active=False)).status is Status.CANCELLED
