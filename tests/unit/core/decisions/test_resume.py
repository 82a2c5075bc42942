"""Where a retry continues, and what it carries over."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.decisions.resume import resume
from core.errors import Conflict, InvalidInput
from core.statuses import Status
from core.values.execution import Execution, Step, StepPolicy
from tests.unit.core.decisions.building import GOES_ON, NOW

S, F, U, P = Status.SUCCEEDED, Status.FAILED, Status.UNKNOWN, Status.PENDING


def failed_run(*steps: tuple[Status, StepPolicy] | Status, status: Status = F) -> Execution:
    made = [each if isinstance(each, tuple) else (each, StepPolicy()) for each in steps]
    rows = tuple(
        Step(f"step-{i}", "http", policy, status=each, output={"n": i}, saved={"n": i})
        for i, (each, policy) in enumerate(made)
    )
    return Execution(status, rows, finished_at=NOW)


def test_it_goes_on_at_the_first_step_that_did_not_succeed() -> None:
    run = failed_run(S, Status.SKIPPED, F, P)
    found = resume(run, from_step=None, by="<@U1>", now=NOW)
    assert (found.position, found.carried) == (2, run.steps[:2])


def test_a_failure_that_was_passed_is_not_gone_back_to() -> None:
    run = failed_run((F, GOES_ON), S, F)
    found = resume(run, from_step=None, by="<@U1>", now=NOW)
    assert (found.position, found.carried) == (2, run.steps[:2])


def test_a_passed_failure_is_retried_where_nothing_else_is_left() -> None:
    run = failed_run(S, (F, GOES_ON), status=Status.CANCELLED)
    assert resume(run, from_step=None, by="<@U1>", now=NOW).position == 1


@pytest.mark.parametrize("status", [Status.RUNNING, Status.WAITING, Status.PENDING, S])
def test_only_what_ended_without_success_is_retried(status: Status) -> None:
    with pytest.raises(Conflict):
        resume(failed_run(S, F, status=status), from_step=None, by="<@U1>", now=NOW)


def test_a_run_without_an_undone_step_is_not_retried() -> None:
    with pytest.raises(Conflict, match="Every step"):
        resume(failed_run(S, S, status=Status.CANCELLED), from_step=None, by="<@U1>", now=NOW)


def test_a_doubt_needs_a_choice() -> None:
    run = failed_run(S, U, P, status=Status.CANCELLED)
    with pytest.raises(Conflict, match="Nobody knows whether step step-1 happened"):
        resume(run, from_step=None, by="<@U1>", now=NOW)
    assert resume(run, from_step="step-1", by="<@U1>", now=NOW).position == 1
    behind = resume(run, from_step="step-2", by="<@U1>", now=NOW).carried[1]
    assert behind.status is Status.SKIPPED
    assert behind.output == {"reason": "Nobody knows whether it happened; <@U1> continued from step-2."}


def test_a_gate_without_approval_is_not_gone_around() -> None:
    run = failed_run(S, F, P)
    gate = replace(run.steps[1], type="approval")
    with pytest.raises(Conflict, match="an approval that was never given"):
        resume(run.with_step(1, gate), from_step="step-2", by="<@U1>", now=NOW)


def test_an_approval_that_was_given_is_asked_for_again() -> None:
    run = failed_run(S, S, S, F)
    gate = replace(run.steps[1], type="approval", attempt=2, finished_at=NOW)
    found = resume(run.with_step(1, gate), from_step=None, by="<@U1>", now=NOW)
    assert (found.position, found.asks) == (3, (1,))
    assert [step.status for step in found.carried] == [S, P, S]
    asked = found.carried[1]
    assert (asked.attempt, asked.output, asked.error) == (0, None, "<@U1> retried this run.")


def test_an_approval_that_covers_retries_is_carried_over_while_it_is_young() -> None:
    run = failed_run(S, S, F)
    policy = StepPolicy(covers_for=timedelta(minutes=30))
    gate = replace(run.steps[1], type="approval", policy=policy, finished_at=NOW)
    run = run.with_step(1, gate)
    young = resume(run, from_step=None, by="<@U1>", now=NOW + timedelta(minutes=29))
    assert (young.asks, young.carried[1]) == ((), gate)
    assert resume(run, from_step=None, by="<@U1>", now=NOW + timedelta(minutes=30)).asks == (1,)


def test_an_unknown_step_is_refused() -> None:
    with pytest.raises(InvalidInput, match="This run has no step promote"):
        resume(failed_run(F), from_step="promote", by="<@U1>", now=NOW)
