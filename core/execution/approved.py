"""What was approved is what runs: before a step behind a gate acts, it is held against what the gate showed."""

from collections.abc import Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.decisions.execution import Execution, Json, Step
from core.decisions.gates import GATE, covering_gates, known_steps
from core.tables import Approval

from .preparation import Ports
from .prepare import context_of
from .preview import show_step
from .run import Run


def load_approved(session: Session, state: Execution) -> Mapping[str, list[Json]]:
    """What the gates showed that the execution has passed, by the approvals' ids; a run without gates asks nothing.

    Those of an earlier release, which showed nothing, are not among them.
    """
    ids = [found for step in state.steps if (found := approval_of(step)) is not None]
    if not ids:
        return {}
    query = select(Approval.id, Approval.shown).where(Approval.id.in_(ids), Approval.shown.is_not(None))
    return {id_: list(shown or ()) for id_, shown in session.execute(query)}


def approval_of(step: Step) -> str | None:
    """The id of the approval that a gate was passed by."""
    output = step.output if step.type == GATE and isinstance(step.output, dict) else {}
    found = output.get("approval")
    return str(found) if found is not None else None


def why_void(run: Run, position: int, ports: Ports) -> str | None:
    """Why the approval that the step at `position` has does not hold for it, if so."""
    if not run.approved or run.loaded.parts[position].type == GATE:
        return None
    step = run.state.steps[position].id
    for gate, shown in _shown_before(run, position):
        ids = [str(each["step"]) for each in shown if isinstance(each, dict)]
        known = known_steps(run.state.steps, gate, ids)
        now = show_step(run.loaded.parts, position, known, context_of(run, position, ports))
        if now not in shown:
            return f"Step {step} renders otherwise than approved."
    return None


def _shown_before(run: Run, position: int) -> Iterator[tuple[int, list[Json]]]:
    for gate in covering_gates(run.state.steps, position):
        shown = run.approved.get(approval_of(run.state.steps[gate]) or "")
        if shown is not None:
            yield gate, shown
