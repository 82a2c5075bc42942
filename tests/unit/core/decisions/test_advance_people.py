"""`advance` for decisions, verdicts and cancels."""

from datetime import timedelta

import pytest

from core.decisions.advance import advance
from core.statuses import Status, WaitingFor
from core.values.execution import (
    CancelRequested,
    Claimed,
    Execution,
    Failed,
    GateDecided,
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
STOP = CancelRequested("<@U1>", worker_active=True)
APPROVED, REJECTED = GateDecided(approved=True, by="<@U1>"), GateDecided(approved=False, by="<@U1>")


def test_an_approval_passes_the_gate_and_wakes_a_worker() -> None:
    awake = after(at_gate(), APPROVED, now=LATER)
    assert (awake.status, awake.waiting_for, awake.wake_at) == (Status.RUNNING, None, LATER)
    assert awake.steps[0].output == {"approved_by": "<@U1>"}
    assert advance(awake, Claimed(), LATER).prepare == 1


def test_a_rejection_ends_the_execution_and_says_whose_and_why() -> None:
    over = after(at_gate(), GateDecided(approved=False, by="<@U1>", reason="not now"))
    assert (over.status, over.error) == (Status.FAILED, "Step step-0: Rejected by <@U1>: not now")


def test_a_rejected_gate_that_may_fail_is_passed_by_a_worker_that_is_woken() -> None:
    awake = after(at_gate(GOES_ON, StepPolicy()), REJECTED)
    assert (awake.status, awake.wake_at, awake.steps[0].status) == (Status.RUNNING, NOW, Status.FAILED)


def test_a_gate_expires_at_its_time() -> None:
    over = after(at_gate(), Claimed(), now=NOW + timedelta(hours=1))
    assert (over.status, over.error) == (Status.TIMED_OUT, "Step step-0: Nobody decided in time.")
    assert over.steps[0].status is Status.TIMED_OUT


def test_a_gate_that_may_fail_is_passed_when_nobody_decides() -> None:
    on = advance(at_gate(GOES_ON, StepPolicy()), Claimed(), NOW + timedelta(hours=1))
    assert (on.execution.status, on.prepare) == (Status.RUNNING, 1)
    assert statuses(on.execution) == [Status.TIMED_OUT, Status.PENDING]


def test_a_gate_without_an_end_does_not_expire() -> None:
    waiting = at_gate(expires=None)
    assert after(waiting, Claimed(), now=LATER) == waiting


@pytest.mark.parametrize("execution", [pending(), started(), in_doubt(), on_timer(), in_queue()])
@pytest.mark.parametrize("decision", [APPROVED, REJECTED])
def test_a_decision_counts_at_a_gate_alone(execution: Execution, decision: GateDecided) -> None:
    assert after(execution, decision) == execution


@pytest.mark.parametrize("execution", [pending(), started(), at_gate(), on_timer(), in_queue()])
@pytest.mark.parametrize("answer", ["ran", "did_not_run", "run_again"])
def test_a_verdict_counts_only_where_it_is_asked_for(execution: Execution, answer: str) -> None:
    assert after(execution, VerdictGiven(answer, "<@U1>")) == execution


def test_the_verdict_it_ran_goes_on_with_the_next_step() -> None:
    awake = after(in_doubt(), VerdictGiven("ran", "<@U1>"), now=LATER)
    assert (awake.steps[0].status, awake.wake_at) == (Status.SUCCEEDED, LATER)
    assert awake.steps[0].output == {"verdict": "ran", "by": "<@U1>"}
    assert advance(awake, Claimed(), LATER).prepare == 1


def test_the_verdict_it_did_not_run_fails_the_step() -> None:
    over = after(in_doubt(), VerdictGiven("did_not_run", "<@U1>"))
    assert (over.status, over.error) == (Status.FAILED, "Step step-0: It did not run, according to <@U1>.")


def test_the_verdict_it_did_not_run_passes_a_step_that_may_fail() -> None:
    awake = after(in_doubt(GOES_ON, StepPolicy()), VerdictGiven("did_not_run", "<@U1>"))
    assert (awake.status, awake.wake_at) == (Status.RUNNING, NOW)


def test_the_verdict_run_it_again_starts_it_once_more() -> None:
    awake = after(in_doubt(), VerdictGiven("run_again", "<@U1>"))
    assert advance(awake, Claimed(), NOW).prepare == 0
    again = after(awake, Claimed(), StepPrepared({})).steps[0]
    assert (again.status, again.attempt) == (Status.RUNNING, 2)


# Cancels -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("execution", [pending(), at_gate(), on_timer(), in_doubt(), in_queue()])
def test_a_cancel_ends_at_once_what_no_worker_holds(execution: Execution) -> None:
    over = after(execution, CANCEL, now=LATER)
    assert (over.status, over.error) == (Status.CANCELLED, "Cancelled by <@U1>.")
    assert (over.finished_at, over.wake_at, over.waiting_for) == (LATER, None, None)
    assert Status.WAITING not in statuses(over)


def test_a_cancelled_step_in_doubt_stays_in_doubt() -> None:
    assert statuses(after(in_doubt(), CANCEL)) == [Status.UNKNOWN, Status.PENDING]


def test_a_cancel_leaves_a_running_step_to_its_worker() -> None:
    stopping = after(started(), STOP)
    assert (stopping.status, stopping.cancel_requested) == (Status.RUNNING, True)
    over = after(stopping, StepEnded(Succeeded()))
    assert over.status is Status.CANCELLED
    assert statuses(over) == [Status.SUCCEEDED, Status.PENDING]


def test_a_running_step_that_was_stopped_by_a_cancel_stays_in_doubt_and_nobody_is_asked() -> None:
    over = after(started(), STOP, StepEnded(Uncertain("It was stopped.")))
    assert (over.status, over.error) == (Status.CANCELLED, "Cancelled by <@U1>.")
    assert (over.steps[0].status, over.steps[0].error) == (Status.UNKNOWN, "It was stopped.")


@pytest.mark.parametrize("policy", [StepPolicy(), SAFE, GOES_ON])
def test_a_step_that_fails_after_a_cancel_is_neither_retried_nor_passed(policy: StepPolicy) -> None:
    over = after(started(policy, StepPolicy()), STOP, StepEnded(Failed("no")))
    assert (over.status, over.error) == (Status.CANCELLED, "Cancelled by <@U1>.")
    assert statuses(over) == [Status.FAILED, Status.PENDING]


def test_a_step_that_would_wait_after_a_cancel_does_not() -> None:
    claimed = after(pending(), Claimed(), STOP)
    assert after(claimed, StepEnded(Waits(WaitingFor.TIMER, LATER))).status is Status.CANCELLED


def test_a_cancel_whose_worker_died_ends_at_the_next_claim() -> None:
    over = after(started(), STOP, Claimed())
    assert over.status is Status.CANCELLED
    assert statuses(over) == [Status.UNKNOWN, Status.PENDING]


def test_the_first_cancel_is_named() -> None:
    over = after(started(), STOP, CancelRequested("<@U2>", worker_active=True), StepEnded(Succeeded()))
    assert over.error == "Cancelled by <@U1>."
