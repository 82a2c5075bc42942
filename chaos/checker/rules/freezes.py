"""Nothing starts while its team is frozen, and held runs continue afterwards."""

from collections.abc import Iterator
from itertools import chain

from chaos.checker.facts import Execution, Facts, WorkflowExecution
from chaos.checker.violations import Finding

EDGE = 1.0  # seconds: times are taken when a transaction begins, and a freeze is lifted when one commits
CALLING = 2.0  # seconds between the commit that starts a step and its call
LOST = 40.0  # seconds for which a fault may suspend a worker between the two


def windows(facts: Facts) -> list[tuple[float, float]]:
    """Return the periods from the confirmation of a freeze until shortly before it was lifted."""
    return [
        (facts.froze[each.id], each.lifted_at.timestamp() - EDGE)
        for each in facts.freezes
        if each.id in facts.froze and each.lifted_at is not None
    ]


def no_step_starts_while_frozen(facts: Facts) -> Iterator[Finding]:
    """No step starts during a freeze; one that had started before may finish."""
    for since, until in windows(facts):
        for step in chain(facts.steps, facts.actions):
            if step.attempt and step.started_at and since < step.started_at.timestamp() < until:
                late = step.started_at.timestamp() - since
                yield step.execution_id, f"{step.key} started {late:.1f} s after its team was frozen."


def nothing_is_called_while_frozen(facts: Facts) -> Iterator[Finding]:
    """Nothing is called during a freeze, except by a worker that a fault delayed between its commit and its call.

    A poll that looked before may go on looking.
    """
    looking = {step.key for step in facts.steps if facts.is_poll(step)}
    for since, until in windows(facts):
        for call in facts.calls:
            if call.key in looking and facts.calls_of[call.key][0].at < since + CALLING:
                continue
            late = since + CALLING < call.at < until
            if late and not facts.harmed(call.at - LOST, call.at):
                execution_id = call.key.partition(".")[0]
                yield execution_id, f"{call.key} called {call.at - since:.1f} s after its team was frozen."


def nothing_begins_while_frozen(facts: Facts) -> Iterator[Finding]:
    """No run begins during a freeze; a workflow may begin, but waits."""
    for since, until in windows(facts):
        for execution in facts.executions:
            if since < execution.created_at.timestamp() < until:
                yield execution.id, f"{execution.id} began while its team was frozen."


def held_executions_continue(facts: Facts) -> Iterator[Finding]:
    lasting = [each.id for each in facts.freezes if each.lifted_at is None]
    for freeze_id in lasting:
        yield freeze_id, f"The freeze {freeze_id} was never lifted."
    every: chain[Execution | WorkflowExecution] = chain(facts.executions, facts.workflows)
    for each in every:
        if each.is_frozen and not each.is_final and not lasting:
            yield each.id, f"{each.id} is {each.status} and still held, although no freeze is in force."


def count(facts: Facts) -> int:
    """Return how many freezes there were, plus how many runs overlapped one."""
    lives = [
        (execution.created_at.timestamp(), execution.finished_at.timestamp())
        for execution in facts.executions
        if execution.finished_at is not None
    ]
    return len(facts.freezes) + sum(
        begun < until and ended > since for since, until in windows(facts) for begun, ended in lives
    )


RULES = (
    no_step_starts_while_frozen,
    nothing_is_called_while_frozen,
    nothing_begins_while_frozen,
    held_executions_continue,
)
