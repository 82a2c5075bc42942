"""Any run of any definition, with workers lost and people acting at any moment."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.decisions.advance import advance
from core.decisions.gates import GATE, asked_again, covering_gates, covers_retry
from core.decisions.resume import resume
from core.decisions.settling import is_overdue, retry_delay
from core.errors import Conflict
from core.statuses import Status, WaitingFor
from core.values.execution import (
    DONE,
    Answered,
    ApprovalVoided,
    CallbackReceived,
    CancelRequested,
    ChildrenChanged,
    Claimed,
    Event,
    Execution,
    Failed,
    GateDecided,
    GateOutdated,
    InProgress,
    InputGiven,
    LockGranted,
    Refused,
    Skipped,
    Step,
    StepEnded,
    StepPolicy,
    StepPrepared,
    StepResult,
    Succeeded,
    Uncertain,
    VerdictGiven,
    Waits,
)
from tests.unit.core.decisions.building import NOW, in_queue, pending

POLICIES = st.builds(
    StepPolicy,
    repeatable=st.booleans(),
    attempts=st.integers(1, 3),
    backoff=st.sampled_from([timedelta(0), timedelta(seconds=1), timedelta(minutes=10)]),
    continue_on_failure=st.booleans(),
    asks=st.booleans(),
    rechecks=st.booleans(),
    covers_for=st.sampled_from([None, None, timedelta(minutes=1)]),
    polls=st.sampled_from([False, False, True]),
    finds_lost_attempts=st.sampled_from([False, False, True]),
    stops_elsewhere=st.sampled_from([False, False, True]),
)
TYPES = st.lists(st.sampled_from(["http", GATE]), min_size=3, max_size=3)
DEFINITIONS = st.lists(POLICIES, min_size=1, max_size=3)
ENDS: st.SearchStrategy[StepResult] = st.one_of(
    st.just(Succeeded({"ok": True})),
    st.builds(Failed, st.just("no"), final=st.booleans()),
    st.just(Uncertain("no answer")),
    st.just(InProgress({"job": 7}, timedelta(seconds=10), "It is still running.")),
)
TIMEOUTS = st.sampled_from([None, timedelta(seconds=40), timedelta(hours=2)])
ANSWERS: list[Succeeded | Failed] = [Succeeded({"ok": True}), Failed("no"), Failed("no", final=True)]
Misfit = (
    GateDecided
    | GateOutdated
    | VerdictGiven
    | LockGranted
    | CallbackReceived
    | ChildrenChanged
    | Answered
    | InputGiven
)
MISFITS = st.sampled_from(
    [
        GateDecided(True, "<@U1>"),
        GateOutdated("It shows nothing."),
        VerdictGiven("ran", "<@U1>"),
        LockGranted(),
        CallbackReceived(),
        ChildrenChanged(),
        Answered("step-0", Succeeded()),
        InputGiven("step-0", {"n": 1}, {"n": 1}, "<@U1>"),
    ]
)
WAITS = [
    WaitingFor.TIMER,
    WaitingFor.APPROVAL,
    WaitingFor.CALLBACK,
    WaitingFor.INPUT,
    WaitingFor.CHILDREN,
]
FROM_OUTSIDE = set(WaitingFor) - {WaitingFor.TIMER}


FINALLY = st.lists(
    st.builds(StepPolicy, repeatable=st.booleans(), attempts=st.integers(1, 2)), min_size=0, max_size=2
)


def ending(execution: Execution, policies: list[StepPolicy]) -> Execution:
    """The same execution with finally steps, as core.services.executions.loading makes them."""
    steps = (
        Step(f"end-{i}", "http", replace(policy, in_finally=True, continue_on_failure=True, asks=True))
        for i, policy in enumerate(policies)
    )
    return replace(execution, steps=(*execution.steps, *steps), finally_timeout=timedelta(minutes=15))


def typed(execution: Execution, types: list[str]) -> Execution:
    """The same policies for steps of these types."""
    return replace(
        execution,
        steps=tuple(replace(step, type=type_) for step, type_ in zip(execution.steps, types, strict=False)),
    )


class Runs(RuleBasedStateMachine):
    """`held`: a worker has the lease. `to_prepare`: the step it is to prepare. `calling`: it is making a call."""

    may_have_children = True

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOW
        self.begin(pending(StepPolicy()))

    def begin(self, execution: Execution) -> None:
        self.execution = execution
        self.held = self.abandoned = self.calling = False
        self.to_prepare: int | None = None
        self.starts: dict[int, int] = {}
        self.again: dict[int, int] = {}
        self.was_refused = False

    @initialize(policies=DEFINITIONS, types=TYPES, queued=st.booleans(), timeout=TIMEOUTS, last=FINALLY)
    def the_first_run(
        self,
        policies: list[StepPolicy],
        types: list[str],
        queued: bool,
        timeout: timedelta | None,
        last: list[StepPolicy],
    ) -> None:
        run = in_queue() if queued else typed(pending(*policies), types)
        self.begin(replace(ending(run, last), timeout=timeout))

    @precondition(lambda self: self.execution.status.is_final)
    @rule(policies=DEFINITIONS, types=TYPES, timeout=TIMEOUTS, last=FINALLY)
    def another_run(
        self, policies: list[StepPolicy], types: list[str], timeout: timedelta | None, last: list[StepPolicy]
    ) -> None:
        self.begin(replace(ending(typed(pending(*policies), types), last), timeout=timeout))

    @precondition(lambda self: self.execution.status.is_final)
    @rule(chosen=st.sampled_from([None, None, "step-0", "step-1", "step-2"]))
    def somebody_retries(self, chosen: str | None) -> None:
        """Create the run of a retry, as core.services.runs.retries does; what was done before is not done again."""
        old = self.execution
        if chosen not in {None, *(step.id for step in old.steps)}:
            return
        try:
            resumption = resume(old, from_step=chosen, by="<@U1>", now=self.now)
        except Conflict:
            self.a_refused_retry_has_a_reason(chosen)
            return
        assert old.status is not Status.SUCCEEDED
        assert chosen or Status.UNKNOWN not in {step.status for step in old.steps}, (
            "what is in doubt is not repeated"
        )
        for at, (before, step) in enumerate(zip(old.steps, resumption.carried, strict=False)):
            if at in resumption.asks:
                assert (step.type, step.status, step.attempt) == (GATE, Status.PENDING, 0)
                continue
            passed = before.status is Status.FAILED and before.policy.continue_on_failure
            assert step == before if before.status in DONE or passed else chosen is not None
        fresh = [replace(pending(step.policy).steps[0], id=step.id, type=step.type) for step in old.steps]
        steps = (*resumption.carried, *fresh[len(resumption.carried) :])
        limit = old.finally_timeout
        new = replace(pending(), steps=steps, wake_at=self.now, timeout=old.timeout, finally_timeout=limit)
        self.begin(new)
        assert self.execution.position == min([resumption.position, *resumption.asks])
        self.what_runs_again_is_asked_for_again(resumption.position)

    def a_refused_retry_has_a_reason(self, chosen: str | None) -> None:
        steps = [step for step in self.execution.steps if not step.policy.in_finally]
        done = {step.status for step in steps} <= DONE
        doubtful = Status.UNKNOWN in {step.status for step in self.execution.steps}
        unapproved = any(step.type == GATE and step.status not in DONE for step in steps)
        refused = unapproved or (chosen is None and (done or doubtful))
        assert self.execution.status is Status.SUCCEEDED or refused

    def what_runs_again_is_asked_for_again(self, position: int) -> None:
        """Every approval before it is withdrawn, except a recent one that covers retries."""
        steps = self.execution.steps
        given = [at for at in covering_gates(steps, position) if steps[at].status is Status.SUCCEEDED]
        assert all(covers_retry(steps[at], self.now) for at in given)

    def happens(self, event: Event) -> None:
        before = self.execution
        transition = advance(before, event, self.now)
        self.execution = after = transition.execution
        assert not before.status.is_final or after == before
        assert before.outcome in (None, after.outcome), "what is decided stays decided"
        assert transition.prepare in (None, after.position)
        assert transition.prepare is None or not after.frozen or after.steps[transition.prepare].progress
        for i, (old, new) in enumerate(zip(before.steps, after.steps, strict=True)):
            if new.status is Status.RUNNING and new != old:
                assert isinstance(event, StepPrepared), "nothing else lets a step go outside"
                assert new.policy.in_finally == after.is_ending
            if new.status is Status.RUNNING and new.attempt > old.attempt:
                assert not before.cancel_requested
                assert not before.frozen
                assert not is_overdue(before, self.now)
                self.starts[i] = self.starts.get(i, 0) + 1
            if old.status not in {Status.PENDING, Status.RUNNING, Status.WAITING, Status.UNKNOWN}:
                assert new == old or self.is_taken_back(old, new, event)
                self.again[i] = self.again.get(i, 0) + (new != old)
        self.to_prepare = transition.prepare
        if after.waiting_for is not None or after.status.is_final:
            self.held = self.calling = False

    def is_taken_back(self, old: Step, new: Step, event: Event) -> bool:
        """Nothing that is over starts again, except a gate whose approval no longer holds."""
        voids = isinstance(event, ApprovalVoided) or event == VerdictGiven("run_again", "<@U1>")
        return voids and old.type == GATE and new == asked_again(old, new.error or "")

    # Time and workers

    @rule(seconds=st.sampled_from([1, 30, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: not self.held and self._is_due())
    @rule()
    def a_worker_claims(self) -> None:
        """If there were nothing for a worker to do, it would claim the execution forever."""
        self.held, self.abandoned = True, False
        self.happens(Claimed())
        assert self.to_prepare is not None or not self.held, "a worker has it, and nothing to do"

    def _is_due(self) -> bool:
        wake_at = self.execution.wake_at
        return self.abandoned or (wake_at is not None and wake_at <= self.now)

    def _has_children(self) -> bool:
        """A step with children acts in our own database alone."""
        return self.to_prepare is not None and self.execution.steps[self.to_prepare].progress == {
            "children": {}
        }

    @precondition(lambda self: self.held and self.to_prepare is not None and not self._has_children())
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
        if self._has_children() and not isinstance(result, Succeeded | Failed):
            result = Failed("2 of 8 child runs succeeded.", final=True)
        self.happens(StepEnded(Skipped("not now") if skipped and not self._has_children() else result))

    @precondition(lambda self: self.held and self.to_prepare is not None)
    @rule(what=st.sampled_from(WAITS), ends=st.booleans())
    def the_step_waits(self, what: WaitingFor, ends: bool) -> None:
        """Waits for time end at some time; the others may never end."""
        if what is WaitingFor.CHILDREN and not self.may_have_children:
            return
        has_children = what is WaitingFor.CHILDREN or self._has_children()
        what = WaitingFor.CHILDREN if has_children else what
        ends = ends or has_children or what is WaitingFor.TIMER
        until = self.now + timedelta(seconds=30) if ends else None
        self.happens(StepEnded(Waits(what, until, {"children": {}} if has_children else None)))

    @precondition(lambda self: self._is_behind_an_approval())
    @rule()
    def what_was_approved_renders_otherwise(self) -> None:
        """What a worker does if the approval does not match before the step acts: nothing is sent until it is approved
        again.
        """
        position = self.to_prepare
        assert position is not None
        gates = covering_gates(self.execution.steps, position)
        self.happens(ApprovalVoided("It renders otherwise."))
        if self.execution.status is Status.RUNNING and not self.execution.is_ending:
            assert self.execution.position == self.to_prepare == gates[0]

    def _is_behind_an_approval(self) -> bool:
        if not self.held or self.calling or self.to_prepare is None:
            return False
        if self.execution.status is not Status.RUNNING or self.execution.position != self.to_prepare:
            return False
        steps = self.execution.steps
        return any(steps[at].status is Status.SUCCEEDED for at in covering_gates(steps, self.to_prepare))

    @precondition(lambda self: self.held)
    @rule()
    def it_may_run_no_more(self) -> None:
        """What a worker does that claims an execution whose definition is now under quarantine."""
        self.happens(Refused("It is under quarantine now."))
        assert self.execution.status.is_final
        self.was_refused = True

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

    def _waits_for(self, what: WaitingFor) -> bool:
        return self.execution.waiting_for is what

    @rule(event=MISFITS)
    def somebody_comes_at_the_wrong_moment(self, event: Misfit) -> None:
        if self.execution.waiting_for is None:
            before = self.execution
            self.from_outside(event)
            assert self.execution == before

    @precondition(lambda self: self._waits_for(WaitingFor.APPROVAL))
    @rule(approved=st.booleans())
    def somebody_decides(self, approved: bool) -> None:
        self.from_outside(GateDecided(approved, "<@U1>"))

    @precondition(lambda self: self._waits_for(WaitingFor.APPROVAL))
    @rule()
    def the_gate_is_asked_anew(self) -> None:
        position = self.execution.position
        assert position is not None
        self.from_outside(GateOutdated("It shows nothing."))
        if self.execution.status is Status.RUNNING and not self.execution.is_ending:
            assert self.execution.steps[position].status is Status.PENDING
            self.again[position] = self.again.get(position, 0) + 1

    @precondition(lambda self: not self.execution.cancel_requested)
    @rule()
    def somebody_cancels(self) -> None:
        self.from_outside(CancelRequested("<@U1>", worker_active=self.held or self.abandoned))

    @precondition(lambda self: self._waits_for(WaitingFor.VERDICT))
    @rule(answer=st.sampled_from(["ran", "did_not_run", "run_again"]))
    def somebody_gives_a_verdict(self, answer: str) -> None:
        position = self.execution.position
        if answer == "run_again":
            assert position is not None
            self.again[position] = self.again.get(position, 0) + 1
        self.from_outside(VerdictGiven(answer, "<@U1>"))

    @precondition(lambda self: self._waits_for(WaitingFor.LOCK))
    @rule()
    def the_lock_is_granted(self) -> None:
        self.from_outside(LockGranted())

    @precondition(lambda self: self._waits_for(WaitingFor.CHILDREN))
    @rule()
    def its_children_end(self) -> None:
        outcome = self.execution.outcome
        self.from_outside(ChildrenChanged())
        assert outcome in (None, self.execution.outcome), "what is decided waited only for them"

    @precondition(lambda self: self._waits_for(WaitingFor.CALLBACK))
    @rule()
    def it_is_called_back(self) -> None:
        """The same attempt continues. (No real step that is called back makes an outside call; here one may, so one
        start more is counted.)
        """
        position = self.execution.position
        assert position is not None
        self.again[position] = self.again.get(position, 0) + 1
        self.from_outside(CallbackReceived())

    @precondition(lambda self: self._waits_for(WaitingFor.CALLBACK))
    @rule(result=st.sampled_from(ANSWERS), late=st.booleans())
    def it_is_answered(self, result: Succeeded | Failed, late: bool) -> None:
        """`late`: what an earlier step had waited for comes to its end."""
        before, position = self.execution, self.execution.position
        assert position is not None
        self.from_outside(Answered("another" if late else before.steps[position].id, result))
        assert not late or self.execution == before or is_overdue(before, self.now)

    @precondition(lambda self: self._waits_for(WaitingFor.INPUT))
    @rule(late=st.booleans())
    def somebody_enters_values(self, late: bool) -> None:
        """`late`: into the form of another step."""
        before, position = self.execution, self.execution.position
        assert position is not None
        step_id = "another" if late else before.steps[position].id
        self.from_outside(InputGiven(step_id, {"n": 1}, {"n": 1, "note": None}, "<@U1>"))
        after = self.execution
        assert not late or after == before or is_overdue(before, self.now)
        if not late and not is_overdue(before, self.now):
            assert after.steps[position].status is Status.SUCCEEDED
            assert after.steps[position].saved == {"n": 1, "note": None}
            assert after.wake_at == self.now

    @rule()
    def somebody_freezes(self) -> None:
        self.execution = replace(self.execution, frozen=True)

    @precondition(lambda self: self.execution.frozen)
    @rule()
    def the_freeze_is_lifted(self) -> None:
        """As core.services.freezes.declaring does: what was held becomes due."""
        held = self.execution.waiting_for is WaitingFor.FREEZE
        wake_at = self.now if held else self.execution.wake_at
        self.execution = replace(self.execution, frozen=False, wake_at=wake_at)

    def from_outside(self, event: Event) -> None:
        """The worker still prepares the step it was asked to prepare: it does not know of this yet."""
        told = self.to_prepare
        self.happens(event)
        self.to_prepare = told if self.held else None

    # What always holds

    @invariant()
    def check(self) -> None:
        self.who_is_outside_was_written_down_before()
        self.whatever_has_not_ended_has_a_way_out()
        self.what_has_ended_wants_nothing()
        self.a_status_says_whether_it_waits()
        self.no_step_starts_more_often_than_it_may()
        self.success_means_that_every_step_is_over()
        self.whatever_has_begun_ends_with_its_finally_steps()
        self.a_retry_is_spaced_by_its_policy()
        self.what_waits_is_woken_by_its_deadline()
        self.what_is_held_is_in_no_step()
        self.what_is_not_frozen_is_not_held_for_ever()

    def who_is_outside_was_written_down_before(self) -> None:
        """`execution` is what is committed when a call begins."""
        if self.calling:
            position = self.execution.position
            assert position is not None
            step = self.execution.steps[position]
            assert step.status in (Status.RUNNING, Status.UNKNOWN)
            assert step.request is not None

    def whatever_has_not_ended_has_a_way_out(self) -> None:
        execution = self.execution
        ways = (self.held, self.abandoned, execution.wake_at, execution.waiting_for in FROM_OUTSIDE)
        assert execution.status.is_final or any(ways)

    def what_waits_is_woken_by_its_deadline(self) -> None:
        execution = self.execution
        if execution.status is Status.WAITING and execution.deadline is not None:
            assert execution.wake_at is not None
            assert execution.wake_at <= max(execution.deadline, self.now)

    def what_is_held_is_in_no_step(self) -> None:
        if self.execution.waiting_for is WaitingFor.FREEZE:
            assert Status.RUNNING not in {step.status for step in self.execution.steps}

    def what_is_not_frozen_is_not_held_for_ever(self) -> None:
        if self.execution.waiting_for is WaitingFor.FREEZE:
            assert self.execution.frozen or self.execution.wake_at is not None

    def what_has_ended_wants_nothing(self) -> None:
        if self.execution.status.is_final:
            assert (self.execution.wake_at, self.execution.waiting_for) == (None, None)
            assert self.execution.finished_at is not None
            assert Status.RUNNING not in {step.status for step in self.execution.steps}

    def a_status_says_whether_it_waits(self) -> None:
        assert (self.execution.status is Status.WAITING) == (self.execution.waiting_for is not None)

    def no_step_starts_more_often_than_it_may(self) -> None:
        for i, starts in self.starts.items():
            policy = self.execution.steps[i].policy
            if policy.polls or policy.finds_lost_attempts:  # it only reads, or looks before it acts
                continue
            allowed = policy.attempts if policy.repeatable else 1
            assert starts <= allowed + self.again.get(i, 0)

    def success_means_that_every_step_is_over(self) -> None:
        if self.execution.status is Status.SUCCEEDED:
            assert replace(self.execution, outcome=None).position is None

    def whatever_has_begun_ends_with_its_finally_steps(self) -> None:
        """After success, failure, rejection, expiry, timeout and cancel alike, if their own time suffices."""
        execution = self.execution
        if not execution.status.is_final or self.was_refused:
            return
        last = [step for step in execution.steps if step.policy.in_finally]
        begun = any(step.started_at for step in execution.steps if not step.policy.in_finally)
        assert last == [] or not begun or not execution.started_at or execution.status is execution.outcome
        if execution.outcome is not None and "Its finally steps did not finish" not in (
            execution.error or ""
        ):
            assert not {step.status for step in last} & {Status.PENDING, Status.RUNNING, Status.WAITING}

    def a_retry_is_spaced_by_its_policy(self) -> None:
        execution, position = self.execution, self.execution.position
        if execution.waiting_for is WaitingFor.TIMER and position is not None:
            step = execution.steps[position]
            if step.error is not None:
                delay = timedelta(seconds=10) if step.progress else retry_delay(step.policy, step.attempt)
                assert execution.wake_at
                assert execution.wake_at <= self.now + (delay or timedelta(0))


TestRuns = Runs.TestCase
TestRuns.settings = settings(
    max_examples=50,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


# The same, walked at random and far: what takes several deaths, retries and verdicts in one run is rare above.

RESULTS: list[StepResult] = [Succeeded(), Failed("no"), Failed("no", final=True), Uncertain("no answer")]
STEP_ENDS: list[StepResult] = [
    *RESULTS,
    Skipped("not now"),
    Waits(WaitingFor.APPROVAL, NOW + timedelta(days=1)),
    Waits(WaitingFor.CALLBACK, None),
    Waits(WaitingFor.CHILDREN, NOW + timedelta(days=1), {"children": {}}),
    Waits(WaitingFor.CALLBACK, NOW + timedelta(days=1)),
    Waits(WaitingFor.INPUT, None),
    Waits(WaitingFor.INPUT, NOW + timedelta(days=1)),
    InProgress({"job": 7}, timedelta(seconds=10), "It is still running."),
]

CHILDREN_ENDS: list[StepResult] = [
    Succeeded(),
    Failed("2 of 8 child runs succeeded.", final=True),
    Waits(WaitingFor.CHILDREN, NOW + timedelta(days=1), {"children": {}}),
]


def any_policy(chance: random.Random) -> StepPolicy:
    backoff = chance.choice([timedelta(0), timedelta(seconds=1), timedelta(minutes=10)])
    return StepPolicy(
        repeatable=chance.random() < 0.5,
        attempts=chance.randint(1, 3),
        backoff=backoff,
        continue_on_failure=chance.random() < 0.5,
        asks=chance.random() < 0.8,
        rechecks=chance.random() < 0.3,
        covers_for=chance.choice([None, None, timedelta(minutes=1)]),
    )


def any_run(chance: random.Random) -> Execution:
    timeout = chance.choice([None, None, timedelta(minutes=2), timedelta(hours=8)])
    run = pending(*(any_policy(chance) for _ in range(chance.randint(1, 3))))
    last = [any_policy(chance) for _ in range(chance.randint(0, 2))]
    return replace(
        ending(typed(run, [chance.choice(["http", GATE]) for _ in range(3)]), last), timeout=timeout
    )


def approval_moves(run: Runs, chance: random.Random) -> list[Callable[[], None]]:
    moves: list[Callable[[], None]] = []
    if run._waits_for(WaitingFor.APPROVAL):
        moves.append(lambda: run.somebody_decides(chance.random() < 0.7))
        moves += [run.the_gate_is_asked_anew] if chance.random() < 0.2 else []
    if run._is_behind_an_approval():
        moves.append(run.what_was_approved_renders_otherwise)
    return moves


def moves_from_outside(run: Runs, chance: random.Random) -> list[Callable[[], None]]:
    if run._waits_for(WaitingFor.CHILDREN):
        return [run.its_children_end]
    if run._waits_for(WaitingFor.INPUT):
        return [lambda: run.somebody_enters_values(late=chance.random() < 0.3)]
    if run._waits_for(WaitingFor.CALLBACK):
        answer = chance.choice(ANSWERS)
        return [run.it_is_called_back, lambda: run.it_is_answered(answer, late=chance.random() < 0.3)]
    return []


def one_move(run: Runs, chance: random.Random) -> None:
    """An event that can happen now."""
    moves: list[Callable[[], None]] = [lambda: run.time_passes(chance.choice([1, 30, 3600]))]
    if chance.random() < 0.05:
        moves.append(run.somebody_cancels)
    moves += approval_moves(run, chance)
    moves += moves_from_outside(run, chance)
    if run.execution.frozen or chance.random() < 0.1:
        moves.append(run.the_freeze_is_lifted if run.execution.frozen else run.somebody_freezes)
    if run._waits_for(WaitingFor.VERDICT):
        moves.append(lambda: run.somebody_gives_a_verdict(chance.choice(["ran", "did_not_run", "run_again"])))
    if not run.held and run._is_due():
        moves.append(run.a_worker_claims)
    if run.calling:
        moves.append(lambda: run.the_call_ends(chance.choice(RESULTS)))
    if run.held:
        moves.append(run.the_worker_dies)
    if run.held and run.to_prepare is not None and not run.calling:
        moves += [] if run._has_children() else [run.the_worker_goes_outside]
        ends = CHILDREN_ENDS if run._has_children() else STEP_ENDS
        result = chance.choice(ends)
        if run.may_have_children or not isinstance(result, Waits) or result.progress is None:
            moves.append(lambda: run.happens(StepEnded(result)))
    chance.choice(moves)()


@pytest.mark.parametrize("seed", range(10))
def test_long_runs(seed: int) -> None:
    chance, run = random.Random(seed), Runs()
    for _ in range(2_000):
        if run.execution.status.is_final:
            run.somebody_retries(None)
        if run.execution.status.is_final:
            run.begin(any_run(chance))
        one_move(run, chance)
        run.check()
