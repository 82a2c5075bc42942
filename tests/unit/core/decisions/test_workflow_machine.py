"""Any run of any workflow: as of a runbook, but nobody gives verdicts, actions wait for runbooks, and time ends."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from core.decisions.execution import (
    Answered,
    Claimed,
    Failed,
    Refused,
    StepEnded,
    StepPolicy,
    Succeeded,
    Waits,
)
from core.statuses import Status, WaitingFor
from tests.unit.core.decisions.test_machine import Runs, any_policy, one_move

LIMIT = timedelta(hours=2)
ANSWERS = st.sampled_from(
    [Succeeded({"status": "succeeded"}), Failed("it failed"), Failed("it failed", final=True)]
)


class WorkflowRuns(Runs):
    """Every other run may take two hours at most."""

    begun = 0

    def begin(self, policies: list[StepPolicy], queued: bool) -> None:
        rechecks = bool(self.begun % 3)
        actions = [replace(policy, asks=False, rechecks=rechecks) for policy in policies]
        super().begin(actions, queued=False)
        self.execution = replace(self.execution, timeout=LIMIT if self.begun % 2 else None)
        self.begun += 1

    @precondition(lambda self: self.held and self.to_prepare is not None)
    @rule(patient=st.booleans())
    def the_action_waits_for_a_runbook(self, patient: bool) -> None:
        until = None if patient else self.now + timedelta(minutes=10)
        self.happens(StepEnded(Waits(WaitingFor.CALLBACK, until)))

    @precondition(lambda self: self._waits_for(WaitingFor.CALLBACK))
    @rule(result=ANSWERS)
    def the_runbook_ends(self, result: Succeeded | Failed) -> None:
        position = self.execution.position
        assert position is not None
        self.from_outside(Answered(self.execution.steps[position].id, result))
        assert not self._waits_for(WaitingFor.CALLBACK)

    @rule(result=ANSWERS)
    def an_answer_comes_that_nobody_waits_for(self, result: Succeeded | Failed) -> None:
        if self.execution.deadline is None or self.now < self.execution.deadline:
            before = self.execution
            self.from_outside(Answered("another-step", result))
            assert self.execution == before

    @precondition(lambda self: self.held and not self.calling)
    @rule()
    def it_may_not_go_on(self) -> None:
        self.happens(Refused("It kills its workers."))
        assert self.execution.status.is_final

    @precondition(lambda self: self.execution.timeout is not None and not self.held and self._is_due())
    @rule()
    def it_is_claimed_when_its_time_is_over(self) -> None:
        self.now = max(self.now, (self.execution.started_at or self.now) + LIMIT)
        begun = self.execution.started_at is not None
        self.held, self.abandoned = True, False
        self.happens(Claimed())
        assert self.execution.status.is_final or not begun

    def whatever_has_not_ended_has_a_way_out(self) -> None:
        if not self._waits_for(WaitingFor.CALLBACK):
            super().whatever_has_not_ended_has_a_way_out()

    @invariant()
    def nobody_is_asked_for_a_verdict(self) -> None:
        assert self.execution.waiting_for is not WaitingFor.VERDICT

    @invariant()
    def nothing_sleeps_longer_than_it_may(self) -> None:
        deadline = self.execution.deadline
        if deadline is not None and self.execution.status is Status.WAITING:
            assert self.execution.wake_at is not None
            assert self.execution.wake_at <= deadline


TestWorkflowRuns = WorkflowRuns.TestCase
TestWorkflowRuns.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


# The same, walked at random and far.

RESULTS: list[Succeeded | Failed] = [Succeeded(), Failed("no"), Failed("no", final=True)]


def one_workflow_move(run: WorkflowRuns, chance: random.Random) -> None:
    """Something that can happen now, of what only workflows have; or of what runbooks have, too."""
    moves = [lambda: one_move(run, chance)] * 3
    moves.append(lambda: run.an_answer_comes_that_nobody_waits_for(chance.choice(RESULTS)))
    if run.held and run.to_prepare is not None and not run.calling:
        moves.append(lambda: run.the_action_waits_for_a_runbook(chance.random() < 0.5))
    if run._waits_for(WaitingFor.CALLBACK):
        moves.append(lambda: run.the_runbook_ends(chance.choice(RESULTS)))
    if run.held and not run.calling and chance.random() < 0.1:
        moves.append(run.it_may_not_go_on)
    if run.execution.timeout is not None and not run.held and run._is_due() and chance.random() < 0.1:
        moves.append(run.it_is_claimed_when_its_time_is_over)
    chance.choice(moves)()


@pytest.mark.parametrize("seed", range(5))
def test_long_runs(seed: int) -> None:
    chance, run = random.Random(seed), WorkflowRuns()
    for _ in range(2_000):
        if run.execution.status.is_final:
            run.begin([any_policy(chance) for _ in range(chance.randint(1, 3))], queued=False)
        one_workflow_move(run, chance)
        run.check()
        run.nobody_is_asked_for_a_verdict()
        run.nothing_sleeps_longer_than_it_may()
