"""Requests for values: answered once, with what that person entered, and with one audit entry."""

from collections.abc import Iterator

from chaos.checker.facts import Facts, Input, by
from chaos.checker.violations import Finding


def values_are_what_was_entered(facts: Facts) -> Iterator[Finding]:
    """An answered request has what the person entered for it, and its step has the same. Any other has no values."""
    for asked in facts.inputs:
        entered = {
            entry.note
            for entry in facts.entries
            if (entry.asked, entry.user) == (asked.id, asked.answered_by)
        }
        note = (asked.values or {}).get("note")
        if (asked.status == "answered") != (asked.values is not None):
            yield asked.execution_id, f"{asked.id} is {asked.status}, with the values {asked.values}."
        elif asked.values is not None and note not in entered:
            yield asked.execution_id, f"{asked.id} has {note!r}, which {asked.answered_by} did not enter."
        elif asked.values is not None and _of_step(facts, asked) != asked.values:
            yield (
                asked.execution_id,
                f"{asked.id} has {asked.values}, but its step has {_of_step(facts, asked)}.",
            )


def _of_step(facts: Facts, asked: Input) -> object:
    output = facts.steps_of[asked.execution_id][asked.position].output
    return output.get("values") if isinstance(output, dict) else None


def accepted_values_count(facts: Facts) -> Iterator[Finding]:
    """Whoever was told that their values count finds them in the request."""
    inputs = {asked.id: asked for asked in facts.inputs}
    for entry in facts.entries:
        found = inputs.get(entry.asked)
        if entry.is_accepted and (found is None or (found.values or {}).get("note") != entry.note):
            yield (
                entry.asked,
                f"{entry.user} was told that {entry.note!r} counts for {entry.asked}, but it does not.",
            )


def answers_are_recorded_once(facts: Facts) -> Iterator[Finding]:
    """An answered request has one entry in the audit trail, by whoever answered and with the values."""
    recorded = [entry for entry in facts.audit if entry.action == "input.answered"]
    for asked in facts.inputs:
        said = [
            (entry.subject, entry.actor, entry.details.get("values"))
            for entry in recorded
            if entry.details.get("input") == asked.id
        ]
        wanted = [(asked.execution_id, asked.answered_by, asked.values)] if asked.status == "answered" else []
        if said != wanted:
            yield asked.execution_id, f"{asked.id} is {asked.status}; the audit trail says {said}."


def open_requests_are_waited_for(facts: Facts) -> Iterator[Finding]:
    """An execution that waits for values has one open request; any other has none."""
    opened = by([asked for asked in facts.inputs if asked.status == "open"], "execution_id")
    for execution in facts.executions:
        if len(opened[execution.id]) != int(execution.waiting_for == "input"):
            how = execution.waiting_for or execution.status
            yield (
                execution.id,
                f"{execution.id} ({how}) has {len(opened[execution.id])} open requests for values.",
            )


def one_message_a_request(facts: Facts) -> Iterator[Finding]:
    """Each request has one message, which has its button while the request is open."""
    for asked in facts.inputs:
        messages = facts.cards[f"input.{asked.id}"]
        if len(messages) != 1:
            yield asked.execution_id, f"{asked.id} has {len(messages)} messages."
        elif ("input.answer" in messages[0].actions) != (asked.status == "open"):
            yield asked.execution_id, f"{asked.id} is {asked.status}, but its message says otherwise."


RULES = (
    values_are_what_was_entered,
    accepted_values_count,
    answers_are_recorded_once,
    open_requests_are_waited_for,
    one_message_a_request,
)
