"""What a runbook does, for people who are about to run it: its steps in one line each, who approves, and its lock."""

from collections.abc import Iterator

from bot.cards.words import bounded, code, counted, escape, escape_sentence, one_line
from core.decisions.approval_policy import describe_approvers
from core.definitions.runbook import RunbookDefinition
from core.definitions.steps import StepDefinition
from core.steps.approval import ApprovalStep

MOST_STEPS = 30
NAME_LENGTH = 80
MOST_GATES = 5
LOCK_LENGTH = 200


def step_lines(definition: RunbookDefinition) -> list[str]:
    """Return one numbered line for each step, and one for each step at the end."""
    shown = enumerate(definition.steps[:MOST_STEPS], start=1)
    lines = [f"{number}. {_step(step)}" for number, step in shown]
    more = len(definition.steps) - MOST_STEPS
    at_the_end = [f"finally: {_step(step)}" for step in definition.finally_steps]
    return [*lines, *([f"… {more} more"] if more > 0 else []), *at_the_end]


def _step(step: StepDefinition) -> str:
    return f"{bounded(escape(one_line(step.name or step.id)), NAME_LENGTH)} ({escape(step.type)})"


def approval_lines(definition: RunbookDefinition, incident_team: str) -> Iterator[str]:
    """Yield one line for each approval that a run waits for, with how many are needed, and by whom."""
    gates = [step for step in definition.steps if isinstance(step, ApprovalStep)]
    for gate in gates[:MOST_GATES]:
        policy = gate.approvers.policy(definition.team or incident_team)
        who = escape_sentence(describe_approvers(policy))
        needs = (
            f"Needs approval by {who}" if policy.count == 1 else f"Needs {policy.count} approvals by {who}"
        )
        yield f"{needs}, depending on a condition." if gate.condition is not None else f"{needs}."
    if len(gates) > MOST_GATES:
        yield f"… and {counted(len(gates) - MOST_GATES, 'more approval')}."
    if not gates:
        yield "No approval is needed."


def lock_line(definition: RunbookDefinition) -> str:
    """Return the lock as it is written, and what becomes of a run while another one holds it; empty without a lock."""
    if definition.lock is None:
        return ""
    meanwhile = "is refused" if definition.on_conflict == "reject" else "waits for its turn"
    return f"🔒 Lock {code(definition.lock, LOCK_LENGTH)}: while another run holds it, a run {meanwhile}."
