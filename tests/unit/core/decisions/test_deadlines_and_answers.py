"""`advance`: deadlines of an execution, and answers that a step waits for."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.decisions.advance import NOT_ANSWERED, advance
from core.statuses import Status, WaitingFor
from core.values.execution import (
    Answered,
    CancelRequested,
    Claimed,
    Execution,
    Failed,
    GateDecided,
    LockGranted,
    Skipped,
    StepEnded,
    StepPolicy,
    StepPrepared,
    Succeeded,
    Uncertain,
    VerdictGiven,
    Waits,
)
from tests.unit.core.decisions.building import (
    GOES_ON,
    NOW,
    SAFE,
    after,
    at_gate,
    in_doubt,
    in_queue,
    on_timer,
    pending,
    started,
    statuses,
)

LATER = NOW + timedelta(hours=2)
CANCEL = CancelRequested("<@U1>", worker_active=False)
APPROVED = GateDecided(approved=True, by="<@U1>")

# Deadlines -----------------------------------------------------------------------------------------

LIMIT = timedelta(minutes=10)
GOES_ON_SAFELY = replace(SAFE, continue_on_failure=True)
END = NOW + LIMIT
SECOND = timedelta(seconds=1)


def limited(execution: Execution) -> Execution:
    """Return the execution with a timeout of ten minutes."""
    return replace(execution, timeout=LIMIT, started_at=execution.started_at and NOW)


WAITS: list[Execution] = [
    after(limited(pending()), Claimed(), StepEnded(Waits(kind, until)))
    for kind in (WaitingFor.TIMER, WaitingFor.CALLBACK, WaitingFor.APPROVAL)
    for until in (END + LIMIT, None)
    if kind is not WaitingFor.TIMER or until
]


@pytest.mark.parametrize("waiting", WAITS)
def test_a_wait_is_woken_by_the_deadline_and_ends_the_execution_then(waiting: Execution) -> None:
    assert waiting.wake_at == END
    assert after(waiting, Claimed(), now=END - SECOND) == waiting
    over = after(waiting, Claimed(), now=END)
    assert (over.status, over.error, over.finished_at) == (
        Status.TIMED_OUT,
        "Not finished within 10 min.",
        END,
    )
    assert statuses(over) == [Status.TIMED_OUT, Status.PENDING]


def test_a_wait_that_ends_before_the_deadline_is_woken_by_its_own_time() -> None:
    soon = NOW + SECOND
    waiting = after(limited(pending()), Claimed(), StepEnded(Waits(WaitingFor.TIMER, soon)))
    assert waiting.wake_at == soon
    assert advance(waiting, Claimed(), soon).prepare == 1


def test_a_doubt_is_asked_about_until_the_deadline() -> None:
    asking = after(limited(pending()), Claimed(), StepPrepared({}), StepEnded(Uncertain("No answer.")))
    assert (asking.waiting_for, asking.wake_at) == (WaitingFor.VERDICT, END)
    over = after(asking, VerdictGiven("ran", "<@U1>"), now=END)
    assert (over.status, statuses(over)[0]) == (Status.TIMED_OUT, Status.UNKNOWN)


@pytest.mark.parametrize(
    ("at", "status"), [(END - SECOND, Status.RUNNING), (END, Status.TIMED_OUT)], ids=["before", "then"]
)
@pytest.mark.parametrize("result", [Succeeded(), Skipped("no"), Failed("no"), Uncertain("No answer.")])
def test_no_step_follows_after_the_deadline(
    result: Succeeded | Skipped | Failed | Uncertain, at: datetime, status: Status
) -> None:
    execution = after(limited(pending(GOES_ON_SAFELY, StepPolicy())), Claimed(), StepPrepared({}))
    ended = advance(execution, StepEnded(result), at)
    expected = Status.WAITING if at < END and isinstance(result, Failed | Uncertain) else status
    assert ended.execution.status is expected
    assert (ended.prepare is None) == (expected is not Status.RUNNING)


def test_an_execution_whose_last_step_ends_after_the_deadline_has_succeeded() -> None:
    execution = after(limited(pending(StepPolicy())), Claimed(), StepPrepared({}))
    assert after(execution, StepEnded(Succeeded()), now=END).status is Status.SUCCEEDED


def test_a_step_that_was_not_sent_before_the_deadline_is_not_sent() -> None:
    claimed = after(limited(pending()), Claimed())
    over = after(claimed, StepPrepared({}), now=END)
    assert (over.status, statuses(over)) == (Status.TIMED_OUT, [Status.PENDING] * 2)


def test_a_step_whose_worker_died_before_the_deadline_stays_in_doubt_after_it() -> None:
    over = after(limited(started(SAFE)), Claimed(), now=END)
    assert (over.status, statuses(over)) == (Status.TIMED_OUT, [Status.UNKNOWN])


def test_a_step_that_runs_is_not_ended_under_its_workers_hands() -> None:
    running = limited(started())
    assert after(running, APPROVED, now=END) == running


def test_a_cancel_after_the_deadline_is_a_cancel() -> None:
    assert after(WAITS[0], CANCEL, now=END).status is Status.CANCELLED


def test_the_time_for_all_of_it_begins_with_the_first_start() -> None:
    queued = limited(in_queue())
    assert (queued.deadline, after(queued, LockGranted(), now=LATER + LIMIT).status) == (None, Status.RUNNING)


# Callbacks -----------------------------------------------------------------------------------------


def calling(*policies: StepPolicy, until: datetime | None = None) -> Execution:
    return after(pending(*policies), Claimed(), StepEnded(Waits(WaitingFor.CALLBACK, until)))


def test_an_answer_ends_the_step_that_waits_for_it_and_wakes_a_worker() -> None:
    awake = after(calling(), Answered("step-0", Succeeded({"status": "succeeded"}, {"lag": 1})), now=LATER)
    assert (awake.status, awake.waiting_for, awake.wake_at) == (Status.RUNNING, None, LATER)
    assert (awake.steps[0].output, awake.steps[0].saved) == ({"status": "succeeded"}, {"lag": 1})
    assert advance(awake, Claimed(), LATER).prepare == 1


def test_a_bad_answer_fails_the_step() -> None:
    over = after(calling(), Answered("step-0", Failed("It failed.", {"status": "failed"})))
    assert (over.status, over.error) == (Status.FAILED, "Step step-0: It failed.")
    assert over.steps[0].output == {"status": "failed"}


def test_a_bad_answer_to_a_step_that_may_fail_wakes_a_worker() -> None:
    awake = after(calling(GOES_ON, StepPolicy()), Answered("step-0", Failed("no")), now=LATER)
    assert (awake.status, awake.wake_at, awake.steps[0].status) == (Status.RUNNING, LATER, Status.FAILED)


@pytest.mark.parametrize("execution", [pending(), started(), at_gate(), in_doubt(), on_timer(), in_queue()])
def test_an_answer_counts_only_where_it_is_waited_for(execution: Execution) -> None:
    assert after(execution, Answered("step-0", Succeeded())) == execution


def test_an_answer_for_another_step_changes_nothing() -> None:
    assert after(calling(), Answered("step-1", Succeeded())) == calling()


def test_an_answer_that_does_not_come_in_time_ends_the_execution() -> None:
    waiting = calling(until=END)
    assert after(waiting, Claimed(), now=END - SECOND) == waiting
    over = after(waiting, Claimed(), now=END)
    assert (over.status, over.error) == (Status.TIMED_OUT, f"Step step-0: {NOT_ANSWERED}")


def test_a_step_that_may_fail_is_passed_where_no_answer_comes_in_time() -> None:
    transition = advance(calling(GOES_ON, StepPolicy(), until=END), Claimed(), END)
    assert (transition.prepare, transition.execution.steps[0].status) == (1, Status.TIMED_OUT)


# Asking again --------------------------------------------------------------------------------------


def test_a_step_that_rechecks_is_prepared_once_more_when_its_time_is_over() -> None:
    waiting = on_timer(StepPolicy(rechecks=True), StepPolicy())
    transition = advance(waiting, Claimed(), NOW + timedelta(minutes=5))
    assert transition.prepare == 0
    passed = after(transition.execution, StepEnded(Succeeded())).steps[0]
    assert (passed.status, passed.attempt) == (Status.SUCCEEDED, waiting.steps[0].attempt)
