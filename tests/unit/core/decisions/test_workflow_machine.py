"""Any run of any workflow: like a runbook, but nobody gives verdicts, and actions wait for runbooks."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from core.statuses import WaitingFor
from core.values.execution import Claimed, Execution, Failed, StepEnded, Succeeded, Waits
from tests.unit.core.decisions.test_machine import ANSWERS, Runs, any_run, one_move


class WorkflowRuns(Runs):
    """Its actions never ask for a verdict, and it has no finally steps."""

    may_have_children = False

    def begin(self, execution: Execution) -> None:
        main = (step for step in execution.steps if not step.policy.in_finally)
        steps = (replace(step, policy=replace(step.policy, asks=False)) for step in main)
        super().begin(replace(execution, steps=tuple(steps)))

    @precondition(lambda self: self.held and self.to_prepare is not None)
    @rule(patient=st.booleans())
    def the_action_waits_for_a_runbook(self, patient: bool) -> None:
        until = None if patient else self.now + timedelta(minutes=10)
        self.happens(StepEnded(Waits(WaitingFor.CALLBACK, until)))

    @precondition(lambda self: self._waits_for(WaitingFor.CALLBACK))
    @rule(result=st.sampled_from(ANSWERS))
    def the_runbook_ends(self, result: Succeeded | Failed) -> None:
        self.it_is_answered(result, late=False)
        assert not self._waits_for(WaitingFor.CALLBACK)

    @precondition(lambda self: self.execution.timeout is not None and not self.held and self._is_due())
    @rule()
    def it_is_claimed_when_its_time_is_over(self) -> None:
        begun, timeout = self.execution.started_at, self.execution.timeout
        assert timeout is not None
        self.now = max(self.now, (begun or self.now) + timeout)
        self.held, self.abandoned = True, False
        self.happens(Claimed())
        assert self.execution.status.is_final or begun is None

    @invariant()
    def nobody_is_asked_for_a_verdict(self) -> None:
        assert self.execution.waiting_for is not WaitingFor.VERDICT


TestWorkflowRuns = WorkflowRuns.TestCase
TestWorkflowRuns.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


# The same, walked at random and far.


def one_workflow_move(run: WorkflowRuns, chance: random.Random) -> None:
    """An event that can happen now, of those specific to workflows or shared with runbooks."""
    moves = [lambda: one_move(run, chance)] * 3
    if run.held and run.to_prepare is not None and not run.calling:
        moves.append(lambda: run.the_action_waits_for_a_runbook(chance.random() < 0.5))
    if run._waits_for(WaitingFor.CALLBACK):
        moves.append(lambda: run.the_runbook_ends(chance.choice(ANSWERS)))
    if run.held and not run.calling and chance.random() < 0.1:
        moves.append(run.it_may_run_no_more)
    if run.execution.timeout is not None and not run.held and run._is_due() and chance.random() < 0.1:
        moves.append(run.it_is_claimed_when_its_time_is_over)
    chance.choice(moves)()


@pytest.mark.parametrize("seed", range(5))
def test_long_runs(seed: int) -> None:
    chance, run = random.Random(seed), WorkflowRuns()
    for _ in range(2_000):
        if run.execution.status.is_final:
            run.begin(any_run(chance))
        one_workflow_move(run, chance)
        run.check()
        run.nobody_is_asked_for_a_verdict()
