"""Where a retry continues: at the first step that did not succeed, or at one that an admin names.

A retry is a new execution of the same frozen definition. What the old one did is carried over and never done again.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from core.decisions.gates import GATE, asked_again, covering_gates, covers_retry
from core.definitions.problems import nearest, one_of
from core.errors import Conflict, InvalidInput
from core.statuses import Status
from core.values.execution import DONE, Execution, Step


@dataclass(frozen=True, slots=True)
class Resumption:
    """The new execution's first step to run, and the steps before it as carried over.

    `asks`: the positions of gates among them that are asked again, because they had approved steps that run again.
    """

    position: int
    carried: tuple[Step, ...]
    asks: tuple[int, ...] = ()


def resume(execution: Execution, *, from_step: str | None, by: str, now: datetime) -> Resumption:
    """Return where a retry of this execution starts. `from_step`: an admin's choice; `by`: the requester, for the
    record.

    An approval covers one attempt of what it showed, so the gate that covered the first step to run is asked again,
    unless its definition says that it covers retries and it is recent enough. A failed step that the run was allowed to
    pass (`on_failure: continue`) is carried over as it is, because going back to it would repeat the steps after it.

    Raises Conflict if there is nothing to continue, if a step is in doubt and nobody chose where to continue, and if a
    gate that was never approved would be bypassed. Raises InvalidInput for an unknown step.
    """
    _check_ended(execution)
    if from_step is None:
        _check_nothing_in_doubt(execution)
    execution = _without_finally(execution)
    position = _first(execution) if from_step is None else _named(execution, from_step)
    before = execution.steps[:position]
    _check_gates(before)
    asks = tuple(at for at in covering_gates(before, position) if not covers_retry(before[at], now))
    carried = [_carried(step, from_step, by) for step in before]
    for at in asks:
        carried[at] = _new(carried[at], f"{by} retried this run.")
    return Resumption(position, tuple(carried), asks)


def done_whole(execution: Execution) -> tuple[Step, ...] | None:
    """Return the steps of an execution without its finally steps if nothing of them is left to do, otherwise None.

    It did not succeed all the same: it was cancelled as its last step ended.
    """
    steps = _without_finally(execution).steps
    return steps if all(step.status in DONE or _was_passed(step) for step in steps) else None


def _without_finally(execution: Execution) -> Execution:
    """Return the run without its finally steps: a retry runs them anew at its own end."""
    steps = tuple(step for step in execution.steps if not step.policy.in_finally)
    return replace(execution, steps=steps)


def _new(gate: Step, reason: str) -> Step:
    return replace(asked_again(gate, reason), attempt=0, request=None, saved={})


def _check_ended(execution: Execution) -> None:
    if not execution.status.is_final:
        raise Conflict(
            f"This run has not ended: it is {execution.status.value}.",
            hint="Cancel it first, or wait until it ends.",
        )
    if execution.status is Status.SUCCEEDED:
        raise Conflict("This run succeeded: there is nothing to retry.", hint="Run the runbook again.")


def _check_nothing_in_doubt(execution: Execution) -> None:
    doubtful = next((step for step in execution.steps if step.status is Status.UNKNOWN), None)
    if doubtful is None:
        return
    hint = f"A team admin can choose: --from {doubtful.id} runs it again, --from a later step does not."
    if doubtful.policy.in_finally:
        hint = "A team admin can choose a step to continue --from; the finally steps run again at the end."
    sentence = f"Nobody knows whether step {doubtful.id} happened, so it is not repeated automatically."
    raise Conflict(sentence, hint=hint)


def _first(execution: Execution) -> int:
    undone = [i for i, step in enumerate(execution.steps) if step.status not in DONE]
    if not undone:
        raise Conflict("Every step of this run succeeded: there is nothing to retry.")
    return next((i for i in undone if not _was_passed(execution.steps[i])), undone[0])


def _was_passed(step: Step) -> bool:
    return step.status is Status.FAILED and step.policy.continue_on_failure


def _named(execution: Execution, step_id: str) -> int:
    ids = [step.id for step in execution.steps]
    if step_id not in ids:
        close = nearest(step_id, ids)
        hint = f"Did you mean {one_of(close)}?" if close else f"Its steps are {', '.join(ids)}."
        raise InvalidInput(f"This run has no step {step_id}.", hint=hint, field="from")
    return ids.index(step_id)


def _check_gates(before: tuple[Step, ...]) -> None:
    passed_by = next((step.id for step in before if step.type == GATE and step.status not in DONE), None)
    if passed_by is not None:
        raise Conflict(
            f"Step {passed_by} is an approval that was never given, and a retry cannot bypass it.",
            hint=f"Retry from {passed_by}, or from a step before it.",
        )


def _carried(step: Step, from_step: str | None, by: str) -> Step:
    """Return the step as carried over: unchanged if done or passed, otherwise skipped by the admin's choice."""
    if step.status in DONE or _was_passed(step):
        return step
    known = "Nobody knows whether it happened" if step.status is Status.UNKNOWN else "It did not succeed"
    reason = f"{known}; {by} continued from {from_step}."
    return replace(step, status=Status.SKIPPED, output={"reason": reason})
