"""The audit trail has exactly one entry for each request, decision, cancel, verdict and end."""

from collections.abc import Iterator

from chaos.checker.facts import Facts
from chaos.checker.violations import Finding


def _count(facts: Facts, subject: str, action: str) -> int:
    return sum(entry.action == action for entry in facts.audit_of[subject])


def requests_are_recorded(facts: Facts) -> Iterator[Finding]:
    """Each request and each retry has one entry. Nobody requests a child."""
    for execution in facts.executions:
        how = "requested" if execution.retry_of is None else "retried"
        count = _count(facts, execution.id, f"runbook_execution.{how}")
        if count != int(execution.parent is None):
            yield execution.id, f"The request of {execution.id} is in the audit trail {count} times."


def endings_are_recorded(facts: Facts) -> Iterator[Finding]:
    """Each end has one entry, except that of a child that did nothing."""
    for execution in facts.executions:
        said = [
            entry.details.get("status")
            for entry in facts.audit_of[execution.id]
            if entry.action == "runbook_execution.ended"
        ]
        is_idle = execution.parent is not None and all(
            step.carried_over or step.started_at is None for step in facts.steps_of[execution.id]
        )
        if said != ([execution.status] if execution.is_final else []) and not (is_idle and not said):
            yield (
                execution.id,
                f"{execution.id} is {execution.status}; the audit trail records these ends: {said}.",
            )


def decisions_are_recorded(facts: Facts) -> Iterator[Finding]:
    """Each decision has one entry, and each entry one decision."""
    decided = sorted((d.gate_id, d.user, "approved" if d.approved else "rejected") for d in facts.decisions)
    recorded = sorted(
        (entry.subject, entry.actor, entry.action.removeprefix("approval."))
        for entry in facts.audit
        if entry.action in ("approval.approved", "approval.rejected")
    )
    for gate_id, user, word in {*decided, *recorded}:
        counts = [found.count((gate_id, user, word)) for found in (decided, recorded)]
        if counts != [1, 1]:
            how = f"{counts[0]} times, but {counts[1]} times in the audit trail"
            yield gate_id, f"{user} {word} {gate_id} {how}."


def cancels_are_recorded(facts: Facts) -> Iterator[Finding]:
    """A cancelled run has an entry that says who cancelled it, and a run with that entry did not succeed.

    A child may also be cancelled by its parent.
    """
    for execution in facts.executions:
        count = _count(facts, execution.id, "runbook_execution.cancelled")
        if execution.status == "cancelled" and not count and execution.parent is None:
            yield execution.id, f"{execution.id} is cancelled, but the audit trail does not say by whom."
        if count and execution.status not in ("cancelled", "failed"):
            yield execution.id, f"{execution.id} was cancelled, but is {execution.status}."


def verdicts_are_recorded(facts: Facts) -> Iterator[Finding]:
    """A step is asked about once per doubt, and each question gets at most one verdict."""
    for step in facts.steps:
        answers = [
            entry
            for entry in facts.audit_of[step.execution_id]
            if entry.action.startswith("verdict.") and entry.details.get("step") == step.position
        ]
        asked = len(
            [card for card in facts.cards if card.startswith(f"verdict.{step.execution_id}.{step.position}.")]
        )
        if len(answers) > asked:
            yield (
                step.execution_id,
                f"{step.key} was asked about {asked} times, but has {len(answers)} verdicts.",
            )


RULES = (
    requests_are_recorded,
    endings_are_recorded,
    decisions_are_recorded,
    cancels_are_recorded,
    verdicts_are_recorded,
)
