"""What an execution waited for has come: a decision, a verdict, a lock, a callback, an answer.

What comes when it is not waited for, or not any more, changes nothing.
"""

from dataclasses import replace
from datetime import datetime

from core.decisions.execution import (
    Answered,
    CallbackReceived,
    Execution,
    Failed,
    GateDecided,
    GateOutdated,
    Json,
    LockGranted,
    Transition,
    VerdictGiven,
)
from core.decisions.gates import asked_again, covering_gates, covers_retry, reopened
from core.decisions.settling import fail
from core.decisions.states import awake, finished
from core.statuses import Status, WaitingFor


def decided(event: GateDecided | GateOutdated, execution: Execution, now: datetime) -> Transition:
    """People let it through the gate, or did not; or the gate is asked anew."""
    position = execution.position
    if position is None or execution.waiting_for is not WaitingFor.APPROVAL:
        return Transition(execution)
    if isinstance(event, GateOutdated):
        again = asked_again(execution.steps[position], event.reason)
        return Transition(awake(execution.with_step(position, again), now))
    if event.approved:
        output: dict[str, Json] = {
            "approved_by": event.by,
            **({"approval": event.gate} if event.gate else {}),
        }
        passed = finished(execution.steps[position], Status.SUCCEEDED, now, output=output)
        return Transition(awake(execution.with_step(position, passed), now))
    reason = f": {event.reason}" if event.reason else "."
    return fail(execution, position, Failed(f"Rejected by {event.by}{reason}", final=True), now, resume=True)


def judged(event: VerdictGiven, execution: Execution, now: datetime) -> Transition:
    """Somebody says whether the step in doubt happened."""
    position = execution.position
    if position is None or execution.waiting_for is not WaitingFor.VERDICT:
        return Transition(execution)
    step = execution.steps[position]
    if event.answer == "ran":
        step = finished(step, Status.SUCCEEDED, now, output={"verdict": "ran", "by": event.by})
        return Transition(awake(execution.with_step(position, step), now))
    if event.answer == "run_again":
        again = replace(step, status=Status.PENDING, error=None)
        return Transition(
            awake(_asked_again(execution.with_step(position, again), position, event, now), now)
        )
    failed = Failed(f"It did not run, says {event.by}.", final=True)
    return fail(execution, position, failed, now, resume=True)


def _asked_again(execution: Execution, position: int, event: VerdictGiven, now: datetime) -> Execution:
    """One more attempt is one more than was approved."""
    steps = execution.steps
    gates = [at for at in covering_gates(steps, position) if not covers_retry(steps[at], now)]
    reason = f"{event.by} wants step {steps[position].id} to run again."
    return reopened(execution, gates, reason)


def came(event: LockGranted | CallbackReceived | Answered, execution: Execution, now: datetime) -> Transition:
    """What the execution waited for, unless it does not wait for that any more."""
    if isinstance(event, LockGranted):
        return _granted(execution, now)
    position = execution.position
    if position is None or execution.waiting_for is not WaitingFor.CALLBACK:
        return Transition(execution)
    if isinstance(event, CallbackReceived):
        return _called_back(execution, position, now)
    return _answered(event, execution, position, now)


def _granted(execution: Execution, now: datetime) -> Transition:
    if execution.waiting_for is not WaitingFor.LOCK:
        return Transition(execution)
    return Transition(awake(execution, now))


def _called_back(execution: Execution, position: int, now: datetime) -> Transition:
    """The same attempt of the step goes on, and reads what came."""
    step = execution.steps[position]
    again = replace(step, status=Status.PENDING, attempt=step.attempt - 1)
    return Transition(awake(execution.with_step(position, again), now))


def _answered(event: Answered, execution: Execution, position: int, now: datetime) -> Transition:
    step = execution.steps[position]
    if step.id != event.step_id:
        return Transition(execution)
    if isinstance(event.result, Failed):
        return fail(execution, position, event.result, now, resume=True)
    done = finished(step, Status.SUCCEEDED, now, output=event.result.output)
    return Transition(awake(execution.with_step(position, replace(done, saved=event.result.saved)), now))
