"""Gates: one decision per person, none by an initiator, and none after the gate has closed."""

from collections.abc import Iterator
from datetime import timedelta

from chaos.checker.facts import Facts, Gate, by
from chaos.checker.violations import Finding

COMMITTING = timedelta(
    seconds=2
)  # times are taken when a transaction begins; it may then wait for another one to end


def one_decision_a_person(facts: Facts) -> Iterator[Finding]:
    decided = by(facts.decisions, "gate_id")
    for gate in facts.gates:
        users = [decision.user for decision in decided[gate.id]]
        if len(users) != len(set(users)):
            yield gate.execution_id, f"Somebody decided twice on {gate.id}: {', '.join(users)}."
        if gate.requester in users:
            yield (
                gate.execution_id,
                f"{gate.requester} decided on {gate.id}, although they requested the run.",
            )


def no_initiator_decides(facts: Facts) -> Iterator[Finding]:
    """No stored initiator decides, nor anybody who requested the run, its parent or a run it retries, gave
    `run_again`, or entered values.
    """
    decided = by(facts.decisions, "gate_id")
    for gate in facts.gates:
        wanted = {*gate.initiators, *_initiators_on_record(facts, gate)}
        for decision in decided[gate.id]:
            if decision.user in wanted:
                yield (
                    gate.execution_id,
                    f"{decision.user} decided on {gate.id}, although they are an initiator of its run.",
                )


def _initiators_on_record(facts: Facts, gate: Gate) -> Iterator[str]:
    """Yield the initiators according to the audit trail and the runs, independent of what the gate stored."""
    known = {execution.id: execution for execution in facts.executions}
    run = known.get(gate.execution_id)
    while run is not None:
        yield run.requested_by
        run = known.get(run.retry_of or run.parent or "")
    opened = min((entry.number for entry in facts.audit_of[gate.id]), default=0)
    for entry in facts.audit_of[gate.execution_id]:
        if entry.action in ("verdict.run_again", "input.answered") and entry.number < opened:
            yield entry.actor


def decisions_make_the_status(facts: Facts) -> Iterator[Finding]:
    """One rejection rejects, the required number of approvals approves, and any other gate has neither."""
    decided = by(facts.decisions, "gate_id")
    for gate in facts.gates:
        approvals = sum(decision.approved for decision in decided[gate.id])
        rejections = len(decided[gate.id]) - approvals
        wanted = {
            "approved": approvals == gate.count and rejections == 0,
            "void": approvals == gate.count and rejections == 0,
            "rejected": rejections == 1 and approvals < gate.count,
        }
        if not wanted.get(gate.status, approvals < gate.count and rejections == 0):
            said = f"{approvals} of {gate.count} approvals and {rejections} rejections"
            yield gate.execution_id, f"The gate {gate.id} is {gate.status} with {said}."


def a_rejection_is_the_last_word(facts: Facts) -> Iterator[Finding]:
    """Nobody decides after a rejection, in the order of the audit trail, which is the order of commits."""
    for gate in facts.gates:
        words = [entry.action for entry in sorted(facts.audit_of[gate.id], key=lambda entry: entry.number)]
        if "approval.rejected" in words[:-1]:
            yield gate.execution_id, f"Somebody decided on {gate.id} after it was rejected."


def nothing_is_decided_afterwards(facts: Facts) -> Iterator[Finding]:
    gates = {gate.id: gate for gate in facts.gates}
    for decision in facts.decisions:
        closed_at = gates[decision.gate_id].closed_at
        if closed_at is not None and decision.created_at > closed_at + COMMITTING:
            yield (
                gates[decision.gate_id].execution_id,
                f"{decision.user} decided on {decision.gate_id} after it had closed.",
            )


def open_gates_are_waited_for(facts: Facts) -> Iterator[Finding]:
    """An execution that waits for approval has exactly one open gate; any other has none."""
    opened = by([gate for gate in facts.gates if gate.status == "open"], "execution_id")
    for execution in facts.executions:
        gates = opened[execution.id]
        if len(gates) != int(execution.waiting_for == "approval"):
            how = execution.waiting_for or execution.status
            yield execution.id, f"{execution.id} ({how}) has {len(gates)} open gates."


def nothing_of_a_proposal_is_done_before_its_gate(facts: Facts) -> Iterator[Finding]:
    """What an agent proposes has a gate, and no later step starts before somebody has approved there."""
    gates = by(facts.gates, "execution_id")
    for execution in facts.executions:
        is_proposed = execution.requested_by.startswith("agent:") and execution.parent is None
        if is_proposed and execution.gate is None:
            yield execution.id, f"{execution.id} was proposed by an agent and has no gate for that."
        at = next((step.position for step in facts.body_of(execution) if step.id == execution.gate), None)
        if at is None or execution.retry_of is not None:
            continue
        given = [gate.closed_at for gate in gates[execution.id] if _is_given(gate, at) and gate.closed_at]
        for step in facts.steps_of[execution.id][at + 1 :]:
            if step.started_at is not None and (not given or step.started_at < min(given)):
                yield execution.id, f"{step.key} was done, although nobody had approved the agent's proposal."


def _is_given(gate: Gate, position: int) -> bool:
    return gate.position == position and gate.status in ("approved", "void")


RULES = (
    nothing_of_a_proposal_is_done_before_its_gate,
    one_decision_a_person,
    no_initiator_decides,
    decisions_make_the_status,
    a_rejection_is_the_last_word,
    nothing_is_decided_afterwards,
    open_gates_are_waited_for,
)
