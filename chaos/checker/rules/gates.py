"""One decision a person, one that decides, and none afterwards."""

from collections.abc import Iterator

from chaos.checker.facts import Facts, by
from chaos.checker.violations import Finding


def one_decision_a_person(facts: Facts) -> Iterator[Finding]:
    decided = by(facts.decisions, "gate_id")
    for gate in facts.gates:
        users = [decision.user for decision in decided[gate.id]]
        if len(users) != len(set(users)):
            yield gate.execution_id, f"Somebody decided twice on {gate.id}: {', '.join(users)}."
        if gate.requester in users:
            yield (
                gate.execution_id,
                f"{gate.requester} decided on {gate.id}, which they asked for themselves.",
            )


def decisions_make_the_status(facts: Facts) -> Iterator[Finding]:
    """Rejected by one rejection, approved by as many approvals as it takes, otherwise by neither."""
    decided = by(facts.decisions, "gate_id")
    for gate in facts.gates:
        approvals = sum(decision.approved for decision in decided[gate.id])
        rejections = len(decided[gate.id]) - approvals
        wanted = {
            "approved": approvals == gate.count and rejections == 0,
            "rejected": rejections == 1 and approvals < gate.count,
        }
        if not wanted.get(gate.status, approvals < gate.count and rejections == 0):
            said = f"{approvals} approvals of {gate.count} and {rejections} rejections"
            yield gate.execution_id, f"The gate {gate.id} is {gate.status} by {said}."


def nothing_is_decided_afterwards(facts: Facts) -> Iterator[Finding]:
    gates = {gate.id: gate for gate in facts.gates}
    for decision in facts.decisions:
        closed_at = gates[decision.gate_id].closed_at
        if closed_at is not None and decision.created_at > closed_at:
            yield (
                gates[decision.gate_id].execution_id,
                f"{decision.user} decided on {decision.gate_id} once closed.",
            )


def open_gates_are_waited_for(facts: Facts) -> Iterator[Finding]:
    """An execution that waits for approval has exactly one open gate, any other none."""
    opened = by([gate for gate in facts.gates if gate.status == "open"], "execution_id")
    for execution in facts.executions:
        gates = opened[execution.id]
        if len(gates) != int(execution.waiting_for == "approval"):
            how = execution.waiting_for or execution.status
            yield execution.id, f"{execution.id} ({how}) has {len(gates)} open gates."


RULES = (
    one_decision_a_person,
    decisions_make_the_status,
    nothing_is_decided_afterwards,
    open_gates_are_waited_for,
)
