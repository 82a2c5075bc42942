"""Any run of any definition, with workers that die at any moment and people who do anything at any moment."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.decisions.advance import advance
from core.decisions.execution import (
    CancelRequested,
    Claimed,
    Event,
    Execution,
    Failed,
    GateDecided,
    LockGranted,
    Skipped,
    StepEnded,
    StepPolicy,
    StepPrepared,
    StepResult,
    Succeeded,
    Uncertain,
    VerdictGiven,
    Waits,
)
from core.decisions.retry import retry_delay
from core.statuses import Status, WaitingFor
from tests.unit.core.decisions.building import NOW, in_queue, pending

POLICIES = st.builds(
    StepPolicy,
    repeatable=st.booleans(),
    attempts=st.integers(1, 3),
    backoff=st.sampled_from([timedelta(0), timedelta(seconds=1), timedelta(minutes=10)]),
    continue_on_failure=st.booleans(),
    asks=st.booleans(),
)
ENDS: st.SearchStrategy[StepResult] = st.one_of(
    st.just(Succeeded({"ok": True})),
    st.builds(Failed, st.just("no"), final=st.booleans()),
    st.just(Uncertain("no answer")),
)
FOR_PEOPLE = {WaitingFor.APPROVAL, WaitingFor.VERDICT, WaitingFor.LOCK, WaitingFor.FREEZE}


class Runs(RuleBasedStateMachine):
    """`held`: a worker has the lease. `to_prepare`: the step that it was told to prepare. `calling`: it is outside."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOW
        self.execution: Execution = pending()
        self.held = self.abandoned = self.calling = False
        self.to_prepare: int | None = None
        self.starts: dict[int, int] = {}
        self.again: dict[int, int] = {}

    @initialize(policies=st.lists(POLICIES, min_size=1, max_size=4), queued=st.booleans())
    def begin(self, policies: list[StepPolicy], queued: bool) -> None:
        self.execution = pending(*policies)
        if queued:
            self.execution = in_queue()

    def happens(self, event: Event) -> None:
        before = self.execution
        transition = advance(before, event, self.now)
        self.execution = after = transition.execution
        assert not before.status.is_final or after == before
        assert transition.prepare in (None, after.position)
        for i, (old, new) in enumerate(zip(before.steps, after.steps, strict=True)):
            if new.status is Status.RUNNING and new.attempt > old.attempt:
                assert not before.cancel_requested
                assert not before.frozen
                self.starts[i] = self.starts.get(i, 0) + 1
            if old.status not in {Status.PENDING, Status.RUNNING, Status.WAITING, Status.UNKNOWN}:
                assert new == old
        self.to_prepare = transition.prepare
        if after.waiting_for is not None or after.status.is_final:
            self.held = self.calling = False

    # Time and workers

    @rule(seconds=st.sampled_from([1, 30, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: not self.held and self._is_due())
    @rule()
    def a_worker_claims(self) -> None:
        self.held, self.abandoned = True, False
        self.happens(Claimed())

    def _is_due(self) -> bool:
        wake_at = self.execution.wake_at
        return self.abandoned or (wake_at is not None and wake_at <= self.now)

    @precondition(lambda self: self.held and self.to_prepare is not None)
    @rule()
    def the_worker_goes_outside(self) -> None:
        position = self.to_prepare
        assert position is not None
        self.happens(StepPrepared({}))
        self.calling = self.held and self.execution.steps[position].status is Status.RUNNING
        if self.held and not self.calling:
            self.happens(Claimed())

    @precondition(lambda self: self.held and self.to_prepare is not None)
    @rule(skipped=st.booleans(), result=ENDS)
    def the_worker_needs_not_go_outside(self, skipped: bool, result: StepResult) -> None:
        self.happens(StepEnded(Skipped("not now") if skipped else result))

    @precondition(lambda self: self.held and self.to_prepare is not None)
    @rule(what=st.sampled_from([WaitingFor.TIMER, WaitingFor.APPROVAL]))
    def the_step_waits(self, what: WaitingFor) -> None:
        self.happens(StepEnded(Waits(what, self.now + timedelta(seconds=30))))

    @precondition(lambda self: self.calling)
    @rule(result=ENDS)
    def the_call_ends(self, result: StepResult) -> None:
        self.calling = False
        self.happens(StepEnded(result))

    @precondition(lambda self: self.held)
    @rule()
    def the_worker_dies(self) -> None:
        self.held, self.abandoned, self.calling, self.to_prepare = False, True, False, None

    # People, at any moment

    @rule(approved=st.booleans())
    def somebody_decides(self, approved: bool) -> None:
        self.from_outside(GateDecided(approved, "<@U1>"))

    @rule()
    def somebody_cancels(self) -> None:
        self.from_outside(CancelRequested("<@U1>", worker_active=self.held or self.abandoned))

    @rule(answer=st.sampled_from(["ran", "did_not_run", "run_again"]))
    def somebody_gives_a_verdict(self, answer: str) -> None:
        position = self.execution.position
        if self.execution.waiting_for is WaitingFor.VERDICT and answer == "run_again":
            assert position is not None
            self.again[position] = self.again.get(position, 0) + 1
        self.from_outside(VerdictGiven(answer, "<@U1>"))

    @rule()
    def the_lock_is_granted(self) -> None:
        self.from_outside(LockGranted())

    @rule()
    def somebody_freezes(self) -> None:
        self.execution = replace(self.execution, frozen=True)

    @precondition(lambda self: self.execution.frozen)
    @rule()
    def the_freeze_is_lifted(self) -> None:
        """As core.services.freezes does it: what was held is due."""
        held = self.execution.waiting_for is WaitingFor.FREEZE
        wake_at = self.now if held else self.execution.wake_at
        self.execution = replace(self.execution, frozen=False, wake_at=wake_at)

    def from_outside(self, event: Event) -> None:
        """What the worker was told before stays its next step: it does not hear of this yet."""
        told = self.to_prepare
        self.happens(event)
        self.to_prepare = told if self.held else None

    # What always holds

    @invariant()
    def whatever_has_not_ended_has_a_way_out(self) -> None:
        execution = self.execution
        ways = (self.held, self.abandoned, execution.wake_at, execution.waiting_for in FOR_PEOPLE)
        assert execution.status.is_final or any(ways)

    @invariant()
    def what_is_held_is_in_no_step(self) -> None:
        if self.execution.waiting_for is WaitingFor.FREEZE:
            assert Status.RUNNING not in {step.status for step in self.execution.steps}

    @invariant()
    def what_is_not_frozen_is_not_held_for_ever(self) -> None:
        if self.execution.waiting_for is WaitingFor.FREEZE:
            assert self.execution.frozen or self.execution.wake_at is not None

    @invariant()
    def what_has_ended_wants_nothing(self) -> None:
        if self.execution.status.is_final:
            assert (self.execution.wake_at, self.execution.waiting_for) == (None, None)
            assert self.execution.finished_at is not None
            assert Status.RUNNING not in {step.status for step in self.execution.steps}

    @invariant()
    def a_status_says_whether_it_waits(self) -> None:
        assert (self.execution.status is Status.WAITING) == (self.execution.waiting_for is not None)

    @invariant()
    def no_step_starts_more_often_than_it_may(self) -> None:
        for i, starts in self.starts.items():
            policy = self.execution.steps[i].policy
            allowed = policy.attempts if policy.repeatable else 1
            assert starts <= allowed + self.again.get(i, 0)

    @invariant()
    def success_means_that_every_step_is_over(self) -> None:
        if self.execution.status is Status.SUCCEEDED:
            assert self.execution.position is None

    @invariant()
    def a_retry_is_spaced_by_its_policy(self) -> None:
        execution, position = self.execution, self.execution.position
        if execution.waiting_for is WaitingFor.TIMER and position is not None:
            step = execution.steps[position]
            if step.error is not None:
                assert execution.wake_at
                assert execution.wake_at <= self.now + (
                    retry_delay(step.policy, step.attempt) or timedelta(0)
                )


TestRuns = Runs.TestCase
TestRuns.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
