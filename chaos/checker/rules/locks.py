"""A lock has one holder at a time, and passes to the next execution in the queue."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from chaos.checker.facts import Execution, Facts, by
from chaos.checker.violations import Finding


def one_holder_a_lock(facts: Facts) -> Iterator[Finding]:
    """A lock never has two holders: each execution began after the previous one under the lock had ended."""
    for name, users in by(facts.executions, "lock_name").items():
        if name is None:
            continue
        holders = [user.id for user in users if user.holds_lock]
        if len(holders) > 1:
            yield holders[0], f"The lock {name} is held by {', '.join(holders)}."
        ran = sorted((user for user in users if user.started_at), key=_start)
        for first, second in pairwise(ran):
            if first.finished_at is None or first.finished_at > _start(second):
                yield second.id, f"{second.id} began under {name} before {first.id} had ended."


def _start(execution: Execution) -> datetime:
    assert execution.started_at is not None
    return execution.started_at


def nobody_keeps_a_lock(facts: Facts) -> Iterator[Finding]:
    for execution in facts.executions:
        if execution.is_final and execution.holds_lock:
            yield (
                execution.id,
                f"{execution.id} is {execution.status}, but still holds {execution.lock_name}.",
            )


def nobody_waits_for_a_free_lock(facts: Facts) -> Iterator[Finding]:
    held = {execution.lock_name for execution in facts.executions if execution.holds_lock}
    for execution in facts.executions:
        if execution.waiting_for == "lock" and execution.lock_name not in held:
            yield execution.id, f"{execution.id} waits for {execution.lock_name}, which nobody holds."


RULES = (one_holder_a_lock, nobody_keeps_a_lock, nobody_waits_for_a_free_lock)
