"""A retry goes on where its run ended, or from where an admin said; what was done is carried over, not done again."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from chaos.checker.facts import Execution, Facts, Step, by
from chaos.checker.violations import Finding
from chaos.definitions import APPROVERS

EDGE = timedelta(
    seconds=1
)  # between the clocks of two processes, each of which asks the database's now and then
DONE = ("succeeded", "skipped")


def _retries(facts: Facts) -> Iterator[tuple[Execution, Execution]]:
    """Each with the one that it is a retry of."""
    known = {execution.id: execution for execution in facts.executions}
    for execution in facts.executions:
        if execution.retry_of is not None:
            yield known[execution.retry_of], execution


def one_retry_a_run(facts: Facts) -> Iterator[Finding]:
    for old, retries in by(facts.executions, "retry_of").items():
        if old is not None and len(retries) > 1:
            yield old, f"{old} was retried by {', '.join(each.id for each in retries)}."


def what_did_not_succeed_is_retried(facts: Facts) -> Iterator[Finding]:
    """Once it has ended; by a run of the same version with the same parameters."""
    for old, new in _retries(facts):
        if old.status not in ("failed", "cancelled", "timed_out"):
            yield new.id, f"{new.id} is a retry of {old.id}, which is {old.status}."
        elif old.finished_at is None or new.created_at < old.finished_at - EDGE:
            yield new.id, f"{new.id} was made before {old.id} had ended, of which it is a retry."
        if _what(old) != _what(new):
            yield new.id, f"{new.id} runs something else than {old.id}, of which it is a retry."


def _what(execution: Execution) -> tuple[object, ...]:
    return execution.runbook, execution.version, execution.frozen, execution.parameters


def what_is_carried_over_is_not_done_again(facts: Facts) -> Iterator[Finding]:
    """Neither called, nor run; and it stands as it stood, unless an admin left it out."""
    for old, new in _retries(facts):
        for before, step in zip(facts.steps_of[old.id], facts.steps_of[new.id], strict=False):
            if step.carried_over and (facts.calls_of[step.key] or facts.traces_of[step.key]):
                yield new.id, f"{step.key} was carried over, and done again."
            if step.carried_over and step.status != "skipped" and _stand(step) != _stand(before):
                yield (
                    new.id,
                    f"{step.key} was carried over as {step.status}; {before.key} is {before.status}.",
                )


def _stand(step: Step) -> tuple[object, ...]:
    return step.id, step.status, step.attempt, step.started_at, step.finished_at, step.output


def retries_go_on_where_they_should(facts: Facts) -> Iterator[Finding]:
    """Where the audit trail says; who is no admin goes on from the first step that did not succeed."""
    for old, new in _retries(facts):
        said = [
            entry.details.get("from")
            for entry in facts.audit_of[new.id]
            if entry.action == "runbook_execution.retried"
        ]
        steps = facts.steps_of[new.id]
        begun = next((at for at, step in enumerate(steps) if [step.id] == said), None)
        if begun is None:
            yield new.id, f"The audit trail says that {new.id} goes on from {said}."
            continue
        before, behind = steps[:begun], steps[begun:]
        if not all(step.carried_over or _was_approved(facts, old, step) for step in before):
            yield new.id, f"{new.id} goes on from {said[0]}, and carries over not all that comes before it."
        if any(step.carried_over for step in behind):
            yield new.id, f"{new.id} goes on from {said[0]}, and carries over what comes later."
        if new.requested_by not in APPROVERS and said != [_first(facts, old)]:
            yield new.id, f"{new.id} goes on from {said[0]}; {old.id} had come to {_first(facts, old)}."


def _was_approved(facts: Facts, old: Execution, step: Step) -> bool:
    """In the earlier run: such a gate may be asked again, also when the run goes on behind it."""
    return step.type == "approval" and facts.steps_of[old.id][step.position].status == "succeeded"


def what_runs_again_is_asked_for_again(facts: Facts) -> Iterator[Finding]:
    """The last gate before it, with those in a row with it, is not carried over."""
    for _, new in _retries(facts):
        steps = facts.steps_of[new.id]
        begun = next(
            (i for i, step in enumerate(steps) if not step.carried_over and step.type != "approval"), 0
        )
        for gate in _covering(steps[:begun]):
            if gate.carried_over and gate.status == "succeeded":
                yield new.id, f"{new.id} goes on behind {gate.key} on the approval of an earlier run."


def _covering(before: Sequence[Step]) -> Iterator[Step]:
    """The last gate, and those that stand in a row with it."""
    is_met = False
    for step in reversed(before):
        if step.type == "approval":
            is_met = True
            yield step
        elif is_met:
            return


def _first(facts: Facts, old: Execution) -> str | None:
    """The step that ended the run: not done, and not passed."""
    undone = [step for step in facts.steps_of[old.id] if step.status not in DONE]
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
