"""A retry resumes where its run ended, or where an admin chose; finished steps are carried over, not repeated."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from chaos.checker.facts import Execution, Facts, Step, by
from chaos.checker.violations import Finding
from chaos.definitions import APPROVERS

EDGE = timedelta(
    seconds=1
)  # between the clocks of two processes, each of which is synchronised with the database's
DONE = ("succeeded", "skipped")


def _retries(facts: Facts) -> Iterator[tuple[Execution, Execution]]:
    """Yield each retried run with its retry."""
    known = {execution.id: execution for execution in facts.executions}
    for execution in facts.executions:
        if execution.retry_of is not None:
            yield known[execution.retry_of], execution


def one_retry_a_run(facts: Facts) -> Iterator[Finding]:
    for old, retries in by(facts.executions, "retry_of").items():
        if old is not None and len(retries) > 1:
            yield old, f"{old} was retried by {', '.join(each.id for each in retries)}."


def what_did_not_succeed_is_retried(facts: Facts) -> Iterator[Finding]:
    """Only a run that ended without success is retried, with the same version and parameters."""
    for old, new in _retries(facts):
        if old.status not in ("failed", "cancelled", "timed_out"):
            yield new.id, f"{new.id} is a retry of {old.id}, which is {old.status}."
        elif old.finished_at is None or new.created_at < old.finished_at - EDGE:
            yield new.id, f"{new.id}, a retry of {old.id}, was created before that had ended."
        if _what(old) != _what(new):
            yield new.id, f"{new.id}, a retry of {old.id}, differs in its version, definition or parameters."


def _what(execution: Execution) -> tuple[object, ...]:
    return execution.runbook, execution.version, execution.frozen, execution.parameters


def what_is_carried_over_is_not_done_again(facts: Facts) -> Iterator[Finding]:
    """A carried-over step neither calls nor runs, and keeps its state, unless an admin skipped it."""
    for old, new in _retries(facts):
        for before, step in zip(facts.steps_of[old.id], facts.steps_of[new.id], strict=False):
            if step.carried_over and (facts.calls_of[step.key] or facts.traces_of[step.key]):
                yield new.id, f"{step.key} was carried over, but also repeated."
            if step.carried_over and step.status != "skipped" and _stand(step) != _stand(before):
                yield (
                    new.id,
                    f"{step.key} was carried over as {step.status}; {before.key} is {before.status}.",
                )


def _stand(step: Step) -> tuple[object, ...]:
    return step.id, step.status, step.attempt, step.started_at, step.finished_at, step.output


def retries_go_on_where_they_should(facts: Facts) -> Iterator[Finding]:
    """A retry resumes where the audit trail says; without an admin that is the first step that did not succeed.

    A child is retried with its parent, and resumes there, too.
    """
    for old, new in _retries(facts):
        said = [
            entry.details.get("from")
            for entry in facts.audit_of[new.id]
            if entry.action == "runbook_execution.retried"
        ]
        if new.parent is not None:
            said = [_resumed_by_parent(facts, old)]
            if said == [None] and all(step.carried_over for step in facts.body_of(new)):
                continue
        steps = facts.steps_of[new.id]
        begun = next((at for at, step in enumerate(steps) if [step.id] == said), None)
        if begun is None:
            yield new.id, f"The audit trail says that {new.id} resumes at {said}."
            continue
        before, behind = steps[:begun], steps[begun:]
        if not all(step.carried_over or _was_approved(facts, old, step) for step in before):
            yield new.id, f"{new.id} resumes at {said[0]}, but does not carry over every earlier step."
        if any(step.carried_over for step in behind):
            yield new.id, f"{new.id} resumes at {said[0]}, but carries over a later step."
        is_chosen = new.requested_by in APPROVERS or new.parent is not None
        if not is_chosen and said != [_first(facts, old)]:
            yield new.id, f"{new.id} resumes at {said[0]}; {old.id} had ended at {_first(facts, old)}."


def _resumed_by_parent(facts: Facts, old: Execution) -> str | None:
    """Return where a child is retried: nowhere if everything was done when it was cancelled.

    It is retried from its start if a step is in doubt, which an admin has chosen to repeat.
    """
    steps = facts.steps_of[old.id]
    if all(step.status in DONE or _was_passed(facts, old, step) for step in facts.body_of(old)):
        return None
    return steps[0].id if any(step.status == "unknown" for step in steps) else _first(facts, old)


def _was_approved(facts: Facts, old: Execution, step: Step) -> bool:
    """Return whether the gate was approved in the earlier run; it may need approval again if a later step reruns."""
    return step.type == "approval" and facts.steps_of[old.id][step.position].status == "succeeded"


def what_runs_again_is_asked_for_again(facts: Facts) -> Iterator[Finding]:
    """The gates directly before the first repeated step are not carried over: they need approval again."""
    for _, new in _retries(facts):
        steps = facts.steps_of[new.id]
        begun = next(
            (i for i, step in enumerate(steps) if not step.carried_over and step.type != "approval"), 0
        )
        for gate in _covering(steps[:begun]):
            if gate.carried_over and gate.status == "succeeded":
                yield new.id, f"{new.id} continues after {gate.key} on the approval of an earlier run."


def _covering(before: Sequence[Step]) -> Iterator[Step]:
    """Yield the last gate and the gates directly before it."""
    is_met = False
    for step in reversed(before):
        if step.type == "approval":
            is_met = True
            yield step
        elif is_met:
            return


def _first(facts: Facts, old: Execution) -> str | None:
    """Return the id of the step that ended the run: not done, and its failure not tolerated."""
    undone = [step for step in facts.body_of(old) if step.status not in DONE]
    ended = [step for step in undone if not _was_passed(facts, old, step)]
    return next((step.id for step in (*ended, *undone)), None)


def _was_passed(facts: Facts, execution: Execution, step: Step) -> bool:
    passes = facts.definition_of(execution, step).get("on_failure") == "continue"
    return step.status == "failed" and passes


def count(facts: Facts) -> int:
    return sum(1 for _ in _retries(facts))


RULES = (
    one_retry_a_run,
    what_did_not_succeed_is_retried,
    what_is_carried_over_is_not_done_again,
    retries_go_on_where_they_should,
    what_runs_again_is_asked_for_again,
)
