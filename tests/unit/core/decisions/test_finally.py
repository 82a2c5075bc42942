"""Finally steps: they run once the outcome is decided, whatever it is, and do not change it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.decisions.advance import advance
from core.decisions.gates import covering_gates
from core.decisions.resume import resume
from core.errors import Conflict
from core.statuses import Status, WaitingFor
from core.values.execution import (
    ApprovalVoided,
    CancelRequested,
    ChildrenChanged,
    Claimed,
    Event,
    Execution,
    Failed,
    GateDecided,
    Refused,
    StepEnded,
    StepPolicy,
    StepPrepared,
    Succeeded,
    Uncertain,
    Waits,
)
from tests.unit.core.decisions.building import GOES_ON, NOW, after, in_queue, pending, statuses

LAST = replace(GOES_ON, in_finally=True)
LIMIT = timedelta(minutes=15)
CLAIMED, STARTED = Claimed(), StepPrepared({})
GOOD, BAD = StepEnded(Succeeded()), StepEnded(Failed("no", final=True))
WITH_CHILDREN = StepEnded(Waits(WaitingFor.CHILDREN, NOW + timedelta(minutes=1), {"children": {}}))
AT_GATE = StepEnded(Waits(WaitingFor.APPROVAL, NOW + timedelta(minutes=5)))
CANCEL = CancelRequested("<@U1>", worker_active=False)


def with_finally(execution: Execution | None = None) -> Execution:
    """Two steps, or those of `execution`, and two finally steps."""
    run = execution or pending()
    last = (replace(step, id=f"end-{i}", policy=LAST) for i, step in enumerate(pending().steps))
    return replace(run, steps=(*run.steps, *last), finally_timeout=LIMIT)


ENDS: dict[Status, list[Event]] = {
    Status.SUCCEEDED: [CLAIMED, STARTED, GOOD, STARTED, GOOD],
    Status.FAILED: [CLAIMED, STARTED, BAD],
    Status.CANCELLED: [CLAIMED, AT_GATE, CANCEL],
}


@pytest.mark.parametrize("outcome", ENDS)
def test_they_run_whatever_the_outcome_is(outcome: Status) -> None:
    decided = after(with_finally(), *ENDS[outcome], CLAIMED)
    assert (decided.status, decided.outcome, decided.position) == (Status.RUNNING, outcome, 2)

    ended = after(decided, STARTED, GOOD, STARTED, GOOD)

    assert (ended.status, ended.finished_at) == (outcome, NOW)
    assert statuses(ended)[2:] == [Status.SUCCEEDED] * 2


def test_they_run_after_a_rejection() -> None:
    decided = after(with_finally(), CLAIMED, AT_GATE, GateDecided(approved=False, by="<@U1>"))
    assert decided.wake_at == NOW
    ended = after(decided, CLAIMED, STARTED, GOOD, STARTED, GOOD)
    assert (ended.status, ended.error) == (Status.FAILED, "Step step-0: Rejected by <@U1>.")


def test_they_run_after_a_gate_that_expired() -> None:
    later = NOW + timedelta(minutes=6)
    ended = after(after(with_finally(), CLAIMED, AT_GATE), CLAIMED, STARTED, GOOD, STARTED, GOOD, now=later)
    assert (ended.status, statuses(ended)[2:]) == (Status.TIMED_OUT, [Status.SUCCEEDED] * 2)


def test_they_run_after_the_runs_own_timeout_and_have_a_time_of_their_own() -> None:
    limited = replace(with_finally(), timeout=timedelta(minutes=1))
    later = NOW + timedelta(minutes=2)
    decided = after(after(limited, CLAIMED, AT_GATE), CLAIMED, STARTED, now=later)
    assert (decided.outcome, decided.deadline) == (Status.TIMED_OUT, later + LIMIT)

    ended = after(decided, GOOD, STARTED, GOOD, now=later + timedelta(minutes=10))
    assert (ended.status, statuses(ended)[2:]) == (Status.TIMED_OUT, [Status.SUCCEEDED] * 2)


def test_they_are_over_when_their_time_is() -> None:
    decided = after(
        with_finally(), CLAIMED, STARTED, BAD, CLAIMED, StepEnded(Waits(WaitingFor.TIMER, NOW + 2 * LIMIT))
    )
    assert decided.wake_at == NOW + LIMIT

    ended = after(decided, CLAIMED, now=NOW + LIMIT)

    assert ended.status is Status.FAILED
    assert ended.error == "Step step-0: no Its finally steps did not finish within 15 min."
    assert statuses(ended)[2:] == [Status.TIMED_OUT, Status.PENDING]


def test_one_that_fails_keeps_neither_the_next_from_running_nor_the_outcome_from_holding() -> None:
    ended = after(with_finally(), *ENDS[Status.SUCCEEDED], STARTED, BAD, STARTED, GOOD)
    assert (ended.status, ended.error) == (Status.SUCCEEDED, None)
    assert statuses(ended)[2:] == [Status.FAILED, Status.SUCCEEDED]


def test_one_in_doubt_is_asked_about() -> None:
    asked = after(with_finally(), *ENDS[Status.FAILED], CLAIMED, STARTED, StepEnded(Uncertain("no answer")))
    assert (asked.waiting_for, asked.position) == (WaitingFor.VERDICT, 2)


@pytest.mark.parametrize(
    "run",
    [
        after(with_finally(), CANCEL),
        after(with_finally(in_queue()), CANCEL),
        after(with_finally(), Refused("It is a draft.")),
        after(with_finally(), CLAIMED, STARTED, Refused("It is under quarantine now.")),
    ],
    ids=["never begun", "in the queue of its lock", "not approved", "under quarantine"],
)
def test_they_do_not_run_if_the_run_never_began_or_may_not_run(run: Execution) -> None:
    assert run.status.is_final
    assert statuses(run)[2:] == [Status.PENDING] * 2


def test_a_cancel_does_not_stop_them() -> None:
    decided = after(with_finally(), *ENDS[Status.FAILED], CLAIMED, STARTED)
    assert after(decided, CancelRequested("<@U1>", worker_active=True)) == decided


def test_a_cancel_is_done_with_once_the_outcome_is_decided() -> None:
    """Otherwise the worker would stop the finally steps, too."""
    stopping = after(with_finally(), CLAIMED, STARTED, CancelRequested("<@U1>", worker_active=True))
    assert stopping.cancel_requested
    decided = after(stopping, StepEnded(Failed("stopped")))
    assert (decided.outcome, decided.cancel_requested) == (Status.CANCELLED, False)


def test_a_cancel_waits_for_children_also_of_a_run_that_was_about_to_look_at_them() -> None:
    looking = after(with_finally(), CLAIMED, WITH_CHILDREN, ChildrenChanged())
    decided = after(looking, CANCEL)
    assert (decided.status, decided.outcome, decided.wake_at) == (Status.RUNNING, Status.CANCELLED, NOW)
    assert (decided.position, statuses(decided)[0]) == (0, Status.WAITING)

    ended = after(decided, CLAIMED, BAD, STARTED, GOOD, STARTED, GOOD)
    assert (ended.status, statuses(ended)[2:]) == (Status.CANCELLED, [Status.SUCCEEDED] * 2)


def test_a_refusal_does_not_wait_for_children() -> None:
    refused = after(with_finally(), CLAIMED, WITH_CHILDREN, Refused("no"))
    assert (refused.status, statuses(refused)[0]) == (Status.FAILED, Status.FAILED)


def test_no_approval_covers_them() -> None:
    steps = [replace(step, type="approval", status=Status.SUCCEEDED) for step in pending().steps]
    run = with_finally(replace(pending(), steps=tuple(steps)))
    assert covering_gates(run.steps, 2) == ()


def test_a_claim_that_decides_the_outcome_goes_on_to_them() -> None:
    limited = replace(with_finally(), timeout=timedelta(minutes=1))
    transition = advance(after(limited, CLAIMED, AT_GATE), CLAIMED, NOW + timedelta(minutes=1))
    assert transition.prepare == 2


def test_a_retry_runs_them_anew() -> None:
    ended = after(with_finally(), CLAIMED, STARTED, GOOD, STARTED, BAD, CLAIMED, STARTED, GOOD, STARTED, GOOD)
    resumption = resume(ended, from_step=None, by="<@U1>", now=NOW)
    assert (resumption.position, len(resumption.carried)) == (1, 1)


def test_a_retry_does_not_silently_repeat_one_in_doubt() -> None:
    asked = after(with_finally(), *ENDS[Status.FAILED], CLAIMED, STARTED, StepEnded(Uncertain("no answer")))
    ended = after(asked, CLAIMED, now=NOW + LIMIT)
    assert ended.status is Status.FAILED
    with pytest.raises(Conflict, match="Nobody knows whether step end-0 happened"):
        resume(ended, from_step=None, by="<@U1>", now=NOW)


PROPOSED = StepPolicy(repeatable=True)


def proposed() -> Execution:
    """A run whose second step is the gate without which nothing of it is done."""
    run = with_finally(pending(StepPolicy(only_reads=True), PROPOSED, StepPolicy()))
    return replace(run, admitted_by="step-1")


@pytest.mark.parametrize("decision", [GateDecided(approved=False, by="<@U1>"), CANCEL])
def test_none_runs_of_what_an_agent_proposed_and_nobody_approved(decision: Event) -> None:
    """Else a rejected proposal would act all the same."""
    over = after(proposed(), CLAIMED, STARTED, GOOD, AT_GATE, decision)
    assert over.status.is_final
    assert statuses(over)[3:] == [Status.PENDING] * 2


def test_they_run_of_what_an_agent_proposed_and_a_person_approved() -> None:
    approved = after(proposed(), CLAIMED, STARTED, GOOD, AT_GATE, GateDecided(approved=True, by="<@U1>"))
    ended = after(approved, CLAIMED, STARTED, BAD, CLAIMED, STARTED, GOOD, STARTED, GOOD)
    assert statuses(ended) == [Status.SUCCEEDED, Status.SUCCEEDED, Status.FAILED, *[Status.SUCCEEDED] * 2]


def test_they_clean_up_what_was_done_before_the_approval_was_asked_again() -> None:
    approved = after(proposed(), CLAIMED, STARTED, GOOD, AT_GATE, GateDecided(approved=True, by="<@U1>"))
    again = after(approved, CLAIMED, ApprovalVoided("It is different now."), AT_GATE)
    acted = replace(
        again, steps=(*again.steps[:2], replace(again.steps[2], started_at=NOW), *again.steps[3:])
    )
    rejected = after(acted, GateDecided(approved=False, by="<@U1>"), CLAIMED)
    assert (rejected.status, rejected.outcome, rejected.position) == (Status.RUNNING, Status.FAILED, 3)
