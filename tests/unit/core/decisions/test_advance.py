"""`advance`, event by event."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.decisions.advance import advance
from core.decisions.settling import WORKER_LOST
from core.statuses import FINAL, Status, WaitingFor
from core.values.execution import (
    Answered,
    CancelRequested,
    Claimed,
    Event,
    Execution,
    Failed,
    GateDecided,
    LockGranted,
    Refused,
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
    UNASKED,
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
STOP = CancelRequested("<@U1>", worker_active=True)
APPROVED, REJECTED = GateDecided(approved=True, by="<@U1>"), GateDecided(approved=False, by="<@U1>")
EVENTS: list[Event] = [
    Claimed(),
    StepPrepared({}),
    StepEnded(Succeeded()),
    StepEnded(Failed("no")),
    StepEnded(Uncertain("no answer")),
    StepEnded(Skipped("no need")),
    StepEnded(Waits(WaitingFor.TIMER, LATER)),
    APPROVED,
    REJECTED,
    CANCEL,
    STOP,
    VerdictGiven("ran", "<@U1>"),
    VerdictGiven("did_not_run", "<@U1>"),
    VerdictGiven("run_again", "<@U1>"),
    LockGranted(),
    Answered("step-0", Succeeded()),
    Refused("edited"),
]


def named(events: list[Event]) -> list[str]:
    return [repr(event) for event in events]


# Ends ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", EVENTS, ids=named(EVENTS))
@pytest.mark.parametrize("status", sorted(FINAL))
def test_what_has_ended_is_changed_by_nothing(status: Status, event: Event) -> None:
    over = replace(pending(), status=status, wake_at=None)
    transition = advance(over, event, LATER)
    assert (transition.execution, transition.prepare) == (over, None)


def test_the_last_step_ends_the_execution() -> None:
    over = after(started(StepPolicy()), StepEnded(Succeeded("out", {"lag": 1})))
    assert (over.status, over.finished_at, over.wake_at, over.error) == (Status.SUCCEEDED, NOW, None, None)
    assert (over.steps[0].output, over.steps[0].saved) == ("out", {"lag": 1})


def test_a_failed_step_ends_the_execution_with_its_name_and_error() -> None:
    over = after(started(), StepEnded(Failed("Answered 500")))
    assert (over.status, over.error) == (Status.FAILED, "Step step-0: Answered 500")
    assert statuses(over) == [Status.FAILED, Status.PENDING]


def test_a_refused_execution_fails_without_a_step() -> None:
    over = after(pending(GOES_ON, GOES_ON), Refused("db-failover is draft."))
    assert (over.status, over.error) == (Status.FAILED, "db-failover is draft.")
    assert statuses(over) == [Status.PENDING] * 2


# Claims --------------------------------------------------------------------------------------------


def test_a_claim_prepares_the_first_step() -> None:
    transition = advance(pending(), Claimed(), NOW)
    assert transition.prepare == 0
    assert (transition.execution.status, transition.execution.started_at) == (Status.RUNNING, NOW)


def test_the_end_of_a_step_prepares_the_next() -> None:
    transition = advance(started(), StepEnded(Succeeded()), NOW)
    assert transition.prepare == 1
    assert statuses(transition.execution) == [Status.SUCCEEDED, Status.PENDING]


def test_a_claim_of_a_step_whose_worker_died_asks_people() -> None:
    asking = in_doubt()
    assert (asking.status, asking.waiting_for, asking.wake_at) == (Status.WAITING, WaitingFor.VERDICT, None)
    assert (asking.steps[0].status, asking.steps[0].error) == (Status.UNKNOWN, WORKER_LOST)


def test_a_claim_of_a_safe_step_whose_worker_died_runs_it_again() -> None:
    transition = advance(started(SAFE), Claimed(), NOW)
    assert transition.prepare == 0
    assert after(transition.execution, StepPrepared({})).steps[0].attempt == 2


def test_a_safe_step_that_kills_its_worker_each_time_is_asked_about_in_the_end() -> None:
    execution = started(SAFE)
    for _ in range(2):
        execution = after(execution, Claimed(), StepPrepared({}))
    assert execution.steps[0].attempt == 3
    assert after(execution, Claimed()).waiting_for is WaitingFor.VERDICT


@pytest.mark.parametrize("waiting", [at_gate(), on_timer(), in_queue()], ids=["gate", "timer", "queue"])
def test_a_claim_before_its_time_changes_nothing_of_a_wait(waiting: Execution) -> None:
    early = advance(waiting, Claimed(), NOW + timedelta(seconds=1))
    assert early.prepare is None
    assert replace(early.execution, started_at=None) == replace(waiting, started_at=None)


def test_a_timer_that_is_over_ends_its_step_and_prepares_the_next() -> None:
    transition = advance(on_timer(), Claimed(), NOW + timedelta(minutes=5))
    assert (transition.prepare, transition.execution.steps[0].status) == (1, Status.SUCCEEDED)


def test_a_lock_that_is_granted_wakes_what_waits_for_it() -> None:
    awake = after(in_queue(), LockGranted(), now=LATER)
    assert (awake.status, awake.waiting_for, awake.wake_at) == (Status.RUNNING, None, LATER)


# Preparing -----------------------------------------------------------------------------------------


def test_a_prepared_step_is_running_and_counts_its_attempt() -> None:
    step = started().steps[0]
    assert (step.status, step.attempt, step.started_at, step.request) == (
        Status.RUNNING,
        1,
        NOW,
        {"url": "x"},
    )


@pytest.mark.parametrize(
    "execution",
    [pending(), at_gate(), on_timer(SAFE), in_doubt(), in_queue(), started()],
    ids=["unclaimed", "gate", "timer", "doubt", "queue", "already started"],
)
def test_a_step_is_started_only_where_it_is_its_turn(execution: Execution) -> None:
    assert after(execution, StepPrepared({"late": True})) == execution


@pytest.mark.parametrize("result", [Succeeded(), Failed("no"), Uncertain("?"), Skipped("no")])
@pytest.mark.parametrize("execution", [pending(), at_gate(), on_timer(), in_doubt(), in_queue()])
def test_the_end_of_a_step_that_nobody_runs_changes_nothing(
    execution: Execution, result: Succeeded | Failed | Uncertain | Skipped
) -> None:
    assert after(execution, StepEnded(result)) == execution


def test_nothing_starts_after_a_cancel() -> None:
    claimed = after(pending(), Claimed(), STOP)
    over = after(claimed, StepPrepared({}))
    assert over.status is Status.CANCELLED
    assert statuses(over) == [Status.PENDING] * 2


# Results -------------------------------------------------------------------------------------------


def test_a_skipped_step_was_no_attempt() -> None:
    skipped = after(pending(), Claimed(), StepEnded(Skipped("not on Mondays"))).steps[0]
    assert (skipped.status, skipped.attempt, skipped.output) == (
        Status.SKIPPED,
        0,
        {"reason": "not on Mondays"},
    )


def test_a_step_without_a_call_outside_counts_its_attempt_too() -> None:
    assert after(pending(), Claimed(), StepEnded(Succeeded())).steps[0].attempt == 1


def test_a_step_without_a_call_outside_is_retried_as_often_as_it_says() -> None:
    execution, attempts = pending(SAFE), 0
    while execution.status not in FINAL:
        at = execution.wake_at or NOW
        execution = after(execution, Claimed(), StepEnded(Failed("no")), now=at)
        attempts += 1
    assert (attempts, execution.status) == (3, Status.FAILED)


def test_a_failed_step_that_may_fail_is_passed() -> None:
    transition = advance(started(GOES_ON, StepPolicy()), StepEnded(Failed("no")), NOW)
    assert (transition.prepare, transition.execution.steps[0].status) == (1, Status.FAILED)


def test_a_failed_safe_step_waits_for_its_next_attempt() -> None:
    waiting = after(started(SAFE), StepEnded(Failed("Answered 503")))
    assert (waiting.waiting_for, waiting.wake_at) == (WaitingFor.TIMER, NOW + timedelta(seconds=2))
    assert (waiting.steps[0].status, waiting.steps[0].error) == (Status.WAITING, "Answered 503")
    transition = advance(waiting, Claimed(), NOW + timedelta(seconds=2))
    assert transition.prepare == 0
    again = after(transition.execution, StepPrepared({})).steps[0]
    assert (again.attempt, again.error, again.status) == (2, None, Status.RUNNING)


def test_a_final_failure_is_not_tried_again() -> None:
    assert after(started(SAFE), StepEnded(Failed("refused", final=True))).status is Status.FAILED


def test_a_failed_unsafe_step_is_not_tried_again() -> None:
    unsafe = StepPolicy(attempts=3)
    assert after(started(unsafe), StepEnded(Failed("Answered 500"))).status is Status.FAILED


def test_no_answer_of_an_unsafe_step_is_asked_about() -> None:
    asking = after(started(), StepEnded(Uncertain("No answer.", {"exit_code": 137})))
    assert (asking.waiting_for, asking.wake_at) == (WaitingFor.VERDICT, None)
    assert (asking.steps[0].status, asking.steps[0].error) == (Status.UNKNOWN, "No answer.")
    assert asking.steps[0].output == {"exit_code": 137}


def test_no_answer_of_a_safe_step_is_asked_about_when_its_attempts_are_used_up() -> None:
    execution = started(SAFE)
    for _ in range(2):
        execution = after(execution, StepEnded(Uncertain("No answer.")))
        assert execution.waiting_for is WaitingFor.TIMER
        assert execution.wake_at
        execution = after(execution, Claimed(), StepPrepared({}), now=execution.wake_at)
    assert after(execution, StepEnded(Uncertain("No answer."))).waiting_for is WaitingFor.VERDICT


@pytest.mark.parametrize(
    "doubtful", [after(started(UNASKED), StepEnded(Uncertain("No answer."))), in_doubt(UNASKED)]
)
def test_a_doubt_about_which_nobody_can_be_asked_ends_the_execution(doubtful: Execution) -> None:
    assert doubtful.status is Status.FAILED
    assert doubtful.steps[0].status is Status.UNKNOWN
    assert doubtful.error == f"Step step-0: {doubtful.steps[0].error}"
